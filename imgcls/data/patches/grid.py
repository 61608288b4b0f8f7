"""The grid of square patches that an image is looked at through: several sizes, neighbors overlapping."""

import math

import numpy as np

SCALES = (1.0, 1.3, 1.6, 2.0, 2.4, 2.8, 3.2, 3.6, 4.0)  # the image's shorter side by a patch's
OVERLAP = 0.5  # share of a patch that its neighbor covers, at the least


def square_patches(width: int, height: int, scales: tuple[float, ...] = SCALES, overlap: float = OVERLAP) -> np.ndarray:
    """The square patches of an image, the largest first, each size from the top left to the bottom right.

    Each size covers the whole image, evenly spaced up to rounding to whole pixels.

    Args:
        width: Of the image, in pixels.
        height: The same.
        scales: The image's shorter side by that of a patch, each at least 1.
        overlap: Share of a patch that its neighbor covers at the least, from 0 to below 1.

    Returns:
        (P, 4) float64: left, top, right and bottom in whole pixels.

    Raises:
        ValueError: A scale is below 1, or the overlap is out of its range.

    Reference:
        Oquab et al., Learning and Transferring Mid-Level Image Representations Using Convolutional Neural Networks,
        2014, section 3.3: about 500 squares an image, of sizes min(w, h) / scale, neighbors overlapping by half or
        more. The scales are those of the paper from memory; a square photo of 224 pixels gets 198 patches, one of
        500 x 375 gets 275.

    Example:
        >>> square_patches(8, 4, scales=(1.0,)).astype(int).tolist()
        [[0, 0, 4, 4], [2, 0, 6, 4], [4, 0, 8, 4]]
    """
    if min(scales, default=1.0) < 1 or not 0 <= overlap < 1:
        raise ValueError(f"Got the scales {scales} and the overlap {overlap}. Expected at least 1, and 0 to below 1.")
    sides = dict.fromkeys(max(1, round(min(width, height) / scale)) for scale in scales)
    return np.concatenate([_of_side(side, width, height, overlap) for side in sides])


def _of_side(side: int, width: int, height: int, overlap: float) -> np.ndarray:
    left, top = (_starts(length, side, overlap) for length in (width, height))
    corners = np.stack(np.meshgrid(left, top), axis=-1).reshape(-1, 2)
    return np.hstack([corners, corners + side]).astype(np.float64)


def _starts(length: int, side: int, overlap: float) -> np.ndarray:
    """Where patches begin along a side of the image."""
    stride = max(1, math.floor((1 - overlap) * side))
    steps = math.ceil((length - side) / stride)
    return np.array([0]) if steps == 0 else np.arange(steps + 1) * (length - side) // steps
