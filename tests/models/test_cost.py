import keras
import numpy as np
import pytest
import tensorflow as tf

from imgcls.models import InputLayers, build_model, describe
from imgcls.models.__main__ import Options, main
from imgcls.models.receptive_field import ReceptiveField


def test_the_receptive_field_of_a_vgg_by_hand():
    field = {row.name: row.fields[0] for row in describe("vgg16").layers if row.fields}
    assert [(field[name].size, field[name].stride) for name in ("stage1_2_conv", "stage1_pool", "stage5_pool")] == [
        (5, 1),
        (6, 2),
        (212, 32),  # Araujo et al., Computing Receptive Fields of Convolutional Neural Networks, 2019
    ]
    assert field["stage5_pool"].position == 15.5


def test_a_strided_layer_moves_the_centre():
    assert ReceptiveField().through(3, 2, before=0) == ReceptiveField(0, 2, 2)
    assert ReceptiveField().through(3, 2, before=1).position == 0


@pytest.mark.parametrize(
    ("name", "size", "layer", "exact"),  # exact: no maximum chooses among what is seen
    [
        ("resnet18", 64, "stage2_block1", False),
        ("resnet20", 32, "stage2_block2", True),
        ("mobilenet_v2_035", 64, "stage3_block1_project_norm", True),
        ("googlenet", 64, "module_3a", False),
        ("inception_v3", 151, "mixed4", False),
        ("nin", 32, "block2_pool", False),
        ("xception", 79, "block2", False),
    ],
)
@pytest.mark.thorough
def test_a_position_sees_the_pixels_of_its_receptive_field_and_no_others(name, size, layer, exact):
    """Seen is what the gradient reaches. All kernels are positive, so nothing cancels."""
    scaled = InputLayers(mean=(0.0,), std=(255.0,))
    model = build_model(name, (size, size, 3), num_classes=2, activation="linear", input_layers=scaled)
    for variable in model.trainable_variables:
        if "kernel" in variable.name:
            variable.assign(np.full(variable.shape, 1 / np.prod(variable.shape[:-1])))
    part = keras.Model(model.input, model.get_layer(layer).output)
    row = next(row for row in describe(name, (size, size, 3), 2).layers if row.name == layer)
    height, width, _ = row.shape
    at = (height // 2, width // 2)
    pixels = tf.random.stateless_uniform((1, size, size, 3), seed=(0, 0))  # so that each maximum has one place
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        value = tf.reduce_sum(part(pixels)[0, at[0], at[1]])
    reached = np.abs(tape.gradient(value, pixels).numpy()[0]).sum(-1) > 0
    for axis, field in enumerate(row.fields):
        seen = np.flatnonzero(reached.any(axis=1 - axis))
        first, last = (
            max(field.first + at[axis] * field.stride, 0),
            min(field.last + at[axis] * field.stride, size - 1),
        )
        assert first <= seen[0]
        assert seen[-1] <= last
        if exact:
            assert (seen[0], seen[-1]) == (first, last)


def test_images_that_are_too_small_are_named():
    with pytest.raises(ValueError, match="too small"):
        describe("inception_v3", (32, 32, 3))


def test_the_list_names_every_architecture(capsys):
    assert main(Options()) == 0
    printed = capsys.readouterr().out
    assert "resnet50   " in printed
    assert "25,557,032" in printed
    assert "74.9 %" in printed


def test_one_architecture_layer_by_layer(capsys):
    assert main(Options("show", "vgg16", image_size=64, num_classes=10)) == 0
    printed = capsys.readouterr().out
    assert "stage5_pool max pooling 2x2 2x2x512 212 15.5 32" in " ".join(printed.split())
    assert "vgg16 at 64x64x3: 39,929,674 trainable parameters" in printed


@pytest.mark.parametrize(("options", "message"), [(("show",), "Which"), (("list", "vgg16"), "show vgg16")])
def test_half_a_command(options, message):
    with pytest.raises(ValueError, match=message):
        main(Options(*options))


APPLIED = """
from keras import layers
from imgcls.models import architecture

class Own(layers.Layer):
    def call(self, x):
        return x

@architecture("{name}", image_size=32)
def network(net, x):
    if {applied}:
        x = net.apply(layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False, name="conv"), x)
        x = net.apply(layers.BatchNormalization(name="norm"), x)
        x = net.apply(layers.ReLU(name="relu"), x)
        x = net.apply(layers.DepthwiseConv2D(3, padding="valid", use_bias=False, name="depthwise"), x)
        x = net.apply(layers.MaxPooling2D(2, name="pool"), x)
        y = net.apply(layers.Conv2D(8, 1, use_bias=False, name="branch"), x)
        x = net.apply(layers.Add(name="sum"), [x, y])
        x = net.apply({more}, x)
    else:
        x = net.conv(x, 8, 3, 2, name="conv")
        x = net.norm(x, name="norm")
        x = net.act(x, name="relu")
        x = net.depthwise(x, 3, name="depthwise", padding="valid")
        x = net.max_pool(x, 2, 2, name="pool")
        x = net.add(x, net.conv(x, 8, 1, name="branch"), name="sum")
        x = net.act(x, name="last")
    return x
"""


def test_layers_of_keras_cost_and_see_what_the_same_ones_of_the_wiring_do(tmp_path):
    described = []
    for applied in (True, False):
        file = tmp_path / f"net_{applied}.py"
        file.write_text(APPLIED.format(name=f"applied_{applied}", applied=applied, more='layers.ReLU(name="last")'))
        rows = describe(str(file), num_classes=5).layers
        described.append([(row.name, row.shape, row.parameters, row.macs, row.fields) for row in rows])
    assert described[0] == described[1]


def test_a_layer_that_no_formula_is_known_of_is_said_to_be_unknown(tmp_path, capsys):
    (tmp_path / "net.py").write_text(APPLIED.format(name="with_unknown", applied=True, more='Own(name="own")'))
    assert main(Options("show", str(tmp_path / "net.py"))) == 0
    printed = capsys.readouterr().out
    assert "own Own 7x7x8 unknown unknown" in " ".join(printed.split())
    assert "at least " in printed
    assert "Unknown: what own costs and sees" in printed


@pytest.mark.parametrize(
    ("layer", "macs", "size"),
    [
        (keras.layers.SeparableConv2D(4, 3, padding="same", name="a"), 16 * 16 * (9 * 3 + 3 * 4), 3),
        (keras.layers.Conv2D(4, 3, dilation_rate=2, name="a"), 12 * 12 * 9 * 3 * 4, 5),
        (keras.layers.Conv2D(6, 3, groups=3, name="a"), 14 * 14 * 9 * 6, 3),
        (keras.layers.Dense(7, name="a"), 16 * 16 * 3 * 7, 1),
        (keras.layers.LayerNormalization(axis=(1, 2, 3), name="a"), 0, None),
        (keras.layers.LayerNormalization(name="a"), 0, 1),
        (keras.layers.ZeroPadding2D(2, name="a"), 0, 1),
        (keras.Sequential([keras.layers.Conv2D(4, 3), keras.layers.Conv2D(4, 3)], name="a"),
         14 * 14 * 9 * 3 * 4 + 12 * 12 * 9 * 4 * 4, 5),
    ],
)  # fmt: skip
def test_an_applied_layer_is_counted_by_hand(layer, macs, size):
    from imgcls.models.cost import CostWiring, SymbolicTensor

    net = CostWiring()
    net.apply(layer, SymbolicTensor((16, 16, 3), (ReceptiveField(), ReceptiveField())))
    (row,) = net.layers
    assert row.macs == macs
    assert (row.fields and row.fields[0].size) == size
