"""The eight orientations of an image: rotated by quarters, mirrored, or both.

An orientation is a number of three bits: 4 if the image is transposed, then 2 if it is turned upside down and 1 if left
and right are exchanged.
"""

import numpy as np

from imgcls.data.duplicates.perceptual_hash import THUMBNAIL_COSINES

UPRIGHT = 0
NAMES = (  # of a copy, beside its original
    "",
    "mirrored",
    "mirrored top to bottom",
    "rotated by 180°",
    "mirrored and rotated by 90°",
    "rotated by 90° clockwise",
    "rotated by 90° anticlockwise",
    "mirrored and rotated by 90°",
)
UNCERTAIN = 0.03  # as a multiple of what a cosine of the image's contrast has; 99 % of the copies are nearer
LEAST_GAIN = 0.02  # of the correlation, by which another orientation must fit better than the upright one


def turn(cells: np.ndarray, orientation: int) -> np.ndarray:
    """Images in another orientation.

    Args:
        cells: (..., H, W).
        orientation: 0 to 7.

    Example:
        >>> turn(np.array([[1, 2], [3, 4]]), 1).tolist()
        [[2, 1], [4, 3]]
    """
    cells = cells.swapaxes(-2, -1) if orientation & 4 else cells
    cells = cells[..., ::-1, :] if orientation & 2 else cells
    return cells[..., ::-1] if orientation & 1 else cells


def turn_sizes(sizes: np.ndarray, orientation: int) -> np.ndarray:
    """Widths and heights (N, 2) of images in another orientation."""
    return sizes[:, ::-1] if orientation & 4 else sizes


def canonical(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The orientations in which images look alike, however they were turned before.

    It is the orientation that is brighter at the top and at the left, and more so at the left. Where this is uncertain,
    the image comes in all orientations that may be it.

    Args:
        cells: (N, 16, 16).

    Returns:
        The numbers of images, (M,), and an orientation of each, (M,).
    """
    cells = cells.astype(np.float32)
    slope = THUMBNAIL_COSINES[1]
    uneven = np.stack([(cells @ slope).sum(1), (slope @ cells).sum(1)])  # how much brighter the left is, and the top
    uneven /= np.maximum(cells.std((1, 2)), 1e-6) * np.square(slope).sum() * len(slope) * np.sqrt(2)
    places, orientations = [], []
    for orientation in range(len(NAMES)):
        left, top = uneven[::-1] if orientation & 4 else uneven
        left, top = (-left if orientation & 1 else left), (-top if orientation & 2 else top)
        fits = np.flatnonzero((left > -UNCERTAIN) & (top > -UNCERTAIN) & (left > top - UNCERTAIN))
        places.append(fits)
        orientations.append(np.full(len(fits), orientation))
    return np.concatenate(places), np.concatenate(orientations)


def orientation_beside(cells: np.ndarray, original: np.ndarray) -> int:
    """The orientation of a copy beside its original.

    Args:
        cells: (H, W), of the copy.
        original: (H, W).
    """
    fits = [np.corrcoef(cells.ravel(), turn(original, orientation).ravel())[0, 1] for orientation in range(len(NAMES))]
    best = int(np.argmax(fits))
    return best if fits[best] > fits[UPRIGHT] + LEAST_GAIN else UPRIGHT
