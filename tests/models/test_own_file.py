"""A network of the user's own, in a file."""

import re

import pytest

from imgcls.models import build_model, find_architecture, load_model
from imgcls.models.own_file import try_out

OWN = """
from imgcls.models import architecture

@architecture("own_net", image_size=32)
def own_net(net, x):
    for stage, filters in enumerate((8, 16), start=1):
        x = net.conv_norm_act(x, filters, 3, strides=2, name=f"stage{stage}")
    return x
"""

OWN_LAYER = """
import keras
from imgcls.models import architecture

class Halved(keras.layers.Layer):
    def call(self, x):
        return x / 2

@architecture("own_layer_net", image_size=32)
def own_layer_net(net, x):
    x = net.conv_norm_act(x, 4, 3, strides=2, name="stage1")
    return net.apply(Halved(name="halved"), x)
"""


def function(*lines: str, head: str = '@architecture("mistaken", image_size=32)') -> str:
    """A file whose function begins in line 3, so that the first of `lines` is line 5."""
    body = "\n".join(f"    {line}" for line in lines)
    return f"from imgcls.models import architecture\n\n{head}\ndef mistaken(net, x):\n{body}\n"


CONV = 'x = net.conv_norm_act(x, 8, 3, strides=2, name="one")'
MISTAKES = {  # file -> line and what is said
    "x = 1": (None, r'adds no architecture. Put @architecture\("my_net", image_size=32\)'),
    "x = ": (1, "invalid syntax"),
    "import nothing_of_the_kind": (1, "ModuleNotFoundError: No module named 'nothing_of_the_kind'"),
    "\n\nraise SystemExit(3)": (3, "SystemExit: 3"),
    function(CONV): (3, "mistaken returns nothing; expected what a method of net gave. End it with `return x`"),
    function(CONV, "return 5"): (3, "mistaken returns a int; expected"),
    function("return x", head="@architecture"): (3, "@architecture needs a name and the size of the images"),
    function("return x", head='@architecture("mistaken")'): (3, "@architecture needs a name and the size"),
    function("return x", head='@architecture("mistaken", image_size=32, colour=1)'): (3, "has no field 'colour'"),
    function("return x", head='@architecture("resnet18", image_size=32)'): (3, "'resnet18' exists already"),
    function(CONV, "x = net.conv2d(x, 8, 3)", "return x"): (6, r"no method 'conv2d'. Did you mean net.conv\? It has"),
    function(CONV, CONV, "return x"): (6, "Two layers are called 'one_conv'; each needs a name of its own"),
    function("y = net.conv(x, 8, 3, 2, name='a')", "return net.add(x, y, name='b')"): (6, "b adds 32x32x3 and 16x16x8"),
    function("x = net.flatten(x, name='a')", CONV, "return x"): (6, "one_conv got 3072; expected a feature map"),
    function("x = net.dense(x, 5, name='a')", "return x"): (5, "a got a feature map, 32x32x3; expected a vector"),
    function(CONV, "x = net.max_pool(x, 40, 1, name='p')", "return x"): (6, "p slides a kernel of 40 over 16"),
    function(CONV, "return z"): (6, "NameError: name 'z' is not defined"),
    function("return x + 1"): (5, r"x is used without net here, .* Use net.apply\(layer, x\)"),
    function("return net.conv(x, 8, 3)"): (5, r"TypeError: net.conv\(\) missing 1 required keyword-only argument"),
}  # fmt: skip


def test_a_file_adds_an_architecture_with_everything(tmp_path, command):
    (tmp_path / "own.py").write_text(OWN)
    assert find_architecture(str(tmp_path / "own.py")).name == "own_net"
    model = build_model(str(tmp_path / "own.py"), num_classes=5)
    assert model.name == "own_net"
    shown = command("models.__main__", "show", tmp_path / "own.py", "--num-classes", 5)
    assert f"{sum(w.numpy().size for w in model.trainable_weights):,} trainable parameters" in shown.out


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"No file at .*own\.py"):
        find_architecture(str(tmp_path / "own.py"))


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_in_a_file_is_one_sentence_with_its_line(tmp_path, command, text):
    line, said = MISTAKES[text]
    file = tmp_path / "own.py"
    file.write_text(text)
    result = command("models.__main__", "show", file)
    assert result.code == 2
    assert len(result.err.splitlines()) == 1
    place = f"{file}, line {line}: " if line else f"{file} "
    assert result.err.startswith(f"error: {place}")
    assert re.search(said, result.err)


