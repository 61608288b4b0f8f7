"""Wrong labels: which images look as if they had another class than their label says, and how many there are.

Confident learning: Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", Journal
of Artificial Intelligence Research 70, 2021. All of it reads probabilities from a classifier that has not seen the
image with its label.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.stats import binomtest

FEWEST = 50  # images from which on a share is estimated
NOBODY = -1  # the confident class of an image that the classifier is not sure enough of


@dataclass(frozen=True)
class LabelErrors:
    """What the labels of N images look like to a classifier that has not seen them.

    Attributes:
        class_names: The names of the K classes.
        labels: (N,) class indices, as given.
        probabilities: (N, K), of each image without its label.
        thresholds: (K,), how probable a class is on average where it is the label; above 1 for a class without images.
        judged: (N,) bool, whether there is anything to say of the image.

    Example:
        >>> labels = np.repeat([0, 1], 30)
        >>> probabilities = np.where(labels[:, None] == [0, 1], 0.9, 0.1)
        >>> probabilities[7] = [0.05, 0.95]
        >>> errors = find_label_errors(labels, probabilities, ["cat", "dog"])
        >>> int(errors.order[0]), errors.class_names[errors.suggested[7]], int(errors.looks_wrong.sum())
        (7, 'dog', 1)
    """

    class_names: Sequence[str]
    labels: np.ndarray
    probabilities: np.ndarray
    thresholds: np.ndarray
    judged: np.ndarray

    @cached_property
    def quality(self) -> np.ndarray:
        """(N,), the probability of each image's label: the lower, the more doubtful is the label."""
        quality: np.ndarray = self.probabilities[np.arange(len(self.labels)), self.labels]
        return quality

    @cached_property
    def suggested(self) -> np.ndarray:
        """(N,), the likeliest class of each image."""
        likeliest: np.ndarray = self.probabilities.argmax(axis=1)
        return likeliest

    @cached_property
    def confident(self) -> np.ndarray:
        """(N,), the likeliest of the classes that are at least as probable as where they are the label; or `NOBODY`."""
        reached = np.where(self.probabilities >= self.thresholds, self.probabilities, -1.0)
        return np.where(reached.max(axis=1) >= 0, reached.argmax(axis=1), NOBODY)

    @cached_property
    def looks_wrong(self) -> np.ndarray:
        """(N,) bool, whether the classifier is as sure of another class as it is of that class's own images."""
        other: np.ndarray = self.judged & (self.confident != NOBODY) & (self.confident != self.labels)
        return other

    @cached_property
    def order(self) -> np.ndarray:
        """The places of the judged images, the most doubtful label first."""
        places = np.flatnonzero(self.judged)
        ordered: np.ndarray = places[np.argsort(self.quality[places], kind="stable")]
        return ordered

    def pairs(self) -> list[tuple[str, str, int]]:
        """Given class, what its images look like, and how many look so; the most frequent first."""
        given, seen = self.labels[self.looks_wrong], self.confident[self.looks_wrong]
        found, counts = np.unique(np.column_stack([given, seen]), axis=0, return_counts=True)
        names = self.class_names
        rows = [(names[a], names[b], int(count)) for (a, b), count in zip(found, counts, strict=True)]
        return sorted(rows, key=lambda row: (-row[2], row[0], row[1]))

    def share(self) -> tuple[float, float, float] | None:
        """The share of labels that look wrong, with the ends of its 95 % interval (Wilson); None below 50 images.

        What the classifier itself confuses with confidence is among them, so it is rather too high than too low.
        """
        total, wrong = int(self.judged.sum()), int(self.looks_wrong.sum())
        if total < FEWEST:
            return None
        interval = binomtest(wrong, total).proportion_ci(0.95, "wilson")
        return wrong / total, float(interval.low), float(interval.high)


def find_label_errors(
    labels: np.ndarray,
    probabilities: np.ndarray,
    class_names: Sequence[str],
    known: np.ndarray | None = None,
    judged: np.ndarray | None = None,
) -> LabelErrors:
    """Find the labels that look wrong, by confident learning.

    Args:
        labels: (N,) class indices.
        probabilities: (N, K), each row from a classifier that has not seen the image.
        class_names: The names of the K classes.
        known: (N,) bool, whose labels may be learned from; those of the test are judged and change nothing. None: all.
        judged: (N,) bool, the images to say something of; None: all.
    """
    every = np.ones(len(labels), bool)
    known = every if known is None else known
    judged = every if judged is None else judged
    thresholds = np.full(len(class_names), 2.0)
    for place in range(len(class_names)):
        own = known & judged & (labels == place)
        if own.any():
            thresholds[place] = probabilities[own, place].mean()
    return LabelErrors(class_names, labels, probabilities, thresholds, judged)
