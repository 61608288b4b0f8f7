"""A network of the user's own, in a file."""

import pytest

from imgcls.models import build_model, find_architecture

OWN = """
from imgcls.models import architecture

@architecture("own_net", image_size=32)
def own_net(net, x):
    for stage, filters in enumerate((8, 16), start=1):
        x = net.conv_norm_act(x, filters, 3, strides=2, name=f"stage{stage}")
    return x
"""


def test_a_file_adds_an_architecture_with_everything(tmp_path, command):
    (tmp_path / "own.py").write_text(OWN)
    assert find_architecture(str(tmp_path / "own.py")).name == "own_net"
    model = build_model(str(tmp_path / "own.py"), num_classes=5)
    assert model.name == "own_net"
    shown = command("models.__main__", "show", tmp_path / "own.py", "--num-classes", 5)
    assert f"{sum(w.numpy().size for w in model.trainable_weights):,} trainable parameters" in shown.out


@pytest.mark.parametrize(
    ("text", "said"), [("x = 1", "adds no architecture"), ("x = ", "does not run: SyntaxError"), (None, "No file at")]
)
def test_a_file_that_adds_none_is_refused(tmp_path, text, said):
    if text is not None:
        (tmp_path / "own.py").write_text(text)
    with pytest.raises((ValueError, FileNotFoundError), match=said):
        find_architecture(str(tmp_path / "own.py"))
