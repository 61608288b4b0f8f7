import keras
import numpy as np
import pytest

from imgcls.explain.heatmaps import ALL_ZERO
from imgcls.explain.methods import METHODS, MethodOptions
from imgcls.explain.network import Network
from imgcls.explain.target import class_scores
from imgcls.models import build_model
from tests.explain.methods.conftest import classifier, images

grad_cam = METHODS["grad_cam"].compute


def two_units(head):
    """A network of two units, a pixel and its negative, each counted by the head."""
    conv = keras.layers.Conv2D(2, 1, use_bias=False, name="conv")
    network = classifier((4, 4, 1), [conv, keras.layers.GlobalAveragePooling2D()], np.array(head, np.float32))
    network.model.get_layer("conv").set_weights([np.array([[[[1.0, -1.0]]]], np.float32)])
    return network


def test_units_are_weighed_by_their_mean_gradient():
    network = two_units([[1, 0, 0], [0.25, 0, 0]])
    pixels = images(network, 1)
    found = grad_cam(network, pixels, class_scores(network, ["cat"]), MethodOptions(layer="conv"))
    np.testing.assert_allclose(found.values[0], 0.75 / 16 * pixels[0, :, :, 0], rtol=1e-5)
    assert found.layer == "conv"


def test_what_speaks_against_is_zero_and_an_all_zero_map_says_so():
    network = two_units([[-1, 0, 0], [0, 0, 0]])
    found = grad_cam(network, images(network, 1), class_scores(network, ["cat"]), MethodOptions(layer="conv"))
    assert not found.values.any()
    assert found.problems == [ALL_ZERO]


def test_every_layer_can_be_asked_and_one_that_does_not_exist_is_refused(small_network):
    pixels, scores = images(small_network, 1), class_scores(small_network, ["cat"])
    for each in (small_network.maps[0], small_network.maps[len(small_network.maps) // 2], small_network.maps[-1]):
        found = grad_cam(small_network, pixels, scores, MethodOptions(layer=each.name))
        assert found.values.shape == (1, 32, 32)
    with pytest.raises(ValueError, match="has no layer 'conv9000'"):
        grad_cam(small_network, pixels, scores, MethodOptions(layer="conv9000"))


@pytest.mark.parametrize("name", ["grad_cam", "grad_cam_plus_plus", "cam"])
@pytest.mark.parametrize("architecture", ["mlp", "hog"])
def test_a_network_without_feature_maps_is_told_what_is_possible(name, architecture):
    network = Network(build_model(architecture, (32, 32, 3), class_names=["a", "b"]))
    with pytest.raises(ValueError, match=r"no feature map with height and width.* saliency"):
        METHODS[name].compute(network, images(network, 1), class_scores(network, ["a"]), MethodOptions())
