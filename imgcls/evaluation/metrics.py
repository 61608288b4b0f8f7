"""The evaluation of predictions: the metrics of all images, those of each class, and the confusion matrix."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from imgcls.metrics import METRICS, Metric, Predictions, measure, right

CONFIDENCE = 1.959964  # standard deviations that hold 95 % of a normal distribution


@dataclass(frozen=True)
class ClassMetrics:
    """Metrics of one class; None where the data cannot say.

    Attributes:
        name: of the class.
        precision: of the images that are predicted as this class, the share that is of it; None if none is predicted.
        recall: of the images of this class, the share that is predicted as it; None if there are none.
        f1: harmonic mean of the two; None if the class neither appears nor is predicted.
        support: number of images of this class.
    """

    name: str
    precision: float | None
    recall: float | None
    f1: float | None
    support: int


@dataclass(frozen=True)
class Evaluation:
    """The evaluation of one set of predictions.

    Attributes:
        images: number of images that were predicted.
        missing: number of images that could not be read; they count neither as right nor as wrong.
        metrics: the value of every row of `imgcls.metrics.METRICS`, by name.
        accuracy_low: lower end of Wilson's 95 % interval of the accuracy.
        accuracy_high: upper end of it.
        classes: the metrics of each class, in the order of the model.
        confusion: numbers of images; rows are true classes, columns predicted ones, in the order of `classes`.
    """

    images: int
    missing: int
    metrics: dict[str, float | None]
    accuracy_low: float
    accuracy_high: float
    classes: tuple[ClassMetrics, ...]
    confusion: tuple[tuple[int, ...], ...]

    @property
    def accuracy(self) -> float:
        """Share of the images whose class is predicted, in [0, 1]."""
        found = self.metrics["accuracy"]
        return float("nan") if found is None else found

    def shown_metrics(self) -> list[tuple[Metric, str]]:
        """The metrics that say something about this number of classes, each with its value as reports show it."""
        return [
            (metric, metric.shown(value))
            for metric in METRICS.values()
            if len(self.classes) >= metric.least_classes and (value := self.metrics.get(metric.name)) is not None
        ]

    def to_dict(self) -> dict[str, object]:
        """The evaluation as evaluation.json holds it: each metric stands beside the other facts by its name."""
        facts: dict[str, object] = asdict(self)
        del facts["metrics"]
        return {"images": self.images, "missing": self.missing, **self.metrics, **facts}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Evaluation":
        """The evaluation of what `to_dict` gave; further entries are left out."""
        own = {each.name: values[each.name] for each in fields(cls) if each.name != "metrics"}
        return cls(
            **{
                **own,
                "metrics": {name: values[name] for name in METRICS if name in values},
                "classes": tuple(ClassMetrics(**row) for row in own["classes"]),
                "confusion": tuple(map(tuple, own["confusion"])),
            }
        )


def evaluate_predictions(
    labels: Sequence[str] | np.ndarray, probabilities: np.ndarray, class_names: Sequence[str], missing: int = 0
) -> Evaluation:
    """Evaluate predictions.

    Args:
        labels: the true class of each image, by name. Not every class of the model has to appear.
        probabilities: (number of images, number of classes) in [0, 1], in the order of `class_names`.
        class_names: the classes of the model.
        missing: number of images that could not be read.

    Returns:
        The metrics of all images and of each class.

    Raises:
        ValueError: there are no images, the shapes differ, or a label is unknown to the model.

    Example:
        >>> evaluation = evaluate_predictions(["cat", "dog"], np.array([[0.9, 0.1], [0.6, 0.4]]), ["cat", "dog"])
        >>> evaluation.accuracy, evaluation.classes[0].recall
        (0.5, 1.0)
    """
    predictions = Predictions.from_probabilities(*_checked(labels, probabilities, class_names))
    confusion = np.zeros((len(class_names), len(class_names)), int)
    if not predictions.is_multi_label:
        np.add.at(confusion, (predictions.labels, predictions.predicted), 1)
    low, high = wilson_interval(int(right(predictions).sum()), len(labels))
    return Evaluation(
        images=len(labels),
        missing=missing,
        metrics=measure(predictions),
        accuracy_low=low,
        accuracy_high=high,
        classes=_class_metrics(predictions, class_names),
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
    )


def _checked(
    labels: Sequence[str] | np.ndarray, probabilities: np.ndarray, class_names: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """The index of each label, and the probabilities."""
    probabilities = np.asarray(probabilities, np.float64)
    if not len(labels):
        raise ValueError("There are no predictions to evaluate. Check that the split has readable images.")
    if probabilities.shape != (len(labels), len(class_names)):
        raise ValueError(
            f"probabilities has shape {probabilities.shape}; expected ({len(labels)}, {len(class_names)})."
        )
    if np.ndim(labels) == 2:
        return np.asarray(labels, bool), probabilities
    index = {name: i for i, name in enumerate(class_names)}
    unknown = sorted(set(labels) - set(index))
    if unknown:
        raise ValueError(f"The model does not know the class {unknown[0]!r}. It knows: {', '.join(class_names)}.")
    return np.array([index[label] for label in labels]), probabilities


def _class_metrics(predictions: Predictions, class_names: Sequence[str]) -> tuple[ClassMetrics, ...]:
    hits, support, predicted = predictions.correct, predictions.support, predictions.predicted_support
    return tuple(
        ClassMetrics(
            name,
            precision=_share(hits[i], predicted[i]),
            recall=_share(hits[i], support[i]),
            f1=_share(2 * hits[i], support[i] + predicted[i]),
            support=int(support[i]),
        )
        for i, name in enumerate(class_names)
    )


def wilson_interval(right: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share.

    Args:
        right: number of successes.
        total: number of attempts, at least 1.

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
    return max(0.0, center - half), min(1.0, center + half)


def _share(part: int, whole: int) -> float | None:
    return float(part / whole) if whole else None
