import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from skimage import data

from imgcls.data.augmentation import layer_function as function_module
from imgcls.data.augmentation.layer_classes import REFUSED, layer_names
from imgcls.data.augmentation.layer_function import LayerFunction, layer_function, try_layers
from tests.data.augmentation.named_layers import FIXED, NEVER, NO_CHANGE, WORKING, text_of

SIZE = 32
SHAPE = (SIZE, SIZE, 3)
CAT = tf.constant(data.chelsea()[100 : 100 + SIZE, 140 : 140 + SIZE], tf.float32)
DRAWS = 12


def changed(layer: LayerFunction, position: int) -> np.ndarray:
    return layer(CAT, tf.constant([5, position], tf.int64)).numpy()


def in_parallel(layer: LayerFunction, order: list[int]) -> np.ndarray:
    """The images of positions, made by several threads inside of a tf.data map."""
    positions = tf.data.Dataset.from_tensor_slices(tf.constant(order, tf.int64))
    made = positions.map(lambda i: layer(CAT, tf.stack([tf.constant(5, tf.int64), i])), num_parallel_calls=4)
    return np.concatenate(list(made.batch(5).as_numpy_iterator()))


LONG = ("keras_cv.RandAugment", "keras.RandAugment")  # seconds of tracing; the steps of both are asked one by one


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n in LONG else n for n in WORKING])
@pytest.mark.thorough
def test_an_image_depends_on_the_seed_and_the_position_alone(name):
    layer = LayerFunction(text_of(name, SIZE))
    try_layers([layer], SHAPE)
    order = [7, 2, 11, 0, 3, 3, 9, 1, 10, 4, 8, 6, 5]
    together = in_parallel(layer, order)
    again = in_parallel(LayerFunction(text_of(name, SIZE)), sorted(order))
    for place, position in enumerate(order):
        assert np.array_equal(together[place], again[sorted(order).index(position)])
    assert np.allclose(together[0], changed(layer, 7), atol=0.01)  # gray levels; the order of sums is another one
    assert together.shape == (len(order), *SHAPE)
    assert np.abs(together - CAT).max() > 1
    different = len({image.tobytes() for image in together})
    assert different == 1 if name.split(".")[1] in FIXED or name == "keras_cv.Solarization" else different > 1


def test_every_layer_of_both_packages_was_tried():
    tried = set(WORKING) | set(NO_CHANGE) | set(NEVER)
    assert {f"{package}.{name}" for package in ("keras_cv", "keras") for name in layer_names(package)} == tried


def test_the_guide_lists_every_layer():
    guide = (Path(__file__).parents[3] / "docs" / "guides" / "augmentation.md").read_text("utf-8")
    listed = set(re.findall(r"`(keras(?:_cv)?\.\w+)", guide))
    assert {*WORKING, *NO_CHANGE, *NEVER} <= listed
    assert {f"keras_cv.{name}" for name in REFUSED if name != "MaxNumBoundingBoxes"} <= listed


def test_gray_levels_stay_gray_levels():
    """keras-cv's own layer takes images in [0, 1], and makes every other one white."""
    compressed = changed(layer_function("keras_cv.RandomJpegQuality((70, 90))"), 0)
    assert np.abs(compressed - CAT).mean() < 15
    inside = changed(layer_function("keras_cv.RandomApply(keras_cv.RandomJpegQuality((70, 90)), rate=1.0)"), 0)
    assert np.abs(inside - CAT).mean() < 15


def test_each_turn_of_a_loop_draws_anew():
    """AugMix draws the operations of a chain in a loop."""
    chained = layer_function("keras_cv.AugMix(num_chains=1, chain_depth=[3, 3])")
    assert len({changed(chained, position).tobytes() for position in range(8)}) > 6


def test_what_is_drawn_is_spread_as_the_layer_says():
    flips = layer_function("keras_cv.RandomFlip")
    flipped = [np.array_equal(changed(flips, position), CAT[:, ::-1]) for position in range(200)]
    assert 0.4 < np.mean(flipped) < 0.6
    light = layer_function("keras.RandomBrightness(factor=0.2)")
    means = np.array([changed(light, position).mean() for position in range(200)]) - CAT.numpy().mean()
    assert abs(means.mean()) < 5
    assert 25 < means.std() < 33  # uniform to 51 gray levels on either side


