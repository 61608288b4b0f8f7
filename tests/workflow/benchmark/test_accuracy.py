import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from imgcls.evaluation.intervals import wilson_interval
from imgcls.metrics import Predictions
from imgcls.workflow.benchmark.accuracy import judge


def test_the_interval_of_images_that_stand_alone_is_wilsons():
    labels, probabilities = np.array([0, 1] * 20), np.eye(2)[[0, 1] * 15 + [1, 0] * 5]
    found = judge(Predictions.from_probabilities(labels, probabilities), pd.Series(range(40)))
    assert found == ("accuracy", 0.75, *wilson_interval(30, 40))


def test_images_that_belong_together_count_for_less():
    labels, probabilities = np.array([0, 1] * 20), np.eye(2)[[0, 1] * 15 + [1, 0] * 5]
    predictions = Predictions.from_probabilities(labels, probabilities)
    alone = judge(predictions, pd.Series(range(40)))
    together = judge(predictions, pd.Series(np.arange(40) // 4))
    assert together.high - together.low > 1.2 * (alone.high - alone.low)


def test_images_of_several_classes_are_judged_by_average_precision():
    random = np.random.default_rng(0)
    targets = random.random((60, 4)) < 0.3
    probabilities = np.clip(0.3 * targets + 0.7 * random.random((60, 4)), 0.01, 0.99)
    found = judge(Predictions.from_probabilities(targets, probabilities), pd.Series(range(60)))
    assert found.metric == "macro_average_precision"
    assert found.value == pytest.approx(average_precision_score(targets, probabilities, average="macro"))
    assert 0.3 < found.low < found.value < found.high < 1


def test_what_does_not_vary_has_the_interval_of_a_share():
    targets = np.array([[True, False], [False, True]] * 10)
    found = judge(Predictions.from_probabilities(targets, np.where(targets, 0.9, 0.1)), pd.Series(range(20)))
    assert found == ("macro_average_precision", 1.0, *wilson_interval(20, 20))
