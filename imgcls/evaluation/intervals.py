"""The 95 % interval of each metric: where its value lies for all images of the kind that was judged on.

A share of independent images has Wilson's interval. Everything else is resampled: the spread of the bootstrap's draws
is the standard error, and the interval is built on a scale without limits (the log-odds of what lies between 0 and 1),
where the metric's distribution is close to normal. With 200 images of ten classes its coverage is nearer to 95 % than
that of the bootstrap's percentiles, BCa included, and it never leaves the range of the metric; see
benchmarks/interval_coverage.py. Where images come in groups, such as those of one patient, groups are resampled whole.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from scipy.special import stdtrit

from imgcls.metrics import Metric, Predictions, metrics_of

QUANTILE = 0.975  # of the distribution; leaves 2.5 % at each end
CONFIDENCE = NormalDist().inv_cdf(QUANTILE)  # standard deviations that hold 95 % of a normal distribution
DRAWS, LEAST_DRAWS = 1000, 40  # of the bootstrap
MOST_CELLS = 10**8  # images times classes times draws; more of them get fewer draws
LEAST_UNITS = 5  # images, or groups where there are some, below which nothing is resampled
UNIT = (0.0, 1.0)
OF_CLASSES = ("precision", "recall", "f1", "average_precision", "roc_area")
SHARES = ("precision", "recall")  # of those
TINY = 1e-12  # a standard error, or a distance from a limit, that is only rounding


@dataclass(frozen=True)
class Interval:
    """A 95 % interval.

    Attributes:
        low: its lower end.
        high: its upper end.
    """

    low: float
    high: float


@dataclass(frozen=True)
class Intervals:
    """The intervals of predictions; None where there is too little to say.

    Attributes:
        metrics: of each metric, by its name.
        classes: of each figure of `OF_CLASSES`, by its name: one for each class.
    """

    metrics: dict[str, Interval | None]
    classes: dict[str, list[Interval | None]]


def wilson_interval(right: float, total: float) -> tuple[float, float]:
    """The 95 % interval of a share.

    Args:
        right: number of successes.
        total: number of attempts, above 0; of images that are not independent, how many of those say as much.

    Returns:
        Its lower and its upper end, in [0, 1].

    Raises:
        ValueError: the two are no share.

    Reference:
        Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927.

    Example:
        >>> low, high = wilson_interval(5, 10)
        >>> round(low, 3), round(high, 3)
        (0.237, 0.763)
    """
    if not 0 <= right <= total or not total:
        raise ValueError(f"{right} of {total} is no share; expected 0 <= right <= total and a total above 0.")
    share, square = right / total, CONFIDENCE**2
    center = (share + square / (2 * total)) / (1 + square / total)
    half = CONFIDENCE / (1 + square / total) * math.sqrt(share * (1 - share) / total + square / (4 * total**2))
    return (max(0.0, center - half) if right else 0.0), (min(1.0, center + half) if right < total else 1.0)


def intervals(
    predictions: Predictions, groups: np.ndarray | None = None, draws: int | None = None, seed: int = 0
) -> Intervals:
    """The 95 % intervals of all metrics, and of the figures of each class.

    Args:
        predictions: of one image at the least.
        groups: (N,) integers, the same for images that belong together; None where all images are independent.
        draws: of the bootstrap; None: `DRAWS`, and fewer for many images of many classes.
        seed: of the draws. The same predictions have the same intervals.

    Reference:
        Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapters 6 and 12; Field and Welsh, Bootstrapping
        Clustered Data, 2007.

    Example:
        >>> probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]] * 20)
        >>> found = intervals(Predictions.from_probabilities(np.array([0, 1, 1] * 20), probabilities))
        >>> found.metrics["accuracy"]
        Interval(low=0.5405..., high=0.7727...)
    """
    metrics = metrics_of(predictions.task)
    units = np.arange(len(predictions)) if groups is None else np.unique(groups, return_inverse=True)[1]
    values = figures(predictions, metrics)
    limits = [UNIT if metric.is_share else metric.limits for metric in metrics]
    limits += [UNIT] * (len(values) - len(metrics))
    found = _bootstrap(predictions, metrics, units, draws or _draws(predictions), seed)
    every = [
        _around(float(value), float(spread), ends, found.degrees_of_freedom)
        for value, spread, ends in zip(values, found.errors, limits, strict=True)
    ]
    size = predictions.num_classes
    of_classes = {
        name: every[len(metrics) + i * size : len(metrics) + (i + 1) * size] for i, name in enumerate(OF_CLASSES)
    }
    shares = _Shares(predictions, None if groups is None else units)
    return Intervals(
        {m.name: shares.of_metric(m, own) for m, own in zip(metrics, every[: len(metrics)], strict=True)},
        {name: shares.of_classes(name, own) for name, own in of_classes.items()},
    )


def of_classes(predictions: Predictions) -> dict[str, np.ndarray]:
    """The figures of each class: (classes,) by the names of `OF_CLASSES`; NaN where the images cannot say."""
    right, support, predicted = predictions.correct, predictions.support, predictions.predicted_support
    parts = ((right, predicted), (right, support), (2 * right, support + predicted))
    shares = [np.where(whole > 0, part / np.maximum(whole, 1), np.nan) for part, whole in parts]
    areas = (predictions.average_precisions, predictions.roc_areas)
    return dict(zip(OF_CLASSES, (*shares, *areas), strict=True))


def figures(
    predictions: Predictions, metrics: list[Metric], of_images: Mapping[str, np.ndarray] | None = None
) -> np.ndarray:
    """Every metric, then every figure of every class, as one vector; NaN where the images cannot say.

    Args:
        predictions: of one image at the least.
        metrics: the rows of `imgcls.metrics.METRICS`.
        of_images: what each image has, where that is known already, by the metrics that are means of it.
    """
    known = of_images or {}
    values = [known[m.name].mean() if m.name in known else m.function(predictions) for m in metrics]
    every = [np.nan if value is None else value for value in values]
    return np.concatenate([every, *of_classes(predictions).values()])


@dataclass(frozen=True)
class _Spread:
    errors: np.ndarray  # (figures,) standard errors; NaN where too many draws have no value
    degrees_of_freedom: int  # that they are known with


def _bootstrap(predictions: Predictions, metrics: list[Metric], units: np.ndarray, draws: int, seed: int) -> _Spread:
    """The standard errors of `figures`. units: (N,) from 0; images of one unit are drawn together."""
    count = int(units.max()) + 1
    if count < LEAST_UNITS:
        return _Spread(np.full(len(metrics) + len(OF_CLASSES) * predictions.num_classes, np.nan), count - 1)
    means = {metric.name: metric.of_images(predictions) for metric in metrics if metric.of_images}  # once for all draws
    drawn = np.stack(
        [
            figures(predictions.take(places), metrics, {name: values[places] for name, values in means.items()})
            for places in resamples(units, draws, seed)
        ]
    )
    there = np.isfinite(drawn)
    known = there.sum(axis=0)
    centers = np.where(there, drawn, 0).sum(axis=0) / np.maximum(known, 1)
    squares = np.where(there, (drawn - centers) ** 2, 0).sum(axis=0) / np.maximum(known - 1, 1)
    errors = np.sqrt(squares * count / (count - 1))
    return _Spread(np.where(known > draws / 2, errors, np.nan), min(count, draws) - 1)


def resamples(units: np.ndarray, draws: int, seed: int) -> Iterator[np.ndarray]:
    """The images of each draw of a bootstrap: as many units as there are, drawn with replacement.

    Args:
        units: (N,) integers from 0, the same for images that are drawn together.
        draws: how many.
        seed: of the draws.

    Yields:
        The indices of the images, in ascending order, each as often as it was drawn.
    """
    generator, count = np.random.default_rng(seed), int(units.max()) + 1
    for _ in range(draws):
        times = np.bincount(generator.integers(0, count, count), minlength=count)
        yield np.repeat(np.arange(len(units)), times[units])


def _draws(predictions: Predictions) -> int:
    return max(LEAST_DRAWS, min(DRAWS, MOST_CELLS // max(1, predictions.scores.size)))


def _around(value: float, error: float, limits: tuple[float, float], degrees_of_freedom: int) -> Interval | None:
    """The interval of a value by its standard error, on a scale without limits. None if nothing varies."""
    if not (math.isfinite(value) and math.isfinite(error)) or error < TINY:
        return None
    low, high = limits
    if min(value - low, high - value) < TINY:
        return None
    half = float(stdtrit(degrees_of_freedom, QUANTILE)) * error
    if math.isinf(low):
        return Interval(value - half, value + half)
    if math.isinf(high):  # on the scale of the logarithm
        factor = math.exp(half / (value - low))
        return Interval(low + (value - low) / factor, low + (value - low) * factor)
    share = (value - low) / (high - low)  # on the scale of the log-odds
    step = half / ((high - low) * share * (1 - share))
    ends = (low + (high - low) / (1 + (1 - share) / share * math.exp(sign * min(step, 500.0))) for sign in (1, -1))
    return Interval(*map(float, ends))


class _Shares:
    """Wilson's intervals of what is a share of images.

    Where images come in groups, they stand only for what does not vary, with each group as one image.

    Args:
        predictions: of N images.
        units: (N,) the group of each image, from 0; None where all images are independent.
    """

    def __init__(self, predictions: Predictions, units: np.ndarray | None) -> None:
        self.predictions, self.units = predictions, units

    def of_metric(self, metric: Metric, own: Interval | None) -> Interval | None:
        """The interval of a metric. own: that of the bootstrap."""
        if metric.of_images is None:
            return own
        values = metric.of_images(self.predictions)
        return self._of(values, own) if values.dtype == bool else own

    def of_classes(self, name: str, own: list[Interval | None]) -> list[Interval | None]:
        """The intervals of a figure of each class. own: those of the bootstrap."""
        if name not in SHARES:
            enough = self.predictions.support >= LEAST_UNITS
            return [interval if many else None for interval, many in zip(own, enough, strict=True)]
        right = self.predictions.targets
        predicted = self.predictions.predicted
        if not self.predictions.is_multi_label:
            predicted = predicted[:, None] == np.arange(self.predictions.num_classes)
        both, whole = right & predicted, predicted if name == "precision" else right
        return [self._of(both[:, i], interval, whole[:, i]) for i, interval in enumerate(own)]

    def _of(self, values: np.ndarray, own: Interval | None, whole: np.ndarray | None = None) -> Interval | None:
        """That of the share of True among the values of the images in `whole`, or among all."""
        whole = np.ones(len(values), bool) if whole is None else whole
        total = int(whole.sum())
        if not total:
            return None
        right = int(values[whole].sum())
        if self.units is None:
            return Interval(*wilson_interval(right, total))
        count = len(np.unique(self.units[whole]))
        whole_groups = Interval(*wilson_interval(count * right / total, count))
        return whole_groups if own is None or right in (0, total) else own
