"""What a patch shows: one of the objects of its image, background, or neither clearly."""

from collections.abc import Sequence

import numpy as np

BACKGROUND, PARTIAL = -1, -2  # in place of an object's number


def objects_shown(
    patches: np.ndarray, boxes: np.ndarray, labels: Sequence[str], filled: float = 0.2, inside: float = 0.6
) -> np.ndarray:
    """Find the object that each patch shows.

    A patch shows an object if the object's box covers at least the share `filled` of the patch, if the patch holds at
    least the share `inside` of the box, and if the patch touches no object of another class. A patch that touches no
    object is background. Any other is partial: it shows a part of an object, or several classes.

    Args:
        patches: (P, 4), left, top, right and bottom.
        boxes: (B, 4) of the image's objects, the same.
        labels: The class of each object.
        filled: In (0, 1].
        inside: In (0, 1].

    Returns:
        (P,) the number of the object, the one that covers most of the patch if there are several; `BACKGROUND`, or
        `PARTIAL`.

    Reference:
        Oquab et al., Learning and Transferring Mid-Level Image Representations Using Convolutional Neural Networks,
        2014, section 3.3: |P ∩ B| >= 0.2 |P|, |P ∩ B| >= 0.6 |B|, and no more than one object in a patch (from memory).
        Here several objects of one class may share a patch. Whether the paper keeps partial patches is not certain.

    Example:
        >>> patches = np.array([[0, 0, 10, 10], [30, 0, 40, 10], [8, 0, 18, 10]])
        >>> objects_shown(patches, np.array([[2, 2, 10, 10]]), ["cat"]).tolist()
        [0, -1, -2]
    """
    if not len(boxes):
        return np.full(len(patches), BACKGROUND)
    shared = _shared_areas(patches, boxes)
    touches = shared > 0
    classes = np.unique(np.asarray(labels, str), return_inverse=True)[1]
    of_one_class = np.where(touches, classes, -1).max(1) == np.where(touches, classes, len(boxes)).min(1)
    holds = (shared >= filled * _areas(patches)[:, None]) & (shared >= inside * _areas(boxes))
    shows = holds & of_one_class[:, None]
    found = np.where(shows, shared, -1.0).argmax(1)
    return np.where(shows.any(1), found, np.where(touches.any(1), PARTIAL, BACKGROUND))


def _areas(boxes: np.ndarray) -> np.ndarray:
    sides = boxes[:, 2:] - boxes[:, :2]
    areas: np.ndarray = sides[:, 0] * sides[:, 1]
    return areas


def _shared_areas(patches: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """(P, B)."""
    low = np.maximum(patches[:, None, :2], boxes[None, :, :2])
    high = np.minimum(patches[:, None, 2:], boxes[None, :, 2:])
    areas: np.ndarray = np.clip(high - low, 0, None).prod(-1)
    return areas
