import numpy as np

from imgcls.layers import SumPooling2D

IMAGES = np.random.default_rng(0).normal(size=(2, 9, 8, 6)).astype("float32")


def test_sum_pooling_adds_up_each_window():
    expected = IMAGES[:, :8].reshape(2, 4, 2, 4, 2, 6).sum((2, 4))
    np.testing.assert_allclose(SumPooling2D(2)(IMAGES), expected, rtol=1e-5, atol=1e-5)


def test_sum_pooling_windows_may_overlap():
    ones = np.ones((1, 7, 7, 1), "float32")
    np.testing.assert_array_equal(SumPooling2D(3, strides=2)(ones), np.full((1, 3, 3, 1), 9.0))
