"""How many test images an engine of lower precision names rightly and decides otherwise, beside that in float32."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from imgcls.counted import counted
from imgcls.data.images.reading import read_images
from imgcls.engines.engine import DECISION, PROBABILITIES, Engine, Outputs
from imgcls.serving.export_format import ExportedClassifier

BATCH = 32  # images
LIKELY = 0.5  # probability from which on an image that has any number of the classes has one
CONFIDENCE = 1.96  # standard deviations that hold 95 % of a normal distribution


@dataclass(frozen=True)
class LabelledImages:
    """Images whose classes are known.

    Attributes:
        paths: The N files.
        targets: (N, K) bool, the classes of each.
        boxes: (N, 4), the part of each image that is its example, as `Manifest.boxes` gives it; None for all of it.
    """

    paths: Sequence[Path]
    targets: np.ndarray
    boxes: np.ndarray | None = None


class AccuracyLoss(NamedTuple):
    """How many of the same images two engines name rightly, and decide differently.

    Attributes:
        images: How many there are.
        both: Named rightly by both.
        only_float32: By float32 alone.
        only_other: By the other alone.
        other_decisions: Decided otherwise by the other: another class, "not sure" or "none of these" where a judgement
            was fitted, and another class where none was.

    Example:
        >>> loss = AccuracyLoss(images=100, both=90, only_float32=3, only_other=1, other_decisions=5)
        >>> loss.float32, loss.share, loss.loss
        (0.93, 0.91, 0.02)
    """

    images: int
    both: int
    only_float32: int
    only_other: int
    other_decisions: int

    @property
    def float32(self) -> float:
        """The share that float32 names rightly."""
        return (self.both + self.only_float32) / self.images

    @property
    def share(self) -> float:
        """The share that the other names rightly."""
        return (self.both + self.only_other) / self.images

    @property
    def loss(self) -> float:
        """How much smaller the other's share is."""
        return (self.only_float32 - self.only_other) / self.images

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the loss among all images of this kind.

        Reference:
            Agresti and Min, Simple improved confidence intervals for comparing matched proportions, 2005.
        """
        lost, won, images = self.only_float32 + 0.5, self.only_other + 0.5, self.images + 2
        middle = (lost - won) / images
        error = math.sqrt(lost + won - (lost - won) ** 2 / images) / images
        return middle - CONFIDENCE * error, middle + CONFIDENCE * error

    def check(self, title: str, allowed: float) -> None:
        """Raise RuntimeError if the loss is larger than what is allowed.

        Args:
            title: Of the format and its precision, for the sentence.
            allowed: The largest loss, as a share of the images.
        """
        if self.loss > allowed:
            low, high = self.interval
            raise RuntimeError(
                f"{title} names {self.share:.3f} of {counted(self.images, 'test image')} rightly, and float32 "
                f"{self.float32:.3f}: it loses {self.loss:.3f} (95 % interval {low:.3f} to {high:.3f}), and "
                f"--most-accuracy-loss allows {allowed:g}. The bundle was not kept; export without this precision or "
                "allow more."
            )


def compare_accuracy(
    float32: Engine, others: Mapping[str, Engine], images: LabelledImages, classifier: ExportedClassifier
) -> tuple[dict[str, AccuracyLoss], np.ndarray]:
    """Compare engines with that in float32 on labelled images.

    Args:
        float32: The engine in float32.
        others: Further engines by name.
        images: The images. What cannot be read is left out.
        classifier: How the images become pixels, and whether they have several classes.

    Returns:
        The loss of each of the others, and the first pixels, (at most 32, height, width, channels).

    Raises:
        ValueError: If no image can be read.
    """
    engines = [float32, *others.values()]
    outcomes = zip(
        read_images(images.paths, classifier.preprocessing, images.boxes), images.targets.astype(bool), strict=True
    )
    readable = ((np.asarray(outcome.result), targets) for outcome, targets in outcomes if not outcome.problem)
    right, decided, first = [], [], np.empty(0)
    while chunk := list(islice(readable, BATCH)):
        pixels, targets = np.stack([each for each, _ in chunk]), np.stack([each for _, each in chunk])
        first = first if len(first) else pixels
        outputs = [engine.predict(pixels) for engine in engines]
        right.append([_right(each[PROBABILITIES], targets, classifier.multi_label) for each in outputs])
        decided.append([_decided(each, classifier.multi_label) for each in outputs])
    if not right:
        raise ValueError(
            f"None of {counted(len(images.paths), 'test image')} can be read, so that no accuracy can be measured. "
            "Bring the run's test images back to where they were."
        )
    rows = list(zip(np.concatenate(right, axis=1), np.concatenate(decided, axis=1), strict=True))
    return {name: _loss(*rows[0], *row) for name, row in zip(others, rows[1:], strict=True)}, first


def _right(probabilities: np.ndarray, targets: np.ndarray, several: bool) -> np.ndarray:
    """Which images are named rightly: (B,) bool; where there are several classes, those of which every class is."""
    if several:
        return np.asarray(((probabilities >= LIKELY) == targets).all(axis=1))
    return np.asarray(targets[np.arange(len(targets)), probabilities.argmax(axis=1)])


def _decided(outputs: Outputs, several: bool) -> np.ndarray:
    """What is decided of each image, (B, 1) places of a class or a refusal, or (B, K) bool where there are several."""
    if DECISION in outputs:
        return outputs[DECISION][:, None]
    probabilities = outputs[PROBABILITIES]
    return probabilities >= LIKELY if several else probabilities.argmax(axis=1)[:, None]


def _loss(float32: np.ndarray, decided: np.ndarray, other: np.ndarray, decided_by_other: np.ndarray) -> AccuracyLoss:
    both, only_float32, only_other = (int(each.sum()) for each in (float32 & other, float32 & ~other, ~float32 & other))
    other_decisions = int((decided != decided_by_other).any(axis=1).sum())
    return AccuracyLoss(len(float32), both, only_float32, only_other, other_decisions)
