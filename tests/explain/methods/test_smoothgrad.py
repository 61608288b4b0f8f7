import numpy as np

from imgcls.explain.methods import METHODS, MethodOptions
from imgcls.explain.methods.smoothgrad import noisy_copies
from imgcls.explain.target import class_scores
from tests.explain.methods.conftest import images

smoothgrad, saliency = METHODS["smoothgrad"].compute, METHODS["saliency"].compute


def test_a_linear_network_has_the_same_gradient_with_any_noise(linear_network):
    network, weights = linear_network
    found = smoothgrad(network, images(network, 1), class_scores(network, ["dog"]), MethodOptions(samples=5))
    np.testing.assert_allclose(found.values[0], np.abs(weights[..., 1]).max(-1), rtol=1e-4)


def test_it_is_the_mean_gradient_of_the_noisy_copies(small_network):
    options, scores = MethodOptions(samples=1, seed=4), class_scores(small_network, ["fox"])
    pixels = images(small_network, 1)
    noisy = noisy_copies(pixels[0], range(1), options)
    found, expected = (
        smoothgrad(small_network, pixels, scores, options),
        saliency(small_network, noisy, scores, options),
    )
    np.testing.assert_allclose(found.values, expected.values, atol=1e-5 * expected.values.max())


def test_a_map_is_the_same_alone_and_among_others_in_any_batch_size(small_network):
    pixels, scores = images(small_network, 2), class_scores(small_network, ["cat", "dog"])
    together = smoothgrad(small_network, pixels, scores, MethodOptions(samples=6, batch_size=4)).values
    alone = smoothgrad(small_network, pixels[1:], scores[1:], MethodOptions(samples=6, batch_size=6)).values
    np.testing.assert_allclose(together[1:], alone, atol=1e-4 * alone.max())


def test_the_noise_has_the_spread_that_was_asked_for(small_network):
    image = images(small_network, 1)[0]
    copies = noisy_copies(image, range(8), MethodOptions(noise=0.2))
    assert abs((copies - image).std() / (image.max() - image.min()) - 0.2) < 0.01
