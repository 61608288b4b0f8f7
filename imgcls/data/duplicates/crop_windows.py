"""The windows of a thumbnail that are tried as crops of it, and their contents."""

from itertools import product

import numpy as np

from imgcls.data.duplicates.perceptual_hash import THUMBNAIL_SIDE as SIDE

LARGEST = 0.1  # share of the width and the height that a crop takes from a side at most
# Left, top, right and bottom: nothing or all of it at each side, and half of it all around; hashes bear the rest.
WINDOWS = np.array([sides for sides in product((0, LARGEST), repeat=4) if any(sides)] + [(LARGEST / 2,) * 4])
EDGEWARD = (np.arange(SIDE, dtype=np.float32) - (SIDE - 1) / 2) / (SIDE / 2)  # from -1 at one edge to 1 at the other


def windowed(cells: np.ndarray, window: int) -> np.ndarray:
    """Cut one window out of thumbnails, interpolated linearly.

    Args:
        cells: (N, 16, 16).
        window: The number of the window in `WINDOWS`.

    Returns:
        (N, 16, 16).
    """
    across, down = (
        np.maximum(0, 1 - np.abs(np.clip(places, 0, SIDE - 1)[:, None] - np.arange(SIDE))).astype(np.float32)
        for places in (_places(*WINDOWS[window, ::2]), _places(*WINDOWS[window, 1::2]))
    )
    views: np.ndarray = down @ cells.astype(np.float32) @ across.T
    return views


def warps() -> np.ndarray:
    """The warp that makes an image its window.

    Returns:
        (windows, 4): shift and growth towards the edge, in cells, of x and of y.
    """
    left, top, right, bottom = SIDE * WINDOWS.T
    return np.stack([left - right, -left - right, top - bottom, -top - bottom], 1).astype(np.float32) / 2


def _places(before: float, after: float) -> np.ndarray:
    """Where in the image, in cells, the cells of a window are that leaves out these shares of it: (16,)."""
    return (np.arange(SIDE) + 0.5) * (1 - before - after) + SIDE * before - 0.5
