import numpy as np
import pytest

from imgcls.layers import SqueezeExcitation


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_squeeze_excitation_is_two_connected_layers_on_the_average():
    random = np.random.default_rng(0)
    images = random.normal(size=(3, 5, 6, 8)).astype("float32")
    layer = SqueezeExcitation(2)
    layer.build(images.shape)
    weights = [random.normal(size=weight.shape) for weight in layer.get_weights()]
    layer.set_weights(weights)
    assert [weight.shape for weight in weights] == [(1, 1, 8, 2), (2,), (1, 1, 2, 8), (8,)]
    hidden = np.maximum(images.mean((1, 2)) @ weights[0][0, 0] + weights[1], 0)
    gate = sigmoid(hidden @ weights[2][0, 0] + weights[3])
    np.testing.assert_allclose(layer(images), images * gate[:, None, None], rtol=1e-4, atol=1e-5)


def test_squeeze_excitation_names_the_nearest_activation():
    with pytest.raises(ValueError, match="Did you mean 'swish'"):
        SqueezeExcitation(2, activation="swisch")
