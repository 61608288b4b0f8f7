import numpy as np
import pytest

from imgcls.evaluation.resampling import resample
from tests.evaluation.pairs import pair_of, table_of


def test_the_difference_of_accuracies_is_as_uncertain_as_theory_says():
    found = resample(pair_of(300, 30, 50, 20))
    figure = found.difference(0, 1, 0)
    assert figure.value == pytest.approx(20 / 400)
    error = np.sqrt((80 / 400 - (20 / 400) ** 2) / 400)
    assert figure.high - figure.low == pytest.approx(2 * 1.96 * error, rel=0.12)


def test_a_classifier_does_not_differ_from_itself_in_any_draw():
    table = table_of(np.arange(60) % 4 > 0)
    found = resample([table, table], draws=50)
    for place in range(len(found.metrics)):
        figure = found.difference(0, 1, place)
        assert (figure.value, figure.low, figure.high) == (0, 0, 0)


def test_groups_are_drawn_whole():
    """All images of a group are right together, so there are as many observations as groups."""
    right = np.repeat(np.arange(20) % 2 > 0, 30)
    alone = resample([table_of(right)]).figure(0, 0)
    together = resample([table_of(right, [f"{place // 30}" for place in range(600)])]).figure(0, 0)
    assert together.high - together.low > 4 * (alone.high - alone.low)


def test_the_same_seed_gives_the_same_intervals():
    tables = pair_of(30, 5, 5, 10)
    np.testing.assert_array_equal(resample(tables, 20, seed=3).draws, resample(tables, 20, seed=3).draws)


def test_a_single_class_gives_no_warning(recwarn):
    table = table_of(np.ones(90, bool))
    found = resample([table.take(table.labels == 0)], draws=20)
    assert found.figure(0, 0).value == 1
    assert not recwarn.list