def test_layers_one_after_the_other_draw_apart():
    seeds = [tf.constant([number, 3], tf.int64) for number in (0, 1)]
    hue = layer_function("keras.RandomHue(factor=0.5)")
    assert not np.array_equal(hue(CAT, seeds[0]), hue(CAT, seeds[1]))


@pytest.mark.parametrize("name", NO_CHANGE)
def test_a_layer_of_the_images_size_changes_nothing(name):
    layer = LayerFunction(text_of(name, SIZE))
    try_layers([layer], SHAPE)
    assert np.allclose(changed(layer, 0), CAT, atol=1e-3)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (text_of("keras_cv.RandomAspectRatio", SIZE), "it gives images of other sizes"),
        (text_of("keras_cv.Rescaling", SIZE), "leaves nothing of an image"),
        ("keras.AugMix", "draws with Python's random, once for the whole graph"),
        ("keras.RandomCrop(20, 20)", "makes images of 20 by 20 by 3 from images of 32 by 32 by 3"),
        ("keras_cv.ChannelShuffle(groups=2)", "divisible by the number of groups"),
        ("keras_cv.GridMask(fill_mode='gaussian_noise')", "has no attribute 'random_normal'"),
    ],
)
def test_a_layer_that_cannot_be_used_is_refused_when_it_is_tried(text, says):
    with pytest.raises(ValueError, match=text.partition("(")[0]) as caught:
        try_layers([layer_function(text)], SHAPE)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_layer_of_colors_says_what_to_do_with_gray_images():
    with pytest.raises(ValueError, match="Grayscale images have one channel; --color rgb gives them three"):
        try_layers([layer_function("keras_cv.RandAugment")], (SIZE, SIZE, 1))


def test_a_refused_layer_leaves_nothing_behind():
    with pytest.raises(ValueError, match="keras_cv"):
        try_layers([LayerFunction("keras_cv.RandomChoice([keras_cv.RandomHue(0.2)])")], (SIZE, SIZE, 1))
    with tf.distribute.OneDeviceStrategy("/cpu:0").scope():
        assert tf.Variable(1.0).numpy() == 1


class Counting(keras.layers.Layer):
    """Draws from a state that nothing here knows."""

    def __init__(self):
        super().__init__()
        self.calls = tf.Variable(0.0)

    def call(self, image):
        return image + self.calls.assign_add(1.0)


class Endless(keras.layers.Layer):
    def call(self, image):
        return image * (tf.reduce_max(image) / tf.reduce_max(image))


@pytest.mark.parametrize(
    ("layer", "says"),
    [
        (Counting, "does not give the same image again: it draws from a state (AssignAddVariableOp)"),
        (Endless, "makes numbers that are not finite (NaN) of an image of one color"),
    ],
)
def test_a_layer_that_would_spoil_a_run_is_refused(layer, says, monkeypatch):
    made = layer()  # before the patch, as no package has it
    monkeypatch.setattr(function_module, "make_layer", lambda named: made)
    with pytest.raises(ValueError, match=r"keras\.RandomHue") as caught:
        try_layers([LayerFunction("keras.RandomHue(0.2)")], SHAPE)
    assert says in str(caught.value)


def test_the_precision_of_the_network_changes_no_pixel():
    text = text_of("keras_cv.RandomColorJitter", SIZE)  # which makes four layers of its own
    expected = changed(LayerFunction(text), 4)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        assert np.array_equal(changed(LayerFunction(text), 4), expected)
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy(before)


@pytest.mark.thorough
def test_keras_cv_is_imported_where_a_layer_of_it_is_named_and_asks_no_network():
    program = """
import socket, sys
def refuse(*arguments): raise OSError("no network")
socket.socket.connect = socket.getaddrinfo = refuse
import imgcls, imgcls.training.run, imgcls.workflow.train, imgcls.serving.predictor
from imgcls.data.augmentation.layer_function import layer_function
layer_function("keras.RandomFlip").traced((8, 8, 3))
assert "keras_cv" not in sys.modules
layer_function("keras_cv.RandAugment").traced((8, 8, 3))
assert "keras_cv" in sys.modules
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
