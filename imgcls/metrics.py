"""The metrics of a classifier: one table, which everything that measures or chooses reads.

Validation after each epoch, `--best-epoch`, early stopping, the search and the folds, the evaluation on the test split
and its report all take their metrics from `METRICS`. A new one is a function and a row: see docs/extend/metric.md.

The options name the metrics, so this module is imported for every `--help`: it imports NumPy only to compute.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np

LEAST_PROBABILITY = 1e-15  # under the logarithm
COLUMNS_AT_ONCE = 64  # classes whose scores are sorted together, so that a copy of them fits into memory
TOP = 5  # classes with the highest scores, among which top-5 accuracy looks for the label
Task = Literal["single_label", "multi_label"]  # whether an image has one class, or any number of them
BOTH: tuple[Task, ...] = ("single_label", "multi_label")


@dataclass(frozen=True)
class Predictions:
    """The predictions of a classifier for labelled images, as the metrics read them.

    Attributes:
        labels: (N,) integers, the index of each image's class; or (N, classes) bool where an image may have several
            classes or none.
        scores: (N, classes) float64; where an image has one class, that with the highest score is predicted.
        log_probabilities: (N, classes) float64; natural logarithms.
        log_complements: (N, classes) float64, the logarithms of one minus the probabilities, where an image may have
            several classes; else None.
    """

    labels: "np.ndarray"
    scores: "np.ndarray"
    log_probabilities: "np.ndarray"
    log_complements: "np.ndarray | None" = None

    @classmethod
    def from_logits(cls, labels: "np.ndarray", logits: "np.ndarray") -> "Predictions":
        """Predictions by the scores before the softmax, or before the sigmoids.

        Args:
            labels: (N,) integers; or (N, classes) bool for sigmoids.
            logits: (N, classes), any scale.
        """
        import numpy as np

        labels, scores = np.asarray(labels), np.asarray(logits, np.float64)
        if labels.ndim == 2:
            return cls(labels.astype(bool), scores, -np.logaddexp(0.0, -scores), -np.logaddexp(0.0, scores))
        scores = scores - scores.max(axis=1, keepdims=True)
        return cls(labels, scores, scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)))

    @classmethod
    def from_probabilities(cls, labels: "np.ndarray", probabilities: "np.ndarray") -> "Predictions":
        """Predictions by the probabilities of the classes.

        Args:
            labels: (N,) integers; or (N, classes) bool where each probability stands by itself.
            probabilities: (N, classes) in [0, 1].
        """
        import numpy as np

        labels, scores = np.asarray(labels), np.asarray(probabilities, np.float64)
        logarithms = np.log(np.maximum(scores, LEAST_PROBABILITY))
        if labels.ndim == 2:
            complements = np.log(np.maximum(1.0 - scores, LEAST_PROBABILITY))
            return cls(labels.astype(bool), scores, logarithms, complements)
        return cls(labels, scores, logarithms)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def is_multi_label(self) -> bool:
        """Whether an image may have several classes, or none."""
        return self.labels.ndim == 2

    @property
    def task(self) -> Task:
        """Which rows of `METRICS` are for these predictions."""
        return "multi_label" if self.is_multi_label else "single_label"

    @property
    def num_classes(self) -> int:
        """Number of classes of the classifier; not all of them have to appear."""
        return int(self.scores.shape[1])

    @cached_property
    def targets(self) -> "np.ndarray":
        """(N, classes) bool; which classes each image has."""
        import numpy as np

        if self.is_multi_label:
            return self.labels
        found: np.ndarray = self.labels[:, None] == np.arange(self.num_classes)
        return found

    @cached_property
    def predicted(self) -> "np.ndarray":
        """(N,) the class with the highest score; or (N, classes) bool, the classes with a probability of 0.5 or more.

        The second where an image may have several classes.
        """
        import numpy as np

        if self.log_complements is not None:
            likely: np.ndarray = self.log_probabilities >= self.log_complements
            return likely
        likeliest: np.ndarray = np.argmax(self.scores, axis=1)
        return likeliest

    @cached_property
    def support(self) -> "np.ndarray":
        """(classes,) numbers of images of each class."""
        return self._counted(self.labels)

    @cached_property
    def predicted_support(self) -> "np.ndarray":
        """(classes,) numbers of images for which each class is predicted."""
        return self._counted(self.predicted)

    @cached_property
    def correct(self) -> "np.ndarray":
        """(classes,) numbers of images of each class for which it is predicted."""
        if self.is_multi_label:
            return self._counted(self.labels & self.predicted)
        return self._counted(self.labels[self.predicted == self.labels])

    def take(self, images: "np.ndarray") -> "Predictions":
        """The predictions of some of the images, each as often as it is named.

        Args:
            images: their indices.
        """
        complements = None if self.log_complements is None else self.log_complements[images]
        taken = Predictions(self.labels[images], self.scores[images], self.log_probabilities[images], complements)
        taken.__dict__["predicted"] = self.predicted[images]  # known already, for each of a thousand draws
        return taken

    def of_labels(self, values: "np.ndarray") -> "np.ndarray":
        """(N,) the value of each image's true class, where it has one.

        Args:
            values: (N, classes), such as `scores`.
        """
        import numpy as np

        return np.take_along_axis(values, self.labels[:, None], axis=1)[:, 0]

    def _counted(self, classes: "np.ndarray") -> "np.ndarray":
        """(classes,) how often each class is named: classes (N,) by its index, or (N, classes) by True."""
        import numpy as np

        if classes.ndim == 2:
            return np.asarray(classes.sum(axis=0))
        return np.bincount(classes, minlength=self.num_classes)

    @property
    def average_precisions(self) -> "np.ndarray":
        """(classes,) the average precision of each class: the area under its steps of precision over recall.

        NaN for a class without images.
        """
        areas: np.ndarray = self._ranking[0]
        return areas

    @property
    def roc_areas(self) -> "np.ndarray":
        """(classes,) the area under the ROC curve of each class against all others.

        It is the probability that an image of the class has a higher score than one of the others. NaN for a class
        without images, or without others.
        """
        areas: np.ndarray = self._ranking[1]
        return areas

    @cached_property
    def _ranking(self) -> "np.ndarray":
        """(2, classes), the average precisions and the ROC areas.

        Both need only how many images stand above each one of a class, so that 1,000 classes take seconds.
        """
        import numpy as np

        found = np.full((2, self.num_classes), np.nan)
        for first in range(0, self.num_classes, COLUMNS_AT_ONCE):
            columns = np.ascontiguousarray(self.log_probabilities[:, first : first + COLUMNS_AT_ONCE].T)
            for i, values in enumerate(columns, first):
                own = self.labels[:, i] if self.is_multi_label else self.labels == i
                if own.any():
                    found[:, i] = _ranked(values[own], values)
        return found


def _ranked(own: "np.ndarray", scores: "np.ndarray") -> tuple[float, float]:
    """The average precision and the ROC area of one class. own: the scores of its images; scores: those of all."""
    import numpy as np

    own, scores = np.sort(own), np.sort(scores)
    at, above = (len(scores) - np.searchsorted(scores, own, side) for side in ("left", "right"))
    own_at, own_above = (len(own) - np.searchsorted(own, own, side) for side in ("left", "right"))
    others = len(scores) - len(own)
    before = (at - own_at + above - own_above) / 2  # others with a higher score; those with an equal one count half
    return float((own_at / at).mean()), float(1 - before.mean() / others) if others else np.nan


def _mean(values: "np.ndarray") -> float | None:
    """The mean of what is no NaN; None if there is nothing."""
    import numpy as np

    there = values[~np.isnan(values)]
    return float(there.mean()) if len(there) else None


def right(predictions: Predictions) -> "np.ndarray":
    """(N,) bool; whether the class of each image is predicted: of several classes, all of them and no other."""
    import numpy as np

    found: np.ndarray = predictions.predicted == predictions.labels
    return np.asarray(found.all(axis=1)) if predictions.is_multi_label else found


def accuracy(predictions: Predictions) -> float:
    """Share of the images that are right: of several labels, all of them (subset accuracy)."""
    return float(right(predictions).mean())


def balanced_accuracy(predictions: Predictions) -> float:
    """Mean recall over the classes that appear, also called macro recall.

    Reference:
        Brodersen et al., The Balanced Accuracy and Its Posterior Distribution, 2010.
    """
    there = predictions.support > 0
    return float((predictions.correct[there] / predictions.support[there]).mean())


def macro_precision(predictions: Predictions) -> float | None:
    """Mean precision over the classes that appear; that of a class that is never predicted counts as 0."""
    there = predictions.support > 0
    return _mean(predictions.correct[there] / predictions.predicted_support[there].clip(1))


def macro_recall(predictions: Predictions) -> float | None:
    """Mean recall over the classes that appear."""
    there = predictions.support > 0
    return _mean(predictions.correct[there] / predictions.support[there])


def macro_f1(predictions: Predictions) -> float | None:
    """Mean over the classes that appear of F1, the harmonic mean of precision and recall."""
    there = predictions.support > 0
    sums = predictions.support + predictions.predicted_support
    return _mean(2 * predictions.correct[there] / sums[there])


def micro_f1(predictions: Predictions) -> float | None:
    """F1 of all labels of all images together: 2 * correct / (labels + predicted labels)."""
    labels = int(predictions.support.sum() + predictions.predicted_support.sum())
    return float(2 * predictions.correct.sum() / labels) if labels else None


def label_errors(predictions: Predictions) -> "np.ndarray":
    """(N,) share of the classes that are wrong for each image: predicted without being its own, or the reverse."""
    wrong: np.ndarray = predictions.targets != predictions.predicted
    found: np.ndarray = wrong.mean(axis=1)
    return found


def hamming_loss(predictions: Predictions) -> float:
    """Share of the labels, one for each image and class, that are wrong."""
    return float(label_errors(predictions).mean())


def among_the_top_5(predictions: Predictions) -> "np.ndarray":
    """(N,) bool; whether the class of each image is among the five with the highest scores."""
    above = predictions.scores > predictions.of_labels(predictions.scores)[:, None]
    found: np.ndarray = above.sum(axis=1) < TOP
    return found


def top_5_accuracy(predictions: Predictions) -> float:
    """Share of the images whose class is among the five with the highest scores."""
    return float(among_the_top_5(predictions).mean())


def macro_average_precision(predictions: Predictions) -> float | None:
    """Mean over the classes that appear of the average precision: the usual mAP where an image has several classes."""
    return _mean(predictions.average_precisions)


def macro_roc_area(predictions: Predictions) -> float | None:
    """Mean over the classes of the area under the ROC curve of the class against all others.

    Reference:
        Fawcett, An Introduction to ROC Analysis, 2006.
    """
    return _mean(predictions.roc_areas)


def cohen_kappa(predictions: Predictions) -> float | None:
    """The share of agreement beyond that by chance: 1 is perfect, 0 is no better than chance.

    Reference:
        Cohen, A Coefficient of Agreement for Nominal Scales, 1960.
    """
    total = len(predictions)
    by_chance = float((predictions.support / total) @ (predictions.predicted_support / total))
    return (accuracy(predictions) - by_chance) / (1 - by_chance) if by_chance < 1 else None


def matthews_coefficient(predictions: Predictions) -> float | None:
    """The correlation of the labels and the predicted classes: 1 is perfect, 0 is no better than chance.

    None if all images are of one class, or if one class is predicted for all.

    Reference:
        Gorodkin, Comparing Two K-Category Assignments by a K-Category Correlation Coefficient, 2004.
    """
    labels, predicted = predictions.support.astype(float), predictions.predicted_support.astype(float)
    square = len(predictions) ** 2
    spread = (square - labels @ labels) * (square - predicted @ predicted)
    common = len(predictions) * float(predictions.correct.sum()) - labels @ predicted
    return float(common / spread**0.5) if spread > 0 else None


def cross_entropies(predictions: Predictions) -> "np.ndarray":
    """(N,) -ln(probability of the true class) of each image; of several classes, the mean over all classes."""
    import numpy as np

    if predictions.log_complements is None:
        return -predictions.of_labels(predictions.log_probabilities)
    chosen = np.where(predictions.labels, predictions.log_probabilities, predictions.log_complements)
    return np.asarray(-chosen.mean(axis=1))


def cross_entropy(predictions: Predictions) -> float:
    """Mean of -ln(probability of the true class): the cross-entropy, which scikit-learn calls log loss.

    Where an image may have several classes: the binary cross-entropy, whose mean is over images and classes.
    """
    return float(cross_entropies(predictions).mean())


def squared_errors(predictions: Predictions) -> "np.ndarray":
    """(N,) squared distance of the probabilities from the truth of each image, in [0, 2]; see `brier_score`."""
    import numpy as np

    probabilities = np.exp(predictions.log_probabilities)
    if predictions.is_multi_label:
        return np.asarray(((probabilities - predictions.labels) ** 2).mean(axis=1))
    lengths = np.einsum("ij,ij->i", probabilities, probabilities)
    return np.asarray(lengths + 1 - 2 * predictions.of_labels(probabilities))


def brier_score(predictions: Predictions) -> float:
    """Mean squared distance of the probabilities from the true class, in [0, 2].

    Where an image may have several classes, the mean is over images and classes, in [0, 1].

    Reference:
        Brier, Verification of Forecasts Expressed in Terms of Probability, 1950.
    """
    return float(squared_errors(predictions).mean())


@dataclass(frozen=True)
class Metric:
    """A row of `METRICS`.

    Attributes:
        name: what `--best-epoch`, metrics.jsonl (behind "val_") and evaluation.json call it.
        function: computes it; None where these images cannot say.
        title: what reports call it.
        explanation: a few words for readers of the report.
        higher_is_better: whether a higher value is that of the better classifier.
        is_share: whether it lies in [0, 1] and is shown in percent.
        least_classes: with fewer classes it says nothing, and reports leave it out.
        in_curves: whether the report and the app draw it after each epoch.
        tasks: whether it is for images of one class, for those of several, or for both.
        limits: the lowest and the highest value that it can have; those of a share are 0 and 1.
        of_images: (N,), what each image has, of which the metric is the mean; None where it is no mean over images.
    """

    name: str
    function: Callable[[Predictions], float | None]
    title: str
    explanation: str = ""
    higher_is_better: bool = True
    is_share: bool = True
    least_classes: int = 2
    in_curves: bool = False
    tasks: tuple[Task, ...] = BOTH
    limits: tuple[float, float] = (-inf, inf)
    of_images: "Callable[[Predictions], np.ndarray] | None" = None

    @property
    def on_validation(self) -> str:
        """The name of its value on the validation split, as Keras names it.

        Example:
            >>> METRICS["accuracy"].on_validation
            'val_accuracy'
        """
        return f"val_{self.name}"

    @property
    def curve_title(self) -> str:
        """The title of its curve: the loss that is trained may be another one than log loss.

        Example:
            >>> METRICS["balanced_accuracy"].curve_title
            'balanced accuracy'
        """
        return self.name.replace("_", " ")

    def rank(self, value: float) -> float:
        """A number that is higher for the better classifier: the value, or its negative. The rank of a rank is the
        value.

        Example:
            >>> METRICS["loss"].rank(0.25)
            -0.25
        """
        return value if self.higher_is_better else -value

    def shown(self, value: float) -> str:
        """The value as reports show it.

        Example:
            >>> METRICS["accuracy"].shown(0.9125), METRICS["loss"].shown(0.25)
            ('91.2 %', '0.250')
        """
        return f"{100 * value:.1f} %" if self.is_share else f"{value:.3f}"


SINGLE: tuple[Task, ...] = ("single_label",)
MULTI: tuple[Task, ...] = ("multi_label",)
UNIT = (0.0, 1.0)
LOWER: dict[str, Any] = {"higher_is_better": False, "is_share": False}  # of what is no share, and best when it is low
ROWS = (
    Metric("accuracy", accuracy, "accuracy", "share of the images that are right", in_curves=True, of_images=right),
    Metric("balanced_accuracy", balanced_accuracy, "balanced accuracy", "mean recall of the classes", tasks=SINGLE),
    Metric("macro_precision", macro_precision, "macro precision", "mean precision of the classes"),
    Metric("macro_recall", macro_recall, "macro recall", "mean recall of the classes", tasks=MULTI),
    Metric("macro_f1", macro_f1, "macro F1", "mean F1 of the classes", is_share=False, limits=UNIT),
    Metric("micro_f1", micro_f1, "micro F1", "F1 of all labels together", is_share=False, limits=UNIT, tasks=MULTI),
    Metric(
        "hamming_loss",
        hamming_loss,
        "Hamming loss",
        "share of the labels that are wrong",
        higher_is_better=False,
        tasks=MULTI,
        of_images=label_errors,
    ),
    Metric(
        "top_5_accuracy",
        top_5_accuracy,
        "top-5 accuracy",
        "the class is among the best five",
        least_classes=6,
        tasks=SINGLE,
        of_images=among_the_top_5,
    ),
    Metric(
        "macro_average_precision",
        macro_average_precision,
        "macro average precision",
        "mean area under precision and recall",
        is_share=False,
        limits=UNIT,
    ),
    Metric(
        "macro_roc_area",
        macro_roc_area,
        "macro ROC area",
        "mean area under the ROC curves",
        is_share=False,
        limits=UNIT,
    ),
    Metric(
        "cohen_kappa",
        cohen_kappa,
        "Cohen's kappa",
        "0 is no better than chance",
        is_share=False,
        limits=(-1.0, 1.0),
        tasks=SINGLE,
    ),
    Metric(
        "matthews_coefficient",
        matthews_coefficient,
        "Matthews' coefficient",
        "0 is no better than chance",
        is_share=False,
        limits=(-1.0, 1.0),
        tasks=SINGLE,
    ),
    Metric(
        "loss",
        cross_entropy,
        "log loss",
        "0 is certain and right",
        in_curves=True,
        limits=(0.0, inf),
        of_images=cross_entropies,
        **LOWER,
    ),
    Metric(
        "brier_score",
        brier_score,
        "Brier score",
        "0 is certain and right",
        limits=(0.0, 2.0),
        of_images=squared_errors,
        **LOWER,
    ),
)
METRICS = {metric.name: metric for metric in ROWS}
AUTO = {"single_label": "accuracy", "multi_label": "macro_average_precision"}  # what `--best-epoch auto` goes by


def metric_for(name: str, task: Task) -> Metric:
    """The metric of this name, as `--best-epoch` has it.

    Args:
        name: of a row of `METRICS`; "auto" is accuracy, and macro average precision where an image may have several
            classes.
        task: what the metric is to judge.

    Raises:
        ValueError: the metric is not for this task.

    Example:
        >>> metric_for("auto", "single_label").name, metric_for("auto", "multi_label").name
        ('accuracy', 'macro_average_precision')
    """
    metric = METRICS[
        {"single_label": "accuracy", "multi_label": "macro_average_precision"}[task] if name == "auto" else name
    ]
    if task not in metric.tasks:
        images = "one class" if task == "single_label" else "several classes"
        others = ", ".join(other.name for other in metrics_of(task))
        raise ValueError(f"{name} is no metric for images of {images}. Choose one of {others}.")
    return metric


def metrics_of(task: Task) -> list[Metric]:
    """The rows of `METRICS` that are for images of one class, or for images of several."""
    return [metric for metric in METRICS.values() if task in metric.tasks]


def measure(predictions: Predictions) -> dict[str, float | None]:
    """The value of every metric that is for these predictions, by name; None where these images cannot say.

    Args:
        predictions: of one image at the least.

    Example:
        >>> import numpy as np
        >>> values = measure(Predictions.from_probabilities(np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]])))
        >>> values["accuracy"], round(values["loss"], 3)
        (0.5, 0.857)
    """
    return {metric.name: metric.function(predictions) for metric in metrics_of(predictions.task)}


def measure_validation(predictions: Predictions) -> dict[str, float]:
    """The value of every metric, with "val_" before its name, as Keras names those of the validation split.

    A metric that the images cannot say is 0 after every epoch, so that it prefers none.
    """
    return {METRICS[name].on_validation: value or 0.0 for name, value in measure(predictions).items()}
