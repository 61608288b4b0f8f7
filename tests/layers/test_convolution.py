"""The bias of a convolution stands on the channels, where Keras puts it on the width."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from imgcls import layers
from imgcls.layers import native_layout
from imgcls.processor import has_onednn

KINDS = {
    "Conv2D": {"filters": 8, "kernel_size": 3, "padding": "same"},
    "DepthwiseConv2D": {"kernel_size": 3, "padding": "same", "depth_multiplier": 2},
    "SeparableConv2D": {"filters": 8, "kernel_size": 3, "padding": "same"},
    "Conv2DTranspose": {"filters": 8, "kernel_size": 3, "padding": "same"},
}
MODES = {
    "eager": lambda function: function,
    "graph": tf.function,
    "xla": lambda function: tf.function(function, jit_compile=True),
}
WIDTH = 8  # as many as the filters: what Keras 3.15 takes for the sign of a bias on the width


def forward_and_bias_gradient(library, kind: str, data_format: str, mode: str):
    """Output in channels_last, and the gradient of the bias."""
    layer = getattr(library, kind)(**KINDS[kind], data_format=data_format)
    random = np.random.default_rng(0)
    images = random.normal(size=(2, 5, WIDTH, 4)).astype("float32")
    images = images if data_format == "channels_last" else np.moveaxis(images, -1, 1)
    layer.build(images.shape)
    layer.set_weights([random.normal(size=weight.shape) for weight in layer.get_weights()])

    def compute(images):
        with tf.GradientTape() as tape:
            outputs = layer(images)
            loss = tf.reduce_sum(tf.sin(outputs))
        return outputs, tape.gradient(loss, layer.bias.value)

    outputs, gradient = (each.numpy() for each in MODES[mode](compute)(images))
    return (outputs if data_format == "channels_last" else np.moveaxis(outputs, 1, -1)), gradient


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_bias_is_added_to_the_channels_where_the_width_equals_the_filters(kind, mode):
    expected, expected_gradient = forward_and_bias_gradient(keras.layers, kind, "channels_last", mode)
    outputs, gradient = forward_and_bias_gradient(layers, kind, "channels_first", mode)
    np.testing.assert_allclose(outputs, expected, atol=1e-4 * np.abs(expected).max())
    np.testing.assert_allclose(gradient, expected_gradient, atol=1e-4 * np.abs(expected_gradient).max())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_device_with_fast_convolutions_in_channels_first_computes_the_same(kind, mode, monkeypatch):
    if mode != "xla" and not has_onednn():
        pytest.skip("this processor has no kernels of channels_first to stand for those of a GPU")
    expected, expected_gradient = forward_and_bias_gradient(layers, kind, "channels_last", mode)
    monkeypatch.setattr(native_layout, "convolves", lambda dtype, data_format="channels_last": True)
    outputs, gradient = forward_and_bias_gradient(layers, kind, "channels_first", mode)
    np.testing.assert_allclose(outputs, expected, atol=1e-5 * np.abs(expected).max())
    np.testing.assert_allclose(gradient, expected_gradient, atol=1e-5 * np.abs(expected_gradient).max())


def test_a_processor_convolves_in_channels_last():
    with tf.device("CPU"):
        assert native_layout.convolves.__wrapped__("float32", "channels_last")
        assert not native_layout.convolves.__wrapped__("float32", "channels_first")


@pytest.mark.parametrize("kind", KINDS)
def test_keras_adds_it_to_the_width(kind):
    """If this fails, Keras is mended and `ChannelBias` can go."""
    expected, expected_gradient = forward_and_bias_gradient(keras.layers, kind, "channels_last", "xla")
    outputs, gradient = forward_and_bias_gradient(keras.layers, kind, "channels_first", "xla")
    assert np.abs(outputs - expected).max() > 0.1
    assert np.abs(gradient - expected_gradient).max() > 0.1


def test_the_layers_are_keras_own_in_all_else():
    for kind, arguments in KINDS.items():
        ours, theirs = getattr(layers, kind)(**arguments), getattr(keras.layers, kind)(**arguments)
        assert isinstance(ours, type(theirs))
        assert {**ours.get_config(), "name": ""} == {**theirs.get_config(), "name": ""}


def test_a_pointwise_convolution_computes_the_same_in_training():
    layer = layers.PointwiseConv2D(6, activation="relu")
    x = np.random.default_rng(0).normal(size=(2, 5, 7, 4)).astype("float32")
    np.testing.assert_allclose(layer(x, training=True), layer(x), atol=1e-5)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("size", [112, 113])
def test_a_strided_1x1_convolution_of_few_channels_has_gradients(data_format, size):
    """As oneDNN computes it, this writes beyond its memory: RepVGG's stem at 224 pixels ended the process."""
    layer = layers.Conv2D(48, 1, strides=2, padding="same", data_format=data_format)
    images = tf.random.stateless_normal((8, size, size, 3), (1, 2))
    inputs = images if data_format == "channels_last" else tf.transpose(images, (0, 3, 1, 2))

    @tf.function
    def gradient(inputs):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(inputs) ** 2)
        return tape.gradient(loss, layer.kernel.value)

    layer.build(inputs.shape)
    kernel = tf.reshape(layer.kernel.value, (3, 48))
    for _ in range(8):
        found = gradient(inputs)
    seen = tf.reshape(images[:, ::2, ::2], (-1, 3))
    np.testing.assert_allclose(found[0, 0], 2 * tf.transpose(seen) @ (seen @ kernel), rtol=1e-3, atol=1e-1)
