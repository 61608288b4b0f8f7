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


@pytest.fixture(scope="module")
def pooled_units():
    """A network of four units that see single pixels, pooled, with a linear head: nothing needs to be enlarged."""
    kernel = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    layers = [keras.layers.Conv2D(4, 1, activation="relu", name="conv"), keras.layers.GlobalAveragePooling2D()]
    network = classifier((6, 6, 1), layers, kernel)
    rng = np.random.default_rng(1)
    network.model.get_layer("conv").set_weights([rng.normal(size=(1, 1, 1, 4)), 50 * rng.normal(size=4)])
    return network


def test_above_zero_it_is_grad_cam_times_the_number_of_positions(pooled_units):
    """Section 3.1 of Selvaraju et al.: the gradient of a mean is the weight, divided by the number of positions."""
    pixels, scores = images(pooled_units, 2), class_scores(pooled_units, ["dog", "fox"], ["cat", "cat"])
    exact, by_gradient = (each(pooled_units, pixels, scores, MethodOptions()).values for each in (cam, grad_cam))
    assert (exact < 0).any()
    assert (exact > 0).any()
    np.testing.assert_allclose(np.maximum(exact, 0), 36 * by_gradient, rtol=1e-4, atol=1e-4)


def test_each_position_adds_its_value_to_the_score(pooled_units):
    pixels = images(pooled_units, 2)
    found = cam(pooled_units, pixels, class_scores(pooled_units, ["cat", "fox"]), MethodOptions())
    logits = pooled_units.run(pixels).logits.numpy()
    np.testing.assert_allclose(found.values.mean((1, 2)), [logits[0, 0] - 1, logits[1, 2] - 1], rtol=1e-4)
    assert found.layer == "conv"


@pytest.mark.parametrize("name", ["vgg11", "lenet5", "alexnet", "mobilenet_v3_small_075"])
def test_a_network_with_another_head_is_refused_and_grad_cam_is_named(name):
    shape = (32, 32, 1) if name == "lenet5" else (96, 96, 3)
    network = Network(build_model(name, shape, class_names=["a", "b"]))
    assert pooled_layer(network) == ""
    with pytest.raises(ValueError, match=r"no global average pooling right before a linear head.* Use grad_cam"):
        cam(network, images(network, 1), class_scores(network, ["a"]), MethodOptions())


def test_another_layer_is_refused(small_network):
    first = small_network.maps[0].name
    with pytest.raises(ValueError, match=f"not of {first}. Use grad_cam"):
        cam(small_network, images(small_network, 1), class_scores(small_network, ["cat"]), MethodOptions(layer=first))
