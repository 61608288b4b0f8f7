import numpy as np
import pytest

from imgcls.evaluation.corruptions import CORRUPTIONS

PIXELS = np.random.default_rng(0).uniform(0, 255, (3, 30, 17, 3)).astype("float32")


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corruption_changes_pixels_within_their_range_and_repeats(name):
    before = PIXELS.copy()
    first, again = (CORRUPTIONS[name](PIXELS, np.random.default_rng(1)) for _ in range(2))
    assert np.array_equal(first, again)
    assert np.array_equal(PIXELS, before)
    assert first.shape == PIXELS.shape
    assert first.min() >= 0
    assert first.max() <= 255
    assert np.abs(first - PIXELS).mean() > 20


def test_shuffled_tiles_are_those_of_the_image():
    found = CORRUPTIONS["shuffled tiles"](PIXELS, np.random.default_rng(0))
    assert np.array_equal(np.sort(found[0, :28, :16].ravel()), np.sort(PIXELS[0, :28, :16].ravel()))
    assert np.array_equal(found[:, 28:], PIXELS[:, 28:])
