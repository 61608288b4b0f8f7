"""Pooling over windows, over channels and after a blur; and padding."""

import numpy as np
import pytest
from scipy import ndimage

from imgcls.layers import BlurPooling2D, ChannelPooling, Maxout, ReflectPadding2D, SumPooling2D

IMAGES = np.random.default_rng(0).normal(size=(2, 9, 8, 6)).astype("float32")


def test_sum_pooling_adds_up_each_window():
    expected = IMAGES[:, :8].reshape(2, 4, 2, 4, 2, 6).sum((2, 4))
    np.testing.assert_allclose(SumPooling2D(2)(IMAGES), expected, rtol=1e-5, atol=1e-5)


def test_sum_pooling_windows_may_overlap():
    ones = np.ones((1, 7, 7, 1), "float32")
    np.testing.assert_array_equal(SumPooling2D(3, strides=2)(ones), np.full((1, 3, 3, 1), 9.0))


@pytest.mark.parametrize(("mode", "reduce"), [("max", np.max), ("average", np.mean)])
def test_channel_pooling_takes_adjacent_channels(mode, reduce):
    expected = reduce(IMAGES.reshape(2, 9, 8, 2, 3), axis=-1)
    np.testing.assert_allclose(ChannelPooling(3, mode)(IMAGES), expected, rtol=1e-6)


def test_maxout_takes_vectors_too():
    np.testing.assert_array_equal(Maxout(2)(np.array([[1.0, 5.0, -3.0, -4.0]], "float32")), [[5.0, -3.0]])
    np.testing.assert_array_equal(
        Maxout(2, data_format="channels_first")(np.array([[1.0, 5.0, -3.0, -4.0]], "float32")), [[5.0, -3.0]]
    )


def test_channel_pooling_refuses_what_it_cannot_divide():
    with pytest.raises(ValueError, match="6 channels; expected a multiple of 4"):
        Maxout(4)(IMAGES)
    with pytest.raises(ValueError, match="mode is 'min'; expected one of max, average"):
        ChannelPooling(2, "min")


@pytest.mark.parametrize(("kernel_size", "row"), [(2, [1, 1]), (3, [1, 2, 1]), (5, [1, 4, 6, 4, 1])])
@pytest.mark.parametrize("strides", [1, 2, 3])
def test_blur_pooling_is_a_binomial_blur_and_a_subsample(kernel_size, row, strides):
    weights = np.array(row) / sum(row)
    origin = -1 if kernel_size == 2 else 0  # two pixels: this one and the next
    blurred = ndimage.correlate1d(IMAGES, weights, axis=1, mode="mirror", origin=origin)
    blurred = ndimage.correlate1d(blurred, weights, axis=2, mode="mirror", origin=origin)
    outputs = BlurPooling2D(kernel_size, strides)(IMAGES)
    np.testing.assert_allclose(outputs, blurred[:, ::strides, ::strides], rtol=1e-4, atol=1e-5)


def test_blur_pooling_refuses_a_kernel_of_one_pixel():
    with pytest.raises(ValueError, match="kernel_size is 1; expected 2 to 7"):
        BlurPooling2D(1)


def test_reflect_padding_mirrors_without_repeating_the_border():
    expected = np.pad(IMAGES, ((0, 0), (2, 1), (0, 3), (0, 0)), mode="reflect")
    np.testing.assert_array_equal(ReflectPadding2D(((2, 1), (0, 3)))(IMAGES), expected)


def test_reflect_padding_refuses_more_than_there_is_to_mirror():
    with pytest.raises(ValueError, match="expected less than its height and width"):
        ReflectPadding2D(8)(IMAGES)
