import keras
import numpy as np
import pytest

from imgcls.explain.methods import METHODS, MethodOptions
from imgcls.explain.methods.cam import pooled_layer
from imgcls.explain.network import Network
from imgcls.explain.target import class_scores
from imgcls.models import build_model
from tests.explain.methods.conftest import classifier, images

cam, grad_cam = METHODS["cam"].compute, METHODS["grad_cam"].compute


def test_above_zero_it_is_grad_cam_up_to_the_number_of_positions(small_network):
    """Section 3.1 of Selvaraju et al.: the gradient of the mean is the weight, divided by the number of positions."""
    pixels, scores = images(small_network, 2), class_scores(small_network, ["dog", "fox"], ["cat", "cat"])
    at_map, options = small_network.layer(""), MethodOptions()
    exact, by_gradient = (each(small_network, pixels, scores, options).values for each in (cam, grad_cam))
    positions = at_map.shape[0] * at_map.shape[1]
    assert (exact < 0).any()
    # where no neighbor is below zero, because the rectifier comes before the map is enlarged
    inside = by_gradient > 0.2 * by_gradient.max()
    np.testing.assert_allclose(exact[inside], positions * by_gradient[inside], rtol=0.3)
    np.testing.assert_allclose(exact.max(), positions * by_gradient.max(), rtol=1e-3)


def test_each_position_adds_its_value_to_the_score():
    """Without pooling in between, the map has the size of the image, and its mean is the score less the bias."""
    kernel = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    layers = [keras.layers.Conv2D(4, 1, activation="relu", name="conv"), keras.layers.GlobalAveragePooling2D()]
    network = classifier((6, 6, 1), layers, kernel)
    pixels = images(network, 2)
    found = cam(network, pixels, class_scores(network, ["cat", "fox"]), MethodOptions())
    logits = network.run(pixels).logits.numpy()
    np.testing.assert_allclose(found.values.mean((1, 2)), [logits[0, 0] - 1, logits[1, 2] - 1], rtol=1e-4)
    assert found.layer == "conv"


@pytest.mark.parametrize("name", ["vgg11", "lenet5", "alexnet", "mobilenet_v3_small_075"])
def test_a_network_with_another_head_is_refused_and_grad_cam_is_named(name):
    shape = (32, 32, 1) if name == "lenet5" else (96, 96, 3)
    network = Network(build_model(name, shape, class_names=["a", "b"]))
    assert pooled_layer(network) == ""
    with pytest.raises(ValueError, match="no global average pooling right before a linear head.* Use grad_cam"):
        cam(network, images(network, 1), class_scores(network, ["a"]), MethodOptions())


def test_another_layer_is_refused(small_network):
    first = small_network.maps[0].name
    with pytest.raises(ValueError, match=f"not of {first}. Use grad_cam"):
        cam(small_network, images(small_network, 1), class_scores(small_network, ["cat"]), MethodOptions(layer=first))
