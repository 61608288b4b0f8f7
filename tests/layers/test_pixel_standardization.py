import numpy as np
import pytest

from imgcls.layers import PixelStandardization

IMAGES = np.random.default_rng(0).uniform(0, 255, size=(2, 6, 7, 3)).astype("float32")


def test_standardization_is_per_channel_and_changes_the_layout():
    mean, std = (100.0, 120.0, 140.0), (50.0, 60.0, 70.0)
    expected = (IMAGES - mean) / std
    np.testing.assert_allclose(PixelStandardization(mean, std)(IMAGES), expected, rtol=1e-5, atol=1e-6)
    first = PixelStandardization(mean, std, "channels_first")(IMAGES)
    np.testing.assert_allclose(first, np.moveaxis(expected, -1, 1), rtol=1e-5, atol=1e-6)


def test_standardization_takes_whole_numbers_and_carries_the_preprocessing():
    layer = PixelStandardization((1.0,), (2.0,), preprocessing={"height": 6, "resize": "crop"})
    np.testing.assert_array_equal(layer(np.full((1, 2, 2, 1), 255, "uint8")), np.full((1, 2, 2, 1), 127.0))
    assert PixelStandardization.from_config(layer.get_config()).preprocessing == {"height": 6, "resize": "crop"}


def test_standardization_refuses_a_deviation_of_zero_and_a_wrong_number_of_channels():
    with pytest.raises(ValueError, match="expected numbers above 0"):
        PixelStandardization((0.0,), (0.0,))
    with pytest.raises(ValueError, match="mean has 2 values for 3 channels; expected 1 or 3"):
        PixelStandardization((1.0, 2.0))(IMAGES)
