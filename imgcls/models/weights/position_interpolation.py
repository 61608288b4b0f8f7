"""Position embeddings of one grid of patches for another."""

import math

import numpy as np

from imgcls.layers import PositionEmbedding

REACH = 2.0  # of the cubic kernel, in source positions
SHARPNESS = -0.5  # the kernel's parameter a: Keys, Cubic Convolution Interpolation, 1981


def for_grid(embeddings: np.ndarray, layer: PositionEmbedding, grid: tuple[int, int] | None = None) -> np.ndarray:
    """Embeddings of another image size in the shape that a layer has.

    Those of the patches are interpolated by bicubic convolution, antialiased where the grid becomes smaller, which is
    what timm does; those of the class token stay.

    Args:
        embeddings: (1, T, C).
        layer: Built, for tokens of its own grid.
        grid: Height and width that the embeddings are of; by default that of a square.

    Returns:
        (1, T', C); the embeddings themselves where they fit, or are of no grid that is known.
    """
    height, width = layer.grid
    prefix = layer.embeddings.shape[1] - height * width
    grid = grid or _square(embeddings.shape[1] - prefix)
    if grid is None or grid == layer.grid or embeddings.ndim != 3:
        return embeddings
    patches = embeddings[:, prefix:].reshape(*grid, -1).astype(np.float64)
    rows, columns = _weights(grid[0], height), _weights(grid[1], width)
    resized = np.einsum("hr,wc,rcd->hwd", rows, columns, patches, optimize=True)
    resized = resized.reshape(1, height * width, -1).astype(embeddings.dtype)
    return np.concatenate([embeddings[:, :prefix], resized], axis=1)


def _square(positions: int) -> tuple[int, int] | None:
    side = math.isqrt(max(positions, 0))
    return (side, side) if side and side * side == positions else None


def _weights(source: int, target: int) -> np.ndarray:
    """(target, source): how much each source position adds to each target position."""
    step = source / target
    wide = max(step, 1.0)  # where the grid becomes smaller, the kernel becomes as much wider
    centers = (np.arange(target) + 0.5) * step
    distances = np.abs((np.arange(source) + 0.5)[None] - centers[:, None]) / wide
    weights: np.ndarray = _cubic(distances)
    normalized: np.ndarray = weights / weights.sum(axis=1, keepdims=True)
    return normalized


def _cubic(x: np.ndarray) -> np.ndarray:
    """The kernel at distances of at least 0."""
    a = SHARPNESS
    near = ((a + 2) * x - (a + 3)) * x**2 + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x < 1, near, np.where(x < REACH, far, 0.0))
