import numpy as np

from imgcls.explain.methods import METHODS, MethodOptions
from imgcls.explain.target import class_scores
from tests.explain.methods.conftest import images


def test_a_linear_network_gives_each_pixel_its_term_of_the_sum(linear_network):
    network, weights = linear_network
    pixels = images(network, 2)
    found = METHODS["gradient_x_input"].compute(network, pixels, class_scores(network, ["dog", "fox"]), MethodOptions())
    expected = [(pixels[0] * weights[..., 1]).sum(-1), (pixels[1] * weights[..., 2]).sum(-1)]
    np.testing.assert_allclose(found.values, expected, rtol=1e-4, atol=1e-3)


def test_a_class_against_another_is_the_difference_of_both(small_network):
    pixels, compute = images(small_network, 2), METHODS["gradient_x_input"].compute
    dog, fox, between = (
        compute(small_network, pixels, class_scores(small_network, *names), MethodOptions()).values
        for names in ((["dog"] * 2,), (["fox"] * 2,), (["dog"] * 2, ["fox"] * 2))
    )
    np.testing.assert_allclose(between, dog - fox, atol=1e-4 * np.abs(between).max())
