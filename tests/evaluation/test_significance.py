import numpy as np
import pytest
from scipy.stats import binomtest

from imgcls.evaluation.significance import holm, p_value_text, paired_p_value


def answers(gained: int, lost: int, same: int = 50) -> tuple[np.ndarray, np.ndarray]:
    first = np.repeat([False, True, True], [gained, lost, same])
    second = np.repeat([True, False, True], [gained, lost, same])
    return first, second


def test_without_groups_it_is_the_binomial_test_of_the_images_on_which_the_two_differ():
    assert paired_p_value(*answers(14, 2)) == binomtest(14, 16).pvalue
    assert paired_p_value(*answers(2, 14)) == paired_p_value(*answers(14, 2))


def test_no_difference_has_the_p_value_1():
    assert paired_p_value(*answers(0, 0)) == 1
    assert paired_p_value(*answers(0, 0), groups=np.zeros(50, int)) == 1


def test_groups_of_one_image_give_the_same_answer():
    first, second = answers(14, 4)
    grouped = paired_p_value(first, second, np.arange(len(first)))
    assert grouped == pytest.approx(binomtest(14, 18).pvalue, abs=0.01)


def test_the_images_of_one_group_are_no_independent_observations():
    first, second = answers(12, 0)
    groups = np.r_[np.zeros(12, int), np.arange(1, 51)]
    assert paired_p_value(first, second) < 0.001
    assert paired_p_value(first, second, groups) == 1


def test_corrected_p_values_keep_their_order_and_are_at_most_1():
    assert holm([0.04, 0.01, 0.9]) == [0.08, 0.03, 0.9]
    assert holm([0.5, 0.6]) == [1, 1]
    assert holm([]) == []


def test_one_false_find_among_twenty_tests_is_as_rare_as_of_one():
    draws = np.random.default_rng(0).random((2000, 20))
    found = np.mean([min(holm(values)) < 0.05 for values in draws])
    assert 0.03 < found < 0.07


def test_p_values_near_the_level_are_shown_closely_enough():
    assert p_value_text(0.0496) == "p = 0.050"
    assert p_value_text(0.00041) == "p < 0.001"
