import pytest

from imgcls.explain.network import Network
from imgcls.explain.units.layers import layers_low_to_high
from imgcls.models import build_model


@pytest.fixture(scope="module")
def resnet():
    return Network(build_model("resnet20", (28, 28, 1), num_classes=10))


def test_the_last_map_of_each_resolution_behind_its_activation(resnet):
    assert layers_low_to_high(resnet, 3) == ["stage1_block3", "stage2_block3", "stage3_block3"]
    assert layers_low_to_high(resnet) == ["stem", "stage1_block3", "stage2_block3", "stage3_block3"]
    assert layers_low_to_high(resnet, 1) == ["stage3_block3"]


@pytest.mark.parametrize("count", [2, 5, 8, 12])
def test_any_number_rises_to_the_end(resnet, count):
    names = [each.name for each in resnet.maps]
    chosen = layers_low_to_high(resnet, count)
    places = [names.index(each) for each in chosen]
    assert len(chosen) == count
    assert places == sorted(set(places))
    assert chosen[-1] == "stage3_block3"


def test_more_than_there_are_gives_all(resnet):
    assert 12 < len(layers_low_to_high(resnet, 1000)) < len(resnet.maps)


def test_none_without_feature_maps():
    assert layers_low_to_high(Network(build_model("mlp", (28, 28, 1), num_classes=3))) == []


def test_a_count_of_none_is_refused(resnet):
    with pytest.raises(ValueError, match="expected at least 1"):
        layers_low_to_high(resnet, 0)
