"""Boxes of the highest responses: windows above a threshold, without those that overlap a better one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Box:
    """A window that a class was found in.

    Attributes:
        class_name: The class.
        probability: Of the class in this window, in [0, 1].
        left: First pixel of the photo, from 0.
        top: Likewise.
        right: Behind the last pixel.
        bottom: Likewise.
        scale: The place of its scale among those of the result.
    """

    class_name: str
    probability: float
    left: int
    top: int
    right: int
    bottom: int
    scale: int

    @property
    def center(self) -> tuple[float, float]:
        """x and y, in pixels of the photo."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


def best_boxes(
    class_name: str, scales: Sequence[Any], responses: Sequence[np.ndarray], threshold: float, overlap: float, most: int
) -> list[Box]:
    """The windows with the highest responses over all scales, by non-maximum suppression.

    Args:
        class_name: The class.
        scales: Of `imgcls.explain.large_photo.photo_map.ScaleMap`.
        responses: For each scale, the probabilities (rows, columns).
        threshold: The least probability of a box.
        overlap: A box is left out from this share of the smaller of two boxes on, in (0, 1], that a better one covers.
        most: Boxes at most.

    Returns:
        Boxes, the highest probability first.
    """
    found, edges, places = [], [], []
    for place, (scale, values) in enumerate(zip(scales, responses, strict=True)):
        rows, columns = np.nonzero(values >= threshold)
        found.append(values[rows, columns])
        edges.append(scale.edges(rows, columns))
        places.append(np.full(len(rows), place))
    scores, corners, scale_of = np.concatenate(found), np.concatenate(edges), np.concatenate(places)
    kept = suppressed(corners, scores, overlap, most)
    return [_box(class_name, float(scores[i]), corners[i], int(scale_of[i])) for i in kept]


def _box(class_name: str, probability: float, corners: np.ndarray, scale: int) -> Box:
    left, top, right, bottom = (int(edge) for edge in corners.round())
    return Box(class_name, probability, left, top, right, bottom, scale)


def suppressed(corners: np.ndarray, scores: np.ndarray, overlap: float, most: int) -> list[int]:
    """Greedy non-maximum suppression.

    The overlap is a share of the smaller box and not of the union, so that a window at one scale and a part of it at
    another count as one find.

    Args:
        corners: (N, 4): left, top, right, bottom.
        scores: (N,).
        overlap: A box goes if a better one covers this share of the smaller of both, or more.
        most: Boxes at most.

    Returns:
        The places of the boxes that stay, the best first.

    Example:
        >>> corners = np.array([[0, 0, 10, 10], [1, 1, 11, 11], [20, 0, 30, 10]])
        >>> suppressed(corners, np.array([0.8, 0.9, 0.7]), 0.5, 10)
        [1, 2]
    """
    left, top, right, bottom = corners.T.astype(np.float64)
    areas = (right - left) * (bottom - top)
    remaining = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while len(remaining) and len(kept) < most:
        best, others = remaining[0], remaining[1:]
        kept.append(int(best))
        width = np.minimum(right[best], right[others]) - np.maximum(left[best], left[others])
        height = np.minimum(bottom[best], bottom[others]) - np.maximum(top[best], top[others])
        covered = np.maximum(width, 0) * np.maximum(height, 0) / np.minimum(areas[best], areas[others])
        remaining = others[covered < overlap]
    return kept
