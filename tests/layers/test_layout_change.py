import numpy as np
import pytest

from imgcls.layers import LayoutChange

IMAGES = np.random.default_rng(0).uniform(0, 255, size=(2, 6, 7, 3)).astype("float32")


def test_layout_change_there_and_back():
    first = LayoutChange("channels_last", "channels_first")(IMAGES)
    np.testing.assert_array_equal(first, np.moveaxis(IMAGES, -1, 1))
    np.testing.assert_array_equal(LayoutChange("channels_first", "channels_last")(first), IMAGES)
    np.testing.assert_array_equal(LayoutChange("channels_first", "channels_first")(IMAGES), IMAGES)


def test_layouts_have_two_names():
    with pytest.raises(ValueError, match="expected 'channels_last' or 'channels_first'"):
        LayoutChange("NHWC", "channels_first")
