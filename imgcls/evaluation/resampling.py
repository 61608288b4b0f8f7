"""Metrics of several classifiers on the same images, each with what chance makes of it: the paired bootstrap.

Every draw takes the same images for all classifiers, so that an image that is hard for all of them moves all alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from imgcls.evaluation.intervals import resamples
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.metrics import Metric, Predictions, metrics_of

DRAWS = 1000
LEAST_DRAWS, MOST_CELLS = 200, 10**7  # images, classes and draws together; more get fewer draws, but for plain means
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
    every = [table.predictions for table in tables]
    size, groups = len(tables[0].class_names), tables[0].groups
    metrics = tuple(metric for metric in metrics_of(every[0].task) if size >= metric.least_classes)
    units = np.arange(len(every[0])) if groups is None else groups
    means = [{m.name: m.of_images(each) for m in metrics if m.of_images} for each in every]
    affordable = max(LEAST_DRAWS, MOST_CELLS // max(1, every[0].scores.size * len(every)))
    found = np.full((draws, len(tables), len(metrics)), np.nan)
    for place, images in enumerate(resamples(units, draws, seed)):
        for run, predictions in enumerate(every):
            taken = predictions.take(images) if place < affordable else None
            drawn = {name: values[images] for name, values in means[run].items()}
            found[place, run] = _measured(taken, metrics, drawn)
    values = np.array([_measured(each, metrics, own) for each, own in zip(every, means, strict=True)])
    return Resampled(metrics, values, found)


def _measured(
    predictions: Predictions | None, metrics: Sequence[Metric], means: Mapping[str, np.ndarray]
) -> list[float]:
    """The value of each metric; NaN where the images cannot say. Without predictions, of those that are means alone."""
    with np.errstate(all="ignore"):
        values = [
            means[m.name].mean() if m.name in means else m.function(predictions) if predictions is not None else None
            for m in metrics
        ]
    return [np.nan if value is None else float(value) for value in values]


def _figure(value: float, draws: np.ndarray) -> Figure:
    known = draws[np.isfinite(draws)]
    low, high = np.percentile(known, INTERVAL) if len(known) else (np.nan, np.nan)
    return Figure(float(value), float(low), float(high))