@pytest.mark.parametrize(
    ("body", "line", "said"),
    [
        ((CONV, CONV, "return x"), 6, "Two layers are called 'one_conv'"),
        (("y = net.conv(x, 8, 3, 2, name='a')", "return net.add(x, y, name='b')"), 6, "b adds 32x32x3 and 16x16x8"),
        (("import keras", "return net.apply(keras.layers.Conv1D(3, 1, name='a'), x)"), 6, "ernel"),
        (("return x.no_such_thing",), 5, "x is used without net here"),
    ],
)
def test_training_finds_a_mistake_before_an_image_is_opened(
    tmp_path, command, monkeypatch, no_data_is_read, body, line, said
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(function(*body))
    result = command("train", "--model", "own.py")
    assert result.code == 2
    assert re.search(rf"^error: {tmp_path}/own.py, line {line}: .*{said}", result.err)
    assert "\n" not in result.err.strip()
    assert not (tmp_path / "runs").exists()


def test_a_layer_that_is_made_without_net_is_no_mistake(tmp_path):
    body = ("import keras", CONV, "return keras.layers.ReLU()(x)")
    (tmp_path / "own.py").write_text(function(*body))
    try_out(str(tmp_path / "own.py"), 32, 3)


def test_a_changed_file_is_another_network_though_it_has_the_name(tmp_path):
    file = tmp_path / "own.py"
    file.write_text(OWN.replace("own_net", "changing_net"))
    find_architecture(str(file))
    (tmp_path / "copy.py").write_text(file.read_text())
    file.write_text(file.read_text().replace("(8, 16)", "(8, 24)"))
    assert build_model(str(file), num_classes=2).get_layer("embedding").output.shape[-1] == 24
    assert build_model(str(tmp_path / "copy.py"), num_classes=2).get_layer("embedding").output.shape[-1] == 16


def test_a_file_with_two_networks_gives_the_last_and_can_be_changed(tmp_path):
    file = tmp_path / "own.py"
    file.write_text(OWN.replace("own_net", "first_of_two") + OWN.replace("own_net", "last_of_two"))
    assert find_architecture(str(file)).name == "last_of_two"
    assert build_model("first_of_two", num_classes=2).name == "first_of_two"
    file.write_text(file.read_text().replace("(8, 16)", "(8, 24)"))
    assert find_architecture(str(file)).name == "last_of_two"
    assert build_model("first_of_two", num_classes=2).get_layer("embedding").output.shape[-1] == 24
    file.write_text("broken = ")
    with pytest.raises(ValueError, match="line 1: invalid syntax"):
        find_architecture(str(file))
    assert find_architecture("first_of_two").name == "first_of_two"


def test_a_layer_of_the_users_own_is_found_beside_the_model(tmp_path):
    (tmp_path / "network.py").write_text(OWN_LAYER)
    build_model(str(tmp_path / "network.py"), num_classes=2).save(tmp_path / "model.keras")
    assert load_model(tmp_path / "model.keras").get_layer("halved").output.shape == (None, 16, 16, 4)
    (tmp_path / "network.py").unlink()
    with pytest.raises(ValueError, match="is no classifier that imgcls saved"):
        load_model(tmp_path / "model.keras")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "swin_tiny",
            "there is none of its family: .* --model my_net.py, which takes each Keras layer by net.apply",
        ),
        ("vit_b16", "Did you mean 'vit_"),
        ("maxvit_t", "there is none of its family"),
        ("res2net50", "there is none of its family"),
        ("efficientnetb3", "Did you mean 'efficientnet_b3'?"),
        ("resnext50", "Did you mean 'resnext50_32x4d'?"),
        ("resent50", "Did you mean 'resnet50'?"),
        ("mobilenet-v5", "Did you mean 'mobilenet_v"),
    ],
)
def test_a_hint_names_only_a_network_of_the_same_family(name, said):
    with pytest.raises(ValueError, match=said):
        find_architecture(name)
