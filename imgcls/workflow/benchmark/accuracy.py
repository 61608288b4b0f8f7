"""How good a network is on the images, with the 95 % interval."""

from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from imgcls.evaluation.intervals import intervals, wilson_interval
from imgcls.metrics import Predictions, metric_for

DRAWS = 200  # of the bootstrap of images that may have several classes


class Judged(NamedTuple):
    """What predictions are worth.

    Attributes:
        metric: The name of the metric, of `imgcls.metrics.METRICS`.
        value: Of it, 0 to 1.
        low: Lower end of its 95 % interval.
        high: Upper end of it.
    """

    metric: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Accuracy:
    """How good a network is, and how long it took to find out.

    Attributes:
        judged: What its predictions are worth, of each image by a classifier that has not seen it.
        images: Number of the images that were judged.
        how: What was trained, in a few words.
        train_seconds: What the training took; None where its features lay in the cache.
        reached: After so many seconds of training this value of the metric, for each epoch.
    """

    judged: Judged
    images: int
    how: str
    train_seconds: float | None
    reached: tuple[tuple[float, float], ...] = ()


def judge(predictions: Predictions, units: pd.Series) -> Judged:
    """The accuracy of predictions, or macro average precision where an image may have several classes.

    The interval is Wilson's for independent images of one class each, else that of the bootstrap, by groups where there
    are some. Where nothing varies in the draws, it is Wilson's of as many groups.

    Args:
        predictions: Of N images.
        units: (N,) the same for images that belong together.

    Example:
        >>> import numpy as np
        >>> predictions = Predictions.from_probabilities(np.array([0, 1] * 20), np.full((40, 2), 0.5))
        >>> found = judge(predictions, units=pd.Series(range(40)))
        >>> found.metric, found.value, round(found.low, 2)
        ('accuracy', 0.5, 0.35)
    """
    metric = metric_for("auto", predictions.task)
    value, count = metric.function(predictions) or 0.0, units.nunique()
    if predictions.is_multi_label or count < len(units):
        draws = DRAWS if predictions.is_multi_label else None
        interval = intervals(predictions, pd.factorize(units)[0], draws).metrics[metric.name]
        if interval is not None:
            return Judged(metric.name, value, interval.low, interval.high)
    return Judged(metric.name, value, *wilson_interval(value * count, count))
