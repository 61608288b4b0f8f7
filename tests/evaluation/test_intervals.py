"""The 95 % intervals: against scikit-learn's definitions, simulations, and what too few images cannot say."""

import numpy as np
import pytest

from imgcls.evaluation.intervals import OF_CLASSES, Interval, figures, intervals, resamples, wilson_interval
from imgcls.metrics import METRICS, Predictions, metrics_of


def single(images: int, classes: int = 4, seed: int = 0, shift: float = 2.0) -> Predictions:
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, images)
    return Predictions.from_logits(labels, generator.normal(size=(images, classes)) + shift * np.eye(classes)[labels])


def several(images: int, classes: int = 4) -> Predictions:
    generator = np.random.default_rng(0)
    labels = generator.random((images, classes)) < 0.3
    return Predictions.from_logits(labels, generator.normal(size=(images, classes)) + 2.0 * labels - 1.0)


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0)],
)
def test_wilson_gives_the_published_intervals(right, total, low, high):
    # Brown, Cai and DasGupta, Interval Estimation for a Binomial Proportion, 2001, formula (4).
    assert wilson_interval(right, total) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("predictions", [single(300), several(300)], ids=["single", "several"])
def test_every_metric_and_class_has_an_interval_around_its_value_within_its_limits(predictions):
    metrics = metrics_of(predictions.task)
    found = intervals(predictions, draws=100)
    values = figures(predictions, metrics)
    every = [*found.metrics.values(), *(each for name in OF_CLASSES for each in found.classes[name])]
    unsaid = {m.name for m, each in zip(metrics, every, strict=False) if each is None}
    assert unsaid <= {"top_5_accuracy"}
    for value, each in zip(values, every, strict=True):
        assert each is None or each.low < value <= each.high
    for metric in metrics:
        low, high = (0, 1) if metric.is_share else metric.limits
        if (each := found.metrics[metric.name]) is not None:
            assert low <= each.low <= each.high <= high


def test_a_share_of_independent_images_has_wilsons_interval():
    predictions = single(100)
    found = intervals(predictions, draws=50)
    right, support = int(predictions.correct[1]), int(predictions.support[1])
    assert found.metrics["accuracy"] == Interval(*wilson_interval(int(predictions.correct.sum()), 100))
    assert found.classes["recall"][1] == Interval(*wilson_interval(right, support))


def test_the_error_of_a_mean_is_the_known_one():
    predictions = single(400)
    found = intervals(predictions, draws=1000).metrics["loss"]
    losses = METRICS["loss"].of_images(predictions)
    width = 2 * 1.96 * losses.std(ddof=1) / 20
    assert found.high - found.low == pytest.approx(width, rel=0.1)


def test_groups_that_agree_count_as_one_image_each():
    once = single(60)
    copies = once.take(np.repeat(np.arange(60), 10))
    alone, together = (intervals(copies, groups, draws=200).metrics for groups in (None, np.repeat(np.arange(60), 10)))
    for name in ("accuracy", "loss", "macro_f1", "macro_roc_area"):
        wide, narrow = (each[name].high - each[name].low for each in (together, alone))
        assert wide / narrow == pytest.approx(10**0.5, rel=0.25)


def test_the_same_predictions_have_the_same_intervals():
    assert intervals(single(50), draws=50) == intervals(single(50), draws=50)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("count", [1, 4])
def test_few_images_have_only_the_intervals_of_shares(count):
    found = intervals(single(count))
    assert {name for name, each in found.metrics.items() if each} == {"accuracy", "top_5_accuracy"}
    assert all(each is None for each in found.classes["average_precision"])


@pytest.mark.filterwarnings("error")
def test_where_nothing_is_wrong_only_shares_can_say_how_sure_that_is():
    found = intervals(single(100, shift=1000.0), draws=50)
    assert found.metrics["accuracy"].high == 1
    assert 0.95 < found.metrics["accuracy"].low < 1
    assert found.metrics["macro_f1"] is None
    assert found.metrics["matthews_coefficient"] is None


@pytest.mark.filterwarnings("error")
def test_a_class_that_is_absent_has_no_interval():
    predictions = single(100)
    predictions = predictions.take(np.flatnonzero(predictions.labels != 2))
    found = intervals(predictions, draws=50)
    assert found.classes["recall"][2] is None
    assert found.classes["roc_area"][2] is None
    assert found.metrics["macro_average_precision"] is not None


def test_groups_are_drawn_whole():
    units = np.array([0, 0, 1, 2, 2, 2])
    for places in resamples(units, 20, seed=0):
        times = np.bincount(places, minlength=6)
        assert all(len(set(times[units == unit])) == 1 for unit in range(3))
        assert sum(times[units == unit][0] for unit in range(3)) == 3


def test_the_intervals_hold_the_true_values():
    """A few splits; benchmarks/interval_coverage.py measures it with a thousand."""
    metrics = metrics_of("single_label")
    truth = figures(single(100_000, seed=1), metrics)[: len(metrics)]
    held = np.zeros(len(metrics))
    for seed in range(60):
        found = intervals(single(100, seed=100 + seed), draws=60).metrics
        held += [each is None or each.low <= t <= each.high for each, t in zip(found.values(), truth, strict=True)]
    assert (held / 60 > 0.86).all()  # three standard errors below 95 %
