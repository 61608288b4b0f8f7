import pytest

from imgcls.explain.large_photo.one_pass import OnePass
from imgcls.explain.large_photo.sliding_plan import sliding_plan
from imgcls.explain.network import Network
from imgcls.models import build_model


@pytest.mark.parametrize("name", ["resnet20", "densenet_bc_100_12", "vgg11"])
def test_a_cut_is_where_nothing_else_goes_on(name):
    network = Network(build_model(name, (32, 32, 3), num_classes=2))
    found = OnePass(network, sliding_plan(network), 10**9)._cuts
    names = [cut.layer for cut in found]
    if name == "resnet20":  # never within a block, whose shortcut goes past it
        assert "stage1_block1" in names
        assert "stage1_block1_1" not in names
    last = OnePass(network, sliding_plan(network), 10**9)._last
    assert found[-1].positions == tuple(last.shape[1:3])
    assert found[-1].after == 0
    assert [cut.before for cut in found] == sorted(cut.before for cut in found)
    assert [cut.after for cut in found] == sorted((cut.after for cut in found), reverse=True)
