"""Metrics of several classifiers on the same images, each with what chance makes of it: the paired bootstrap.

Every draw takes the same images for all classifiers, so that an image that is hard for all of them moves all alike.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.metrics import METRICS, Metric, Predictions

DRAWS = 1000
INTERVAL = (2.5, 97.5)  # percentiles


@dataclass(frozen=True)
class Figure:
    """A number and its 95 % interval, in the metric's own unit.

    Attributes:
        value: The number.
        low: Lower end of the interval.
        high: Upper end of it.
    """

    value: float
    low: float
    high: float

    @property
    def is_not_zero(self) -> bool:
        """Whether 0 lies outside of the interval."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Resampled:
    """The metrics of R classifiers, and those of B draws of the same images.

    Attributes:
        metrics: The M metrics.
        values: (R, M) of all images.
        draws: (B, R, M) of each draw.
    """

    metrics: tuple[Metric, ...]
    values: np.ndarray
    draws: np.ndarray

    def figure(self, run: int, metric: int) -> Figure:
        """A metric of one classifier."""
        return _figure(self.values[run, metric], self.draws[:, run, metric])

    def difference(self, first: int, second: int, metric: int) -> Figure:
        """A metric of the second classifier, less that of the first."""
        values, draws = self.values[:, metric], self.draws[:, :, metric]
        return _figure(values[second] - values[first], draws[:, second] - draws[:, first])


def resample(tables: Sequence[PredictionTable], draws: int = DRAWS, seed: int = 0) -> Resampled:
    """Measure classifiers on draws of their images, with replacement; groups are drawn whole.

    Args:
        tables: Of each classifier, with the same images in the same order, as `align` gives them.
        draws: How many.
        seed: Of the draws.

    Reference:
        Efron and Tibshirani, An Introduction to the Bootstrap, 1993.
    """
    names = tables[0].class_names
    metrics = tuple(metric for metric in METRICS.values() if len(names) >= metric.least_classes)
    every = [table.predictions for table in tables]
    found = np.empty((draws, len(tables), len(metrics)))
    for place, images in enumerate(_drawn(tables[0], draws, seed)):
        found[place] = _measured([_taken(each, images) for each in every], metrics)
    return Resampled(metrics, _measured(every, metrics), found)


def _drawn(table: PredictionTable, draws: int, seed: int) -> Iterator[np.ndarray]:
    random, groups = np.random.default_rng(seed), table.groups
    members = None if groups is None else _members(groups)
    for _ in range(draws):
        if members is None:
            yield random.integers(0, len(table), len(table))
        else:
            yield np.concatenate([members[group] for group in random.integers(0, len(members), len(members))])


def _members(groups: np.ndarray) -> list[np.ndarray]:
    """The places of the images of each group."""
    order = np.argsort(groups, kind="stable")
    return np.split(order, np.cumsum(np.bincount(groups))[:-1])


def _taken(predictions: Predictions, images: np.ndarray) -> Predictions:
    """The predictions of some images: each array has a row for every image."""
    arrays = {each.name: getattr(predictions, each.name) for each in fields(predictions)}
    return replace(predictions, **{name: a[images] for name, a in arrays.items() if isinstance(a, np.ndarray)})


def _measured(every: Sequence[Predictions], metrics: Sequence[Metric]) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.array([[metric.function(each) for metric in metrics] for each in every], float)


def _figure(value: float, draws: np.ndarray) -> Figure:
    known = draws[np.isfinite(draws)]
    low, high = np.percentile(known, INTERVAL) if len(known) else (np.nan, np.nan)
    return Figure(float(value), float(low), float(high))
