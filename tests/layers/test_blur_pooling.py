import numpy as np
import pytest
from scipy import ndimage

from imgcls.layers import BlurPooling2D

IMAGES = np.random.default_rng(0).normal(size=(2, 9, 8, 6)).astype("float32")


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
