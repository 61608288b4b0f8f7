import numpy as np
import pytest

from imgcls.layers import ParameterFreeShortcut

IMAGES = np.random.default_rng(0).uniform(0, 255, size=(2, 6, 7, 3)).astype("float32")


def test_shortcut_subsamples_and_fills_with_zeros_on_both_sides():
    outputs = np.asarray(ParameterFreeShortcut(8, strides=2)(IMAGES))
    assert outputs.shape == (2, 3, 4, 8)
    np.testing.assert_array_equal(outputs[..., 2:5], IMAGES[:, ::2, ::2])
    assert np.all(outputs[..., :2] == 0)
    assert np.all(outputs[..., 5:] == 0)


def test_shortcut_cannot_lose_channels():
    with pytest.raises(ValueError, match="filters is 2, fewer than the 3 channels"):
        ParameterFreeShortcut(2)(IMAGES)
