"""Convolutions in groups: the same numbers and gradients as group by group, wherever they are computed."""

import itertools
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from imgcls import layers
from imgcls.layers import grouped_convolution

SIZE, CHANNELS, GROUPS, FILTERS = 9, 12, 3, 24
UNKNOWN = (None, SIZE, SIZE, CHANNELS)
MODES = ("eager", "graph", "xla")
WITHOUT_ONEDNN = """
from tests.layers import test_grouped_convolution as here
from imgcls.layers.grouped_convolution import has_gradients
assert not has_gradients("float32", "channels_last")
for case in here.cases():
    here.check(*case)
here.check_fused()
print("all agree")
"""


def cases():
    return list(itertools.product(MODES, ("channels_last", "channels_first"), ("float32", "bfloat16"), (1, 2)))


def named(case) -> str:
    return "-".join(map(str, case))


def layer_and_images(data_format: str, dtype: str, strides: int):
    """A layer with a bias, and images in channels_last."""
    keras.utils.set_random_seed(0)
    layer = layers.Conv2D(FILTERS, 3, strides, "same", data_format=data_format, groups=GROUPS, dtype=dtype)
    layer.build(tuple(UNKNOWN[axis] for axis in ((0, 1, 2, 3) if data_format == "channels_last" else (0, 3, 1, 2))))
    layer.bias.assign(np.linspace(-1, 1, FILTERS))
    return layer, tf.cast(tf.random.stateless_normal((4, SIZE, SIZE, CHANNELS), (1, 2)), dtype)


def group_by_group(layer: layers.Conv2D, images: tf.Tensor, strides: int) -> tf.Tensor:
    parts = zip(tf.split(images, GROUPS, -1), tf.split(layer.kernel.value, GROUPS, -1), strict=True)
    maps = tf.concat([tf.nn.conv2d(part, tf.cast(kernel, "float32"), strides, "SAME") for part, kernel in parts], -1)
    return maps + tf.cast(layer.bias.value, "float32")


def with_gradients(compute, layer: layers.Conv2D, images: tf.Tensor) -> list[tf.Tensor]:
    """Outputs, and the gradients of a loss by images, kernel and bias."""
    with tf.GradientTape() as tape:
        tape.watch(images)
        outputs = compute(images)
        loss = tf.reduce_sum(tf.cast(outputs, "float32") ** 2)
    return [outputs, *tape.gradient(loss, [images, layer.kernel.value, layer.bias.value])]


def check(mode: str, data_format: str, dtype: str, strides: int) -> None:
    layer, images = layer_and_images(data_format, dtype, strides)

    def ours(images: tf.Tensor) -> tf.Tensor:
        if data_format == "channels_last":
            return layer(images)
        return tf.transpose(layer(tf.transpose(images, (0, 3, 1, 2))), (0, 2, 3, 1))

    def run(images: tf.Tensor) -> list[tf.Tensor]:
        return with_gradients(ours, layer, images)

    if mode != "eager":
        run = tf.function(run, [tf.TensorSpec(UNKNOWN, dtype)], jit_compile=mode == "xla")
    expected = with_gradients(lambda x: group_by_group(layer, x, strides), layer, tf.cast(images, "float32"))
    for found, wanted in zip(run(images), expected, strict=True):
        found, wanted = tf.cast(found, "float32"), tf.cast(wanted, "float32")
        difference = float(tf.norm(found - wanted) / tf.norm(wanted))
        assert difference < (1e-5 if dtype == "float32" else 5e-2), (mode, data_format, dtype, strides)


def check_fused() -> None:
    """Prediction, where TensorFlow fuses what follows a convolution."""
    layer, images = layer_and_images("channels_last", "float32", 1)
    found = tf.function(lambda images: tf.nn.relu(layer(images)), [tf.TensorSpec(UNKNOWN)])(images)
    np.testing.assert_allclose(found, tf.nn.relu(group_by_group(layer, images, 1)), atol=1e-5)


@pytest.mark.parametrize("case", cases(), ids=named)
@pytest.mark.usefixtures("bfloat16")
@pytest.mark.thorough
def test_it_computes_what_each_group_does_by_itself(case):
    check(*case)
    check_fused()


@pytest.mark.parametrize(
    "case", [case for case in cases() if case[2] == "float32"], ids=lambda c: "-".join(map(str, c))
)
def test_a_device_without_gradients_in_groups_has_them_group_by_group(case, monkeypatch):
    monkeypatch.setattr(grouped_convolution, "has_gradients", lambda dtype, data_format: False)
    check(*case)


@pytest.mark.thorough
def test_without_onednn():
    environment = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": "0", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", WITHOUT_ONEDNN]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "all agree", done.stderr[-2000:]


def test_keras_compiles_it():
    """If this fails, Keras has mended its grouped convolutions, and ours can go."""
    images, kernel = tf.TensorSpec(UNKNOWN), tf.TensorSpec((3, 3, CHANNELS // GROUPS, FILTERS))
    graph = (
        tf.function(lambda x, w: keras.ops.conv(x, w, padding="same"), [images, kernel]).get_concrete_function().graph
    )
    assert [node.type for node in graph.get_operations() if "Call" in node.type]
