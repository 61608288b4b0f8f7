import keras
import numpy as np
import pytest
import tensorflow as tf

from imgcls.models import build_model, describe
from imgcls.models.__main__ import Options, main
from imgcls.models.sketch import ReceptiveField


def test_the_receptive_field_of_a_vgg_by_hand():
    field = {row.name: row.fields[0] for row in describe("vgg16").rows if row.fields}
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
def test_a_position_sees_the_pixels_of_its_receptive_field_and_no_others(name, size, layer, exact):
    """Seen is what the gradient reaches. All kernels are positive, so nothing cancels."""
    model = build_model(name, (size, size, 3), num_classes=2, activation="linear", mean=(0.0,), std=(255.0,))
    for variable in model.trainable_variables:
        if "kernel" in variable.name:
            variable.assign(np.full(variable.shape, 1 / np.prod(variable.shape[:-1])))
    part = keras.Model(model.input, model.get_layer(layer).output)
    row = next(row for row in describe(name, (size, size, 3), 2).rows if row.name == layer)
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
