import numpy as np

from imgcls.explain.methods import METHODS, MethodOptions
from imgcls.explain.target import class_scores
from tests.explain.methods.conftest import images

compute = METHODS["integrated_gradients"].compute


def test_a_linear_network_gives_each_pixel_its_term_of_the_sum(linear_network):
    network, weights = linear_network
    pixels = images(network, 1)
    found = compute(network, pixels, class_scores(network, ["dog"]), MethodOptions(steps=2))
    np.testing.assert_allclose(found.values[0], (pixels[0] * weights[..., 1]).sum(-1), rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(found.figures["baseline_score"], [1.0], rtol=1e-5)  # the bias
    assert found.figures["completeness_error"][0] < 1e-4


def test_the_map_sums_up_to_the_difference_of_the_scores(small_network):
    found = compute(
        small_network, images(small_network, 2), class_scores(small_network, ["cat", "dog"]), MethodOptions()
    )
    difference = found.figures["image_score"] - found.figures["baseline_score"]
    np.testing.assert_allclose(found.values.sum((1, 2)), difference, rtol=0.01)
    assert found.figures["completeness_error"].max() < 0.01
