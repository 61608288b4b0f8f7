import numpy as np
import pytest

from imgcls.layers import StochasticDepth


def test_stochastic_depth_drops_whole_samples_and_keeps_the_expected_value():
    outputs = np.asarray(StochasticDepth(0.25, seed=0)(np.ones((4000, 2, 3, 1), "float32"), training=True))
    for sample in outputs:
        assert np.ptp(sample) == 0
    assert set(np.unique(outputs)) == {0.0, np.float32(1 / 0.75)}
    assert np.mean(outputs) == pytest.approx(1.0, abs=0.03)


def test_stochastic_depth_changes_nothing_in_inference():
    images = np.random.default_rng(0).normal(size=(5, 4, 4, 2)).astype("float32")
    np.testing.assert_array_equal(StochasticDepth(0.9)(images), images)


def test_stochastic_depth_takes_vectors():
    outputs = np.asarray(StochasticDepth(0.5, seed=1)(np.ones((50, 7), "float32"), training=True))
    assert np.all(np.ptp(outputs, axis=1) == 0)
    assert len(np.unique(outputs)) == 2
