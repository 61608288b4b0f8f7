import numpy as np
import pytest
import tensorflow as tf

from imgcls.layers import LocalResponseNormalization


@pytest.mark.parametrize("depth_radius", [0, 2, 5, 40])
def test_equals_tensorflow(depth_radius):
    images = np.random.default_rng(0).normal(scale=20, size=(2, 4, 4, 24)).astype("float32")
    expected = tf.nn.local_response_normalization(images, depth_radius, bias=2.0, alpha=1e-2, beta=0.6)
    outputs = LocalResponseNormalization(depth_radius, bias=2.0, alpha=1e-2, beta=0.6)(images)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5)


def test_equals_the_formula_of_the_paper_by_hand():
    images = np.array([3.0, 4.0, 12.0], "float32").reshape(1, 1, 1, 3)
    outputs = np.asarray(LocalResponseNormalization(1, bias=1.0, alpha=2.0, beta=0.5)(images)).ravel()
    sums = np.array([9 + 16, 9 + 16 + 144, 16 + 144])
    np.testing.assert_allclose(outputs, [3, 4, 12] / np.sqrt(1 + 2 * sums), rtol=1e-6)


def test_small_responses_are_not_lost_in_half_precision():
    layer = LocalResponseNormalization(alpha=1e-4, dtype="mixed_bfloat16")
    images = tf.fill((1, 1, 1, 5), tf.constant(8.0, "bfloat16"))
    assert float(layer(images)[0, 0, 0, 2]) == pytest.approx(8 / (2 + 1e-4 * 5 * 64) ** 0.75, rel=4e-3)


def test_refuses_a_denominator_that_can_be_zero():
    with pytest.raises(ValueError, match="a bias above 0"):
        LocalResponseNormalization(bias=0.0)
