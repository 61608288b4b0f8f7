import numpy as np
import pytest

from imgcls.layers import RReLU


def test_rrelu_draws_a_slope_for_each_element_below_zero():
    outputs = np.asarray(RReLU(0.125, 0.375, seed=0)(np.full((8, 16, 16, 4), -1.0, "float32"), training=True))
    assert -0.375 <= outputs.min() < -0.374
    assert -0.126 < outputs.max() <= -0.125
    assert outputs.mean() == pytest.approx(-0.25, abs=0.005)
    assert len(np.unique(outputs)) > 1000


def test_rrelu_has_the_mean_slope_in_inference_and_leaves_positive_numbers():
    np.testing.assert_allclose(RReLU()(np.array([[-24.0, 3.0]], "float32")), [[-5.5, 3.0]], rtol=1e-6)
    np.testing.assert_array_equal(RReLU()(np.array([[3.0]], "float32"), training=True), [[3.0]])


def test_rrelu_refuses_slopes_out_of_order():
    with pytest.raises(ValueError, match="expected 0 <= lower <= upper < 1"):
        RReLU(0.5, 0.2)
