import numpy as np
import pytest

from imgcls.engines.agreement import LARGEST_DIFFERENCE, difference


@pytest.mark.parametrize("size", [1.0, 22.0, 178.0, 1e6])
def test_numbers_above_one_are_measured_by_the_largest(size):
    expected = np.array([[0.0, -size / 2, size]], np.float32)
    assert difference(expected, expected + np.float32(2e-6 * size)) < LARGEST_DIFFERENCE
    assert difference(expected, expected * np.float32(1.001)) > LARGEST_DIFFERENCE


def test_numbers_up_to_one_are_measured_as_they_are():
    small = np.full((2, 3), 1e-3)
    assert difference(small, 2 * small) == pytest.approx(1e-3)
    assert difference(np.zeros((0, 3)), np.zeros((0, 3))) == 0


def test_an_infinite_number_is_no_measure_for_the_others():
    assert difference(np.array([np.inf, 0.5]), np.array([np.inf, 0.6])) == pytest.approx(0.1)
