"""What predictions are worth, in figures."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np

CONFIDENCE = 1.959964  # standard deviations that hold 95 % of a normal distribution
LEAST_PROBABILITY = 1e-15  # under the logarithm


@dataclass(frozen=True)
class ClassMetrics:
    """Figures of one class; None where the data cannot say.

    precision: of the images that were given this name, the share that bears it; None if none was.
    recall: of the images that bear this name, the share that was given it; None if there are none.
    f1: harmonic mean of the two; None if the class neither appears nor is predicted.
    support: how many images bear this name.
    """

    name: str
    precision: float | None
    recall: float | None
    f1: float | None
    support: int


@dataclass(frozen=True)
class Evaluation:
    """Figures of one set of predictions.

    images: that were predicted; missing: that could not be read, and count neither as right nor as wrong.
    accuracy_low, accuracy_high: Wilson's 95 % interval.
    balanced_accuracy: mean recall over the classes that appear.
    macro_f1: mean F1 over the classes that appear.
    log_loss: mean of -ln(probability of the true class).
    confusion: rows are true classes, columns predicted ones, in the order of `classes`.
    """

    images: int
    missing: int
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    balanced_accuracy: float
    macro_f1: float
    log_loss: float
    classes: tuple[ClassMetrics, ...]
    confusion: tuple[tuple[int, ...], ...]

    def to_dict(self) -> dict:
        """The figures as evaluation.json holds them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping) -> "Evaluation":
        """The figures of what `to_dict` gave; further entries are left out."""
        own = {each.name: values[each.name] for each in fields(cls)}
        classes = tuple(ClassMetrics(**row) for row in own["classes"])
        return cls(**{**own, "classes": classes, "confusion": tuple(map(tuple, own["confusion"]))})


def evaluate_predictions(
    labels: Sequence[str], probabilities: np.ndarray, class_names: Sequence[str], missing: int = 0
) -> Evaluation:
    """Judge predictions.

    labels: the true class of each image, by name; a class of the model may be absent, a strange one may not.
    probabilities: (number of images, number of classes), in the order of `class_names`.

    Raises ValueError if there are no images, the shapes differ, or a label is unknown to the model.
    """
    probabilities = np.asarray(probabilities, np.float64)
    if not len(labels):
        raise ValueError("There are no predictions to judge. Check that the split has readable images.")
    if probabilities.shape != (len(labels), len(class_names)):
        raise ValueError(
            f"probabilities has shape {probabilities.shape}; expected ({len(labels)}, {len(class_names)})."
        )
    index = {name: i for i, name in enumerate(class_names)}
    strangers = sorted(set(labels) - set(index))
    if strangers:
        raise ValueError(f"The model does not know the class {strangers[0]!r}. It knows: {', '.join(class_names)}.")

    true = np.array([index[label] for label in labels])
    confusion = np.zeros((len(class_names), len(class_names)), int)
    np.add.at(confusion, (true, probabilities.argmax(axis=1)), 1)
    right, support, predicted = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    classes = tuple(
        ClassMetrics(name, _share(right[i], predicted[i]), _share(right[i], support[i]),
                     _share(2 * right[i], support[i] + predicted[i]), int(support[i]))
        for i, name in enumerate(class_names)
    )  # fmt: skip
    low, high = wilson_interval(int(right.sum()), len(true))
    of_true = probabilities[np.arange(len(true)), true]
    return Evaluation(
        images=len(true),
        missing=missing,
        accuracy=float(right.sum() / len(true)),
        accuracy_low=low,
        accuracy_high=high,
        balanced_accuracy=float(np.mean([c.recall for c in classes if c.support])),
        macro_f1=float(np.mean([c.f1 for c in classes if c.support])),
        log_loss=float(-np.log(np.maximum(of_true, LEAST_PROBABILITY)).mean()),
        classes=classes,
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
    )


def wilson_interval(right: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share: Wilson, Probable Inference, the Law of Succession, 1927."""
    if not 0 <= right <= total or not total:
        raise ValueError(f"{right} of {total} is no share; expected 0 <= right <= total and a total above 0.")
    share, square = right / total, CONFIDENCE**2
    center = (share + square / (2 * total)) / (1 + square / total)
    half = CONFIDENCE / (1 + square / total) * math.sqrt(share * (1 - share) / total + square / (4 * total**2))
    return max(0.0, center - half), min(1.0, center + half)


def _share(part: int, whole: int) -> float | None:
    return float(part / whole) if whole else None
