"""The predictions of a classifier for labelled images, as the metrics read them.

The options name the metrics, so these modules are imported for every `--help`: they import NumPy only to compute.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np

LEAST_PROBABILITY = 1e-15  # under the logarithm
COLUMNS_AT_ONCE = 64  # classes whose scores are sorted together, so that a copy of them fits into memory
Task = Literal["single_label", "multi_label"]  # whether an image has one class, or any number of them


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
