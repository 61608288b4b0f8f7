"""What a classifier answers and how often that is right, whether an image has one class or several."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from imgcls.evaluation.metrics import Evaluation, wilson_interval
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.metrics import LEAST_PROBABILITY

THRESHOLD = 0.5  # of a probability from which on a class is answered where an image may have several


class Share(NamedTuple):
    """A share of images with its 95 % interval.

    Attributes:
        part: How many.
        whole: Of how many; 0 where nothing can be said.
        ends: Of its 95 % interval, where it is known better than by Wilson, such as for images that come in groups.
    """

    part: int
    whole: int
    ends: tuple[float, float] | None = None

    @property
    def value(self) -> float:
        """The share in [0, 1]; NaN of nothing."""
        return self.part / self.whole if self.whole else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval; everything of nothing."""
        if self.ends is not None:
            return self.ends
        return wilson_interval(self.part, self.whole) if self.whole else (0.0, 1.0)


@dataclass(frozen=True)
class Answers:
    """The answers of a classifier for the images of a table: the likeliest class, or each that is likelier than not.

    Args:
        table: The predictions.
        evaluation: Their figures, for the intervals; None for those of independent images.

    Example:
        >>> import pandas as pd
        >>> rows = pd.DataFrame({"image": ["a.png", "b.png"], "label": ["cat", "dog"]})
        >>> answers = Answers(PredictionTable(rows, ["cat", "dog"], np.array([[0.9, 0.1], [0.6, 0.4]])))
        >>> answers.right.tolist(), answers.recall(0), answers.confusions()
        ([True, False], Share(part=1, whole=1, ends=None), [(1, 0, 1)])
    """

    table: PredictionTable
    evaluation: Evaluation | None = None

    @cached_property
    def given(self) -> np.ndarray:
        """Which classes are answered for each image: (N, K) bool."""
        if self.table.is_multi_label:
            return np.asarray(self.table.probabilities >= THRESHOLD)
        found = np.zeros(self.table.probabilities.shape, bool)
        found[np.arange(len(found)), self.table.predicted] = True
        return found

    @cached_property
    def right(self) -> np.ndarray:
        """Whether the answer is right: (N,) bool. Of several classes, all of them and no other."""
        return np.asarray((self.given == self.table.targets).all(axis=1))

    @cached_property
    def confidence(self) -> np.ndarray:
        """The probability of the answer: (N,) in [0, 1]. Of several classes, that of the least certain yes or no."""
        if not self.table.is_multi_label:
            return self.table.confidence
        certain = np.maximum(self.table.probabilities, 1 - self.table.probabilities)
        return np.asarray(certain.min(axis=1)) if certain.shape[1] else np.ones(len(certain))

    @cached_property
    def losses(self) -> np.ndarray:
        """-ln of the probability of the truth: (N,); summed over the classes where an image may have several."""
        targets, probabilities = self.table.targets, np.asarray(self.table.probabilities, np.float64)
        if not self.table.is_multi_label:
            truth = probabilities[np.arange(len(targets)), self.table.labels]
            return np.asarray(-np.log(np.maximum(truth, LEAST_PROBABILITY)))
        of_truth = np.where(targets, probabilities, 1 - probabilities)
        return np.asarray(-np.log(np.maximum(of_truth, LEAST_PROBABILITY)).sum(axis=1))

    @cached_property
    def support(self) -> np.ndarray:
        """How many images have each class: (K,)."""
        return np.asarray(self.table.targets.sum(axis=0))

    @cached_property
    def answered(self) -> np.ndarray:
        """For how many images each class is answered: (K,)."""
        return np.asarray(self.given.sum(axis=0))

    @cached_property
    def found(self) -> np.ndarray:
        """For how many of the images that have it each class is answered: (K,)."""
        return np.asarray((self.given & self.table.targets).sum(axis=0))

    def recall(self, place: int) -> Share:
        """Of the images of a class, those for which it is answered."""
        return Share(int(self.found[place]), int(self.support[place]), self._ends("recall", place))

    def precision(self, place: int) -> Share:
        """Of the images for which a class is answered, those that have it."""
        return Share(int(self.found[place]), int(self.answered[place]), self._ends("precision", place))

    @property
    def accuracy(self) -> Share:
        """The images whose answer is right."""
        return Share(int(self.right.sum()), len(self.table), self._ends("accuracy"))

    def _ends(self, name: str, place: int | None = None) -> tuple[float, float] | None:
        """The interval of a figure of all images, or of a class, as the evaluation has it."""
        if self.evaluation is None:
            return None
        of = self.evaluation if place is None else self.evaluation.classes[place]
        return of.intervals.get(name)

    def confusions(self) -> list[tuple[int, int, int]]:
        """True class, answer and number of images, of wrong answers, the most frequent first.

        Empty where an image may have several classes: there is no telling which was taken for which.
        """
        if self.table.is_multi_label:
            return []
        wrong = ~self.right
        pairs = np.stack([self.table.labels[wrong], self.table.predicted[wrong]], axis=1)
        kinds, counts = np.unique(pairs, axis=0, return_counts=True)
        found = [(int(true), int(answer), int(n)) for (true, answer), n in zip(kinds, counts, strict=True)]
        return sorted(found, key=lambda each: (-each[2], each[0], each[1]))
