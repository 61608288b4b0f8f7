"""A window that reaches over the border, cut out of an image."""

import numpy as np

Window = tuple[int, int, int, int]  # left, top, right and bottom in pixels, the last two not included


def cut(pixels: np.ndarray, window: Window, fill: float) -> tuple[np.ndarray, np.ndarray]:
    """What is inside a window, and which of it is image.

    Where the window is wider or higher than the image, the patch is as wide or high as the image: a field of 851 pixels
    on an image of 224 would be mostly border. So all windows of one size give patches of one size.

    Args:
        pixels: (H, W, C).
        window: May reach over the border.
        fill: The value of what lies outside the image or the window.

    Returns:
        The patch, (h, w, C), and (h, w) bool, true where it shows a pixel of the image inside the window.

    Example:
        >>> patch, seen = cut(np.arange(9.0).reshape(3, 3, 1), (-1, 0, 1, 2), fill=-1)
        >>> patch[..., 0].tolist(), seen.tolist()
        ([[-1.0, 0.0], [-1.0, 3.0]], [[False, True], [False, True]])
    """
    left, top, right, bottom = window
    height, width = pixels.shape[:2]
    rows, columns = _shown(top, bottom, height), _shown(left, right, width)
    seen = np.logical_and.outer(_inside(rows, top, bottom, height), _inside(columns, left, right, width))
    patch = pixels[np.ix_(rows.clip(0, height - 1), columns.clip(0, width - 1))]
    return np.where(seen[..., None], patch, np.asarray(fill, pixels.dtype)), seen


def _shown(start: int, stop: int, side: int) -> np.ndarray:
    """The rows (or columns) that are shown."""
    return np.arange(start, stop) if stop - start <= side else np.arange(side)


def _inside(places: np.ndarray, start: int, stop: int, side: int) -> np.ndarray:
    """Which of them are in the window and in the image."""
    return (places >= max(start, 0)) & (places < min(stop, side))
