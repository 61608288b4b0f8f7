"""The last images that a version was asked for, held against those that it was validated on."""

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

IMAGES = 1000  # the last ones, that are compared
LEAST = 100  # of fewer, chance alone makes a distance
Distance = Callable[[np.ndarray], np.ndarray]  # embeddings (B, D) to how far each is from the classes of training (B,)


@dataclass(frozen=True)
class Reference:
    """What validation images looked like, of assets/drift.json.

    Attributes:
        predicted: The share of each class among the predictions.
        values: Sorted values of "confidence" and "distance", where they are known.
        distance: Of embeddings; None where it is not known.
    """

    predicted: Mapping[str, float]
    values: Mapping[str, np.ndarray]
    distance: Distance | None = None

    @classmethod
    def from_dict(cls, reference: Mapping[str, Any], distance: Distance | None = None) -> "Reference":
        """The reference of what `imgcls.serving.drift_reference` reads."""
        total = max(1, sum(reference["predicted"]))
        shares = zip(reference["class_names"], reference["predicted"], strict=True)
        values = {name: np.array(each["values"]) for name, each in reference["distributions"].items() if each["values"]}
        return cls({name: count / total for name, count in shares}, values, distance)


class DriftWindow:
    """The last 1,000 images of a version.

    Args:
        reference: What they are compared with.
    """

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self._classes: deque[str] = deque(maxlen=IMAGES)
        self._values: dict[str, deque[float]] = {name: deque(maxlen=IMAGES) for name in ("confidence", "distance")}

    def add(self, classes: Sequence[str], confidence: Sequence[float]) -> None:
        """Take in the class that is likeliest for each image, and its probability."""
        self._classes.extend(classes)
        self._values["confidence"].extend(confidence)

    def add_distances(self, distances: Sequence[float]) -> None:
        """Take in how far embeddings are from the classes of training."""
        self._values["distance"].extend(distances)

    def figures(self) -> dict[str, float]:
        """How far the images are from the reference, in [0, 1], by what is compared; only what enough is known of.

        "predicted" is the share of images that would have to be of another class (total variation), "confidence" and
        "distance" are the largest gap between the two cumulative distributions (Kolmogorov and Smirnov).
        """
        found = {}
        if len(self._classes) >= LEAST:
            found["predicted"] = total_variation(Counter(self._classes), self.reference.predicted)
        for name, values in self._values.items():
            if len(values) >= LEAST and name in self.reference.values:
                found[name] = largest_gap(np.array(values), self.reference.values[name])
        return found


def total_variation(counts: Mapping[str, int], shares: Mapping[str, float]) -> float:
    """Half of the sum of all differences between two distributions.

    Example:
        >>> total_variation({"cat": 3, "dog": 1}, {"cat": 0.5, "dog": 0.5})
        0.25
    """
    total = sum(counts.values())
    names = {*counts, *shares}
    return sum(abs(counts.get(name, 0) / total - shares.get(name, 0.0)) for name in names) / 2


def largest_gap(values: np.ndarray, reference: np.ndarray) -> float:
    """The statistic of Kolmogorov and Smirnov.

    Args:
        values: (N,), in any order.
        reference: (M,), sorted.

    Example:
        >>> largest_gap(np.array([0.8, 0.9]), np.array([0.1, 0.85]))
        0.5
    """
    values = np.sort(values)
    places = np.concatenate([values, reference])
    shares = [np.searchsorted(each, places, "right") / len(each) for each in (values, reference)]
    return float(np.abs(shares[0] - shares[1]).max())
