"""The metrics of a classifier: one table, which everything that measures or chooses reads.

Validation after each epoch, `--best-epoch`, early stopping, the search and the folds, the evaluation on the test split
and its report all take their metrics from `METRICS`. A new one is a function and a row: see docs/extend/metric.md.

The options name the metrics, so this module is imported for every `--help`: it imports NumPy only to compute.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

LEAST_PROBABILITY = 1e-15  # under the logarithm
TOP = 5  # classes with the highest scores, among which top-5 accuracy looks for the label


@dataclass(frozen=True)
class Predictions:
    """The predictions of a classifier for labelled images, as the metrics read them.

    Attributes:
        labels: (N,) integers; the index of each image's class.
        scores: (N, classes) float64; the class with the highest one is predicted.
        log_probabilities: (N, classes) float64; natural logarithms.
    """

    labels: "np.ndarray"
    scores: "np.ndarray"
    log_probabilities: "np.ndarray"

    @classmethod
    def from_logits(cls, labels: "np.ndarray", logits: "np.ndarray") -> "Predictions":
        """Predictions by the scores before the softmax.

        Args:
            labels: (N,) integers.
            logits: (N, classes), any scale.
        """
        import numpy as np

        scores = np.asarray(logits, np.float64)
        scores = scores - scores.max(axis=1, keepdims=True)
        return cls(np.asarray(labels), scores, scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)))

    @classmethod
    def from_probabilities(cls, labels: "np.ndarray", probabilities: "np.ndarray") -> "Predictions":
        """Predictions by the probabilities of the classes.

        Args:
            labels: (N,) integers.
            probabilities: (N, classes) in [0, 1].
        """
        import numpy as np

        scores = np.asarray(probabilities, np.float64)
        return cls(np.asarray(labels), scores, np.log(np.maximum(scores, LEAST_PROBABILITY)))

    @cached_property
    def predicted(self) -> "np.ndarray":
        """(N,) the class with the highest score."""
        import numpy as np

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
        return self._counted(self.labels[self.predicted == self.labels])

    def of_labels(self, values: "np.ndarray") -> "np.ndarray":
        """(N,) the value of each image's true class.

        Args:
            values: (N, classes), such as `scores`.
        """
        import numpy as np

        return np.take_along_axis(values, self.labels[:, None], axis=1)[:, 0]

    def _counted(self, classes: "np.ndarray") -> "np.ndarray":
        import numpy as np

        return np.bincount(classes, minlength=self.scores.shape[1])


def accuracy(predictions: Predictions) -> float:
    """Share of the images whose class is predicted."""
    return float(predictions.correct.sum() / len(predictions.labels))


def balanced_accuracy(predictions: Predictions) -> float:
    """Mean recall over the classes that appear.

    Reference:
        Brodersen et al., The Balanced Accuracy and Its Posterior Distribution, 2010.
    """
    there = predictions.support > 0
    return float((predictions.correct[there] / predictions.support[there]).mean())


def macro_f1(predictions: Predictions) -> float:
    """Mean over the classes that appear of F1, the harmonic mean of precision and recall."""
    there = predictions.support > 0
    sums = predictions.support + predictions.predicted_support
    return float((2 * predictions.correct[there] / sums[there]).mean())


def top_5_accuracy(predictions: Predictions) -> float:
    """Share of the images whose class is among the five with the highest scores."""
    above = predictions.scores > predictions.of_labels(predictions.scores)[:, None]
    return float((above.sum(axis=1) < TOP).mean())


def cross_entropy(predictions: Predictions) -> float:
    """Mean of -ln(probability of the true class): the cross-entropy, which scikit-learn calls log loss."""
    return float(-predictions.of_labels(predictions.log_probabilities).mean())


@dataclass(frozen=True)
class Metric:
    """A row of `METRICS`.

    Attributes:
        name: what `--best-epoch`, metrics.jsonl (behind "val_") and evaluation.json call it.
        function: computes it.
        title: what reports call it.
        explanation: a few words for readers of the report.
        higher_is_better: whether a higher value is that of the better classifier.
        is_share: whether it lies in [0, 1] and is shown in percent.
        least_classes: with fewer classes it says nothing, and reports leave it out.
        in_curves: whether the report and the app draw it after each epoch.
    """

    name: str
    function: Callable[[Predictions], float]
    title: str
    explanation: str = ""
    higher_is_better: bool = True
    is_share: bool = True
    least_classes: int = 2
    in_curves: bool = False

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


ROWS = (
    Metric("accuracy", accuracy, "accuracy", "share of the images that are right", in_curves=True),
    Metric("balanced_accuracy", balanced_accuracy, "balanced accuracy", "mean recall of the classes"),
    Metric("macro_f1", macro_f1, "macro F1", "mean F1 of the classes", is_share=False),
    Metric("top_5_accuracy", top_5_accuracy, "top-5 accuracy", "the class is among the best five", least_classes=6),
    Metric("loss", cross_entropy, "log loss", "0 is certain and right", False, is_share=False, in_curves=True),
)
METRICS = {metric.name: metric for metric in ROWS}


def measure(predictions: Predictions) -> dict[str, float]:
    """The value of every metric, by name.

    Args:
        predictions: of one image at the least.

    Example:
        >>> import numpy as np
        >>> values = measure(Predictions.from_probabilities(np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]])))
        >>> values["accuracy"], round(values["loss"], 3)
        (0.5, 0.857)
    """
    return {name: metric.function(predictions) for name, metric in METRICS.items()}


def measure_validation(predictions: Predictions) -> dict[str, float]:
    """The value of every metric, with "val_" before its name, as Keras names those of the validation split."""
    return {METRICS[name].on_validation: value for name, value in measure(predictions).items()}
