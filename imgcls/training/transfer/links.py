"""What a linear head's scores mean: one class an image (softmax), or any number of them (sigmoids).

`imgcls.training.transfer.logistic_regression` minimises the loss of either.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import expit, log_softmax, softmax


class Link(Protocol):
    """The loss of scores, and its derivatives.

    Scores are (rows, ..., classes), and targets have as many dimensions. Losses and slopes are those of each row and
    class; a row's loss is their sum.
    """

    def targets(self, labels: np.ndarray, classes: int, smoothing: float) -> np.ndarray:
        """(rows, classes) of labels as `Examples` has them."""

    def loss_and_slopes(self, scores: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The losses, and their derivatives by the scores."""

    def curvatures(self, scores: np.ndarray) -> np.ndarray:
        """About the second derivatives."""

    def probabilities(self, scores: np.ndarray) -> np.ndarray:
        """Of the classes, in the shape of the scores."""

    def right(self, scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """(rows,) bool of scores (rows, classes)."""


class Softmax:
    """One class an image."""

    def targets(self, labels: np.ndarray, classes: int, smoothing: float) -> np.ndarray:
        """The share of each class; `smoothing` of it is spread over all."""
        smoothed: np.ndarray = np.eye(classes)[labels] * (1 - smoothing) + smoothing / classes
        return smoothed

    def loss_and_slopes(self, scores: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of the cross-entropy."""
        logs = log_softmax(scores, axis=-1)
        return -targets * logs, np.exp(logs) - targets

    def curvatures(self, scores: np.ndarray) -> np.ndarray:
        """The diagonal of the Hessian."""
        likely = self.probabilities(scores)
        spread: np.ndarray = likely * (1 - likely)
        return spread

    def probabilities(self, scores: np.ndarray) -> np.ndarray:
        """Which add up to 1 over the classes."""
        likely: np.ndarray = softmax(scores, axis=-1)
        return likely

    def right(self, scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Whether the likeliest class is the label."""
        found: np.ndarray = scores.argmax(1) == labels
        return found


@dataclass(frozen=True)
class Sigmoids:
    """Any number of classes an image, each of which is a binary problem by itself.

    Attributes:
        positive_weights: (classes,) of the loss of images that have a class; None: 1, as of those that lack it.
    """

    positive_weights: np.ndarray | None = None

    def targets(self, labels: np.ndarray, classes: int, smoothing: float) -> np.ndarray:
        """1 where an image has a class; `smoothing` of it is spread over yes and no."""
        smoothed: np.ndarray = labels.astype(np.float64) * (1 - smoothing) + smoothing / 2
        return smoothed

    def loss_and_slopes(self, scores: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of the binary cross-entropies."""
        yes = targets if self.positive_weights is None else self.positive_weights * targets
        no, likely = 1 - targets, expit(scores)
        return yes * np.logaddexp(0, -scores) + no * np.logaddexp(0, scores), no * likely - yes * (1 - likely)

    def curvatures(self, scores: np.ndarray) -> np.ndarray:
        """Exact where positives have the weight 1."""
        likely = self.probabilities(scores)
        spread: np.ndarray = likely * (1 - likely)
        return spread

    def probabilities(self, scores: np.ndarray) -> np.ndarray:
        """Each by itself."""
        likely: np.ndarray = expit(scores)
        return likely

    def right(self, scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Whether exactly the labels have a probability of a half or more."""
        found: np.ndarray = ((scores >= 0) == labels.astype(bool)).all(1)
        return found
