import keras
import numpy as np
import pytest
import tensorflow as tf

from imgcls.layers import activation, initializer, regularizer
from imgcls.layers.by_name import ACTIVATIONS, INITIALIZERS

X = np.array([[-4.0, -1.0, -0.1, 0.0, 0.5, 2.0, 8.0]], "float32")
NEGATIVE, POSITIVE = np.minimum(X, 0), np.maximum(X, 0)
EXPECTED = {
    "linear": X,
    "sigmoid": 1 / (1 + np.exp(-X)),
    "hard_sigmoid": np.clip(X / 6 + 0.5, 0, 1),
    "tanh": np.tanh(X),
    "relu": POSITIVE,
    "relu6": np.minimum(POSITIVE, 6),
    "leaky_relu": POSITIVE + NEGATIVE / 100,
    "very_leaky_relu": POSITIVE + NEGATIVE / 5.5,
    "prelu": POSITIVE + NEGATIVE / 4,
    "rrelu": POSITIVE + NEGATIVE * (1 / 8 + 1 / 3) / 2,
    "elu": POSITIVE + np.expm1(NEGATIVE),
    "selu": 1.0507009873554805 * (POSITIVE + 1.6732632423543772 * np.expm1(NEGATIVE)),
    "softplus": np.log1p(np.exp(X)),
    "gelu": 0.5 * X * (1 + tf.math.erf(X / np.sqrt(2)).numpy()),
    "swish": X / (1 + np.exp(-X)),
    "hard_swish": X * np.clip(X / 6 + 0.5, 0, 1),
}


def test_every_activation_has_a_formula_here():
    assert set(EXPECTED) == set(ACTIVATIONS)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_is_its_formula_and_survives_its_config(name):
    layer = activation(name, name="act")
    again = type(layer).from_config(layer.get_config())
    assert again.name == "act"
    for each in (layer, again):
        np.testing.assert_allclose(each(X), EXPECTED[name], rtol=1e-5, atol=1e-6)


def test_prelu_has_one_weight_a_channel_in_both_layouts():
    for data_format, shape in (("channels_last", (None, 5, 6, 7)), ("channels_first", (None, 7, 5, 6))):
        layer = activation("prelu", data_format)
        layer.build(shape)
        assert layer.alpha.shape == (7,)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: activation("hardswish"), "Unknown activation 'hardswish'. Did you mean 'hard_swish'"),
        (lambda: initializer("He-normal"), "Unknown initializer 'He-normal'. Did you mean 'he_normal'"),
        (lambda: regularizer("elasticnet", 0.1), "Unknown regularizer 'elasticnet'. Did you mean 'elastic_net'"),
        (lambda: regularizer("l2", -1.0), "strength of the penalty is -1.0; expected a number of at least 0"),
    ],
)
def test_unknown_names_are_answered_with_the_nearest(ask, message):
    with pytest.raises(ValueError, match=message):
        ask()


def test_penalties_are_what_their_names_say():
    weights = np.array([1.0, -2.0, 3.0], "float32")
    assert float(regularizer("l1", 0.1)(weights)) == pytest.approx(0.6)
    assert float(regularizer("l2", 0.1)(weights)) == pytest.approx(1.4)
    assert float(regularizer("elastic_net", 0.1)(weights)) == pytest.approx(1.0)
    assert regularizer("l2", 0.0) is None


@pytest.mark.parametrize("name", INITIALIZERS)
def test_initializers_repeat_with_a_seed_and_differ_without(name):
    shape = (3, 3, 16, 32)
    one, again = initializer(name, seed=7)(shape), initializer(name, seed=7)(shape)
    np.testing.assert_array_equal(one, again)
    assert np.abs(np.asarray(initializer(name)(shape)) - np.asarray(initializer(name)(shape))).max() > 0


def test_initializers_have_the_published_deviation():
    shape = (3, 3, 64, 128)
    expected = {"he_normal": (2 / (9 * 64)) ** 0.5, "he_normal_fan_out": (2 / (9 * 128)) ** 0.5, "normal": 0.01}
    for name, deviation in expected.items():
        assert np.std(initializer(name, seed=0)(shape)) == pytest.approx(deviation, rel=0.02)


def test_a_layer_of_named_parts_comes_back_from_its_config():
    layer = keras.layers.Dense(
        5, kernel_initializer=initializer("he_normal_fan_out"), kernel_regularizer=regularizer("elastic_net", 0.01)
    )
    assert keras.layers.Dense.from_config(layer.get_config()).get_config() == layer.get_config()
