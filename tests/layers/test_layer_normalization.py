"""Layer normalization and GELU, in training and out of it, against Keras'."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from imgcls.layers import GELU, LayerNormalization

KERAS = keras.layers.LayerNormalization


def outputs_and_gradients(layer, x, **options):
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = layer(x, **options)
        loss = tf.reduce_sum(tf.sin(outputs))
    return [outputs, *tape.gradient(loss, [x, *(weight.value for weight in layer.trainable_weights)])]


@pytest.mark.parametrize("shape", [(3, 5, 6, 8), (3, 5, 8), (3, 8)])
@pytest.mark.parametrize("training", [False, True])
def test_numbers_and_gradients_are_those_of_keras(shape, training):
    random = np.random.default_rng(0)
    x = tf.constant(random.normal(3.0, 2.0, shape), tf.float32)
    ours, theirs = LayerNormalization(1e-6), keras.layers.LayerNormalization(epsilon=1e-6)
    for layer in (ours, theirs):
        layer.build(shape)
        layer.set_weights([np.linspace(0.5, 1.5, 8), np.linspace(-1, 1, 8)])
    found = outputs_and_gradients(ours, x, training=training)
    for one, other in zip(found, outputs_and_gradients(theirs, x), strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5)


def test_channels_first_normalizes_the_channels_in_training_too():
    x = np.random.default_rng(0).normal(size=(2, 8, 5, 5)).astype("float32")
    found = LayerNormalization(data_format="channels_first")(x, training=True)
    expected = LayerNormalization()(x.transpose(0, 2, 3, 1), training=True)
    np.testing.assert_allclose(found, np.transpose(expected, (0, 3, 1, 2)), atol=1e-5)


def test_without_a_scale_there_is_one_weight():
    layer = LayerNormalization(scale=False)
    assert np.abs(np.mean(layer(np.ones((2, 4, 8), "float32") * np.arange(8), training=True))) < 1e-6
    assert [weight.name for weight in layer.weights] == ["beta"]


@pytest.mark.parametrize("training", [False, True])
def test_without_scale_and_shift_the_numbers_are_those_of_keras(training):
    x = tf.constant(np.random.default_rng(0).normal(3.0, 2.0, (3, 5, 8)), tf.float32)
    layer, theirs = (kind(epsilon=1e-6, scale=False, center=False) for kind in (LayerNormalization, KERAS))
    layer = LayerNormalization.from_config(layer.get_config())
    found = outputs_and_gradients(layer, x, training=training)
    for one, other in zip(found, outputs_and_gradients(theirs, x), strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5)
    assert layer.weights == []


@pytest.mark.parametrize("training", [False, True])
def test_gelu_and_its_gradient_are_those_of_keras(training):
    x = tf.constant(np.linspace(-6, 6, 200), tf.float32)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        ours, theirs = GELU()(x, training=training), keras.activations.gelu(x)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
    np.testing.assert_allclose(tape.gradient(ours, x), tape.gradient(theirs, x), atol=1e-5)
