import numpy as np
import pytest

from imgcls.layers import ReflectPadding2D

IMAGES = np.random.default_rng(0).normal(size=(2, 9, 8, 6)).astype("float32")


def test_reflect_padding_mirrors_without_repeating_the_border():
    expected = np.pad(IMAGES, ((0, 0), (2, 1), (0, 3), (0, 0)), mode="reflect")
    np.testing.assert_array_equal(ReflectPadding2D(((2, 1), (0, 3)))(IMAGES), expected)


def test_reflect_padding_refuses_more_than_there_is_to_mirror():
    with pytest.raises(ValueError, match="expected less than its height and width"):
        ReflectPadding2D(8)(IMAGES)
