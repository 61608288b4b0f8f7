import numpy as np

from imgcls.explain.methods import METHODS, MethodOptions
from imgcls.explain.target import class_scores

compute = METHODS["occlusion"].compute


def bright_block():
    pixels = np.zeros((1, 32, 32, 1), np.float32)
    pixels[:, 8:16, 16:24] = 255
    return pixels


def test_it_finds_the_only_block_that_matters(block_network):
    found = compute(block_network, bright_block(), class_scores(block_network, ["dog"]), MethodOptions(window=0.25))
    row, column = np.unravel_index(found.values[0].argmax(), (32, 32))
    assert 8 <= row < 16
    assert 16 <= column < 24
    assert found.values[0, 8:16, 16:24].mean() > 10 * np.abs(found.values[0, :, :8]).mean()
    assert found.values[0, -1, -1] == 0  # covered, and without effect


def test_the_drop_is_that_of_the_probability(block_network):
    """A square as large as the image leaves a gray image, whatever it showed."""
    pixels, scores = bright_block(), class_scores(block_network, ["dog"])
    found = compute(block_network, pixels, scores, MethodOptions(window=1.0))
    gray = np.full_like(pixels, pixels.mean())
    whole, hidden = (block_network.probabilities(block_network.run(each).logits)[0, 1] for each in (pixels, gray))
    np.testing.assert_allclose(found.values, np.full((1, 32, 32), float(whole - hidden)), rtol=1e-4)
    np.testing.assert_allclose(found.figures["probability"], [float(whole)], rtol=1e-5)


def test_a_class_against_another_has_the_drop_of_the_difference(block_network):
    options = MethodOptions(window=0.25)
    dog, cat, between = (
        compute(block_network, bright_block(), class_scores(block_network, *names), options).values
        for names in ((["dog"],), (["cat"],), (["dog"], ["cat"]))
    )
    np.testing.assert_allclose(between, dog - cat, atol=1e-6)
