"""The evaluation of predictions: metrics of all images and of each class with their intervals, and the confusions."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np

from imgcls.evaluation.intervals import OF_CLASSES, Interval, intervals, of_classes
from imgcls.evaluation.intervals import wilson_interval as wilson_interval
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.metrics import METRICS, Metric, Predictions, measure

Ends = tuple[float, float]  # of a 95 % interval


@dataclass(frozen=True)
class ClassMetrics:
    """Metrics of one class; None where the data cannot say.

    Attributes:
        name: of the class.
        precision: of the images that are predicted as this class, the share that is of it; None if none is predicted.
        recall: of the images of this class, the share that is predicted as it; None if there are none.
        f1: harmonic mean of the two; None if the class neither appears nor is predicted.
        support: number of images of this class.
        average_precision: area under its precision over its recall, for all thresholds; None if there are no images.
        roc_area: area under its ROC curve against all other classes; None if there are no images, or no others.
        intervals: the ends of the 95 % interval of each of these figures, by its name; without those of which the
            images say too little.
    """

    name: str
    precision: float | None
    recall: float | None
    f1: float | None
    support: int
    average_precision: float | None = None
    roc_area: float | None = None
    intervals: Mapping[str, Ends] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluation:
    """The evaluation of one set of predictions.

    Attributes:
        images: number of images that were predicted.
        missing: number of images that could not be read; they count neither as right nor as wrong.
        metrics: the value of every row of `imgcls.metrics.METRICS` that is for these labels, by name; None where the
            images cannot say.
        accuracy_low: lower end of the 95 % interval of the accuracy.
        accuracy_high: upper end of it.
        classes: the metrics of each class, in the order of the model.
        confusion: numbers of images; rows are true classes, columns predicted ones, in the order of `classes`. Where an
            image may have several classes: for each class ((neither, only predicted), (only true, both)).
        intervals: the ends of the 95 % interval of each metric, by its name; without those of which the images say too
            little.
        groups: number of the groups that the images come in, such as patients; 0 if each stands by itself. The
            intervals are then those of more groups of this kind.
        multi_label: whether an image may have several classes, or none.
    """

    images: int
    missing: int
    metrics: dict[str, float | None]
    accuracy_low: float
    accuracy_high: float
    classes: tuple[ClassMetrics, ...]
    confusion: tuple[tuple[Any, ...], ...]
    intervals: Mapping[str, Ends] = field(default_factory=dict)
    groups: int = 0
    multi_label: bool = False

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
        own = {each.name: values[each.name] for each in fields(cls) if each.name in values}
        classes = (ClassMetrics(**{**row, "intervals": _ends(row.get("intervals", {}))}) for row in own["classes"])
        changed = {
            "metrics": {name: values[name] for name in METRICS if name in values},
            "classes": tuple(classes),
            "confusion": tuple(tuple(_frozen(cell) for cell in row) for row in own["confusion"]),
            "intervals": _ends(own.get("intervals", {})),
        }
        return cls(**{**own, **changed})


def _ends(found: Mapping[str, Sequence[float]]) -> dict[str, Ends]:
    return {name: (low, high) for name, (low, high) in found.items()}


def _frozen(cell: Any) -> Any:
    return tuple(cell) if isinstance(cell, list) else cell


def evaluate_table(table: PredictionTable) -> Evaluation:
    """Evaluate a table of predictions: images of one class or of several, with groups or without.

    Raises:
        ValueError: there are no images, or a label is unknown to the model.

    Example:
        >>> import pandas as pd
        >>> rows = pd.DataFrame({"image": ["a.png", "b.png"], "label": ["cat", "dog"]})
        >>> evaluate_table(PredictionTable(rows, ["cat", "dog"], np.array([[0.9, 0.1], [0.6, 0.4]]))).accuracy
        0.5
    """
    if not len(table):
        raise ValueError("There are no predictions to evaluate. Check that the split has readable images.")
    return _evaluated(table.predictions, table.class_names, table.groups, len(table.problems))


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
    return _evaluated(predictions, class_names, None, missing)


def _evaluated(
    predictions: Predictions, class_names: Sequence[str], groups: np.ndarray | None, missing: int
) -> Evaluation:
    found = intervals(predictions, groups)
    ends = {name: (each.low, each.high) for name, each in found.metrics.items() if each is not None}
    return Evaluation(
        images=len(predictions),
        missing=missing,
        metrics=measure(predictions),
        accuracy_low=ends["accuracy"][0],
        accuracy_high=ends["accuracy"][1],
        classes=_class_metrics(predictions, class_names, found.classes),
        confusion=_confusion(predictions),
        intervals=ends,
        groups=0 if groups is None else len(np.unique(groups)),
        multi_label=predictions.is_multi_label,
    )


def _confusion(predictions: Predictions) -> tuple[tuple[Any, ...], ...]:
    """The numbers of images, as `Evaluation.confusion` has them."""
    if predictions.is_multi_label:
        both = predictions.correct
        predicted, true = predictions.predicted_support - both, predictions.support - both
        neither = len(predictions) - both - predicted - true
        cells = zip(neither, predicted, true, both, strict=True)
        return tuple(((int(a), int(b)), (int(c), int(d))) for a, b, c, d in cells)
    size = predictions.num_classes
    counts = np.bincount(predictions.labels * size + predictions.predicted, minlength=size**2).reshape(size, size)
    return tuple(map(tuple, counts.tolist()))


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


def _class_metrics(
    predictions: Predictions, class_names: Sequence[str], found: Mapping[str, Sequence[Interval | None]]
) -> tuple[ClassMetrics, ...]:
    figures = of_classes(predictions)
    return tuple(
        ClassMetrics(
            name,
            support=int(predictions.support[i]),
            intervals={
                figure: (each.low, each.high) for figure in OF_CLASSES if (each := found[figure][i]) is not None
            },
            **{figure: _number(values[i]) for figure, values in figures.items()},
        )
        for i, name in enumerate(class_names)
    )


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
