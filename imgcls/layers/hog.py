"""Histograms of oriented gradients."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, ops
from typing_extensions import override

from imgcls.data_format import CHANNELS_LAST, check_data_format
from imgcls.layers.known_size import known
from imgcls.layers.layout_change import LayoutChange

EPSILON = 1e-5  # of the norms, as in scikit-image
CLIP = 0.2  # of L2-Hys, section 6.4 of the paper


def _l1(blocks: KerasTensor, axes: tuple[int, ...]) -> KerasTensor:
    return blocks / (ops.sum(blocks, axis=axes, keepdims=True) + EPSILON)


def _l2(blocks: KerasTensor, axes: tuple[int, ...]) -> KerasTensor:
    return blocks / ops.sqrt(ops.sum(ops.square(blocks), axis=axes, keepdims=True) + EPSILON**2)


Norm = Callable[[KerasTensor, tuple[int, ...]], KerasTensor]  # (blocks, the axes of a block) -> normalised blocks
NORMS: dict[str, Norm] = {  # of histograms, none of them negative
    "L1": _l1,
    "L1-sqrt": lambda blocks, axes: _sqrt(_l1(blocks, axes)),
    "L2": _l2,
    "L2-Hys": lambda blocks, axes: _l2(ops.minimum(_l2(blocks, axes), CLIP), axes),
}


@keras.saving.register_keras_serializable("imgcls")
class HOG(keras.layers.Layer):
    """Histograms of gradient orientation in cells, normalised in overlapping blocks of cells.

    The numbers are those of `skimage.feature.hog`: each pixel votes for one orientation of [0, 180) degrees with the
    magnitude of its gradient, in the channel where that is largest. Computed in float32; orientations in float64.

    Args:
        orientations: Bins of a histogram.
        pixels_per_cell: (rows, columns).
        cells_per_block: (rows, columns).
        block_norm: "L1", "L1-sqrt", "L2" or "L2-Hys", as in the paper's section 6.4. Pixels in [0, 255] or [0, 1] give
            the same, but for blocks that are nearly flat.
        transform_sqrt: Take the square root of the pixels, which are not negative then, as "gamma compression".
        flatten: Whether the output is one vector an image.
        data_format: Layout of the input.

    Input shape:
        (B, H, W, C), or (B, C, H, W) in channels_first; H and W are known and hold one block at least. Pixels that do
        not fill a cell, at the bottom and on the right, do not vote.

    Output shape:
        (B, features), the same in both layouts, or, with `flatten=False`, (B, block rows, block columns, rows of cells
        in a block, columns of cells in a block, orientations); in [0, 1].

    Raises:
        ValueError: For another block_norm, numbers below 1, or images smaller than a block.

    Reference:
        Dalal and Triggs, Histograms of Oriented Gradients for Human Detection, 2005.

    Example:
        >>> HOG()(keras.ops.ones((1, 32, 32, 3))).shape
        TensorShape([1, 324])
    """

    def __init__(
        self,
        orientations: int = 9,
        pixels_per_cell: tuple[int, int] = (8, 8),
        cells_per_block: tuple[int, int] = (3, 3),
        block_norm: str = "L2-Hys",
        transform_sqrt: bool = False,
        flatten: bool = True,
        data_format: str = CHANNELS_LAST,
        **kwargs: Any,
    ) -> None:
        super().__init__(dtype=kwargs.pop("dtype", "float32"), **kwargs)
        if block_norm not in NORMS:
            raise ValueError(f"block_norm is {block_norm!r}; expected one of {', '.join(NORMS)}.")
        if min(orientations, *pixels_per_cell, *cells_per_block) < 1:
            raise ValueError(
                f"orientations is {orientations}, pixels_per_cell {pixels_per_cell} and cells_per_block "
                f"{cells_per_block}; expected numbers of at least 1."
            )
        self.orientations = orientations
        self.pixels_per_cell = tuple(pixels_per_cell)
        self.cells_per_block = tuple(cells_per_block)
        self.block_norm = block_norm
        self.transform_sqrt = transform_sqrt
        self.flatten = flatten
        self.data_format = check_data_format(data_format)
        self.enter = LayoutChange(data_format, CHANNELS_LAST, dtype=self.dtype_policy)

    @override
    def build(self, input_shape: tuple[int | None, ...]) -> None:
        height, width = size = self.enter.compute_output_shape(input_shape)[1:3]
        least = tuple(a * b for a, b in zip(self.pixels_per_cell, self.cells_per_block, strict=True))
        if height is None or width is None or height < least[0] or width < least[1]:
            raise ValueError(f"The images have {size} pixels; expected a known size of at least one block, {least}.")

    @override
    def call(self, inputs: KerasTensor) -> KerasTensor:
        images = self.enter(ops.cast(inputs, self.compute_dtype))
        if self.transform_sqrt:
            images = _sqrt(images)
        votes = orientation_votes(*_strongest(*gradients(images)), self.orientations)
        blocks = self._blocks(self._cells(votes))
        blocks = NORMS[self.block_norm](blocks, (3, 4, 5))
        return ops.reshape(blocks, (-1, int(np.prod(blocks.shape[1:])))) if self.flatten else blocks

    def _cells(self, votes: KerasTensor) -> KerasTensor:
        """The mean votes (B, rows of cells, columns of cells, orientations) of the pixels (B, H, W, orientations)."""
        return ops.average_pool(votes, self.pixels_per_cell, self.pixels_per_cell, data_format=CHANNELS_LAST)

    def _blocks(self, cells: KerasTensor) -> KerasTensor:
        """All blocks of cells: (B, block rows, block columns, rows, columns, orientations)."""
        rows, columns = self.cells_per_block
        block_rows, block_columns = cells.shape[1] - rows + 1, cells.shape[2] - columns + 1
        shifted = [
            ops.stack([cells[:, r : r + block_rows, c : c + block_columns] for c in range(columns)], axis=3)
            for r in range(rows)
        ]
        return ops.stack(shifted, axis=3)

    @override
    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, *size, _ = self.enter.compute_output_shape(input_shape)
        cells = [known(n, "size") // pixels for n, pixels in zip(size, self.pixels_per_cell, strict=True)]
        blocks = [n - block + 1 for n, block in zip(cells, self.cells_per_block, strict=True)]
        shape = (*blocks, *self.cells_per_block, self.orientations)
        return (batch, int(np.prod(shape))) if self.flatten else (batch, *shape)

    @override
    def get_config(self) -> dict[str, Any]:
        own = {
            "orientations": self.orientations,
            "pixels_per_cell": self.pixels_per_cell,
            "cells_per_block": self.cells_per_block,
            "block_norm": self.block_norm,
            "transform_sqrt": self.transform_sqrt,
            "flatten": self.flatten,
            "data_format": self.data_format,
        }
        return {**super().get_config(), **own}


def gradients(images: KerasTensor) -> tuple[KerasTensor, KerasTensor]:
    """Central differences along the rows and columns of images (B, H, W, C), 0 at the border; twice (B, H, W, C)."""
    down = ops.pad(images[:, 2:] - images[:, :-2], ((0, 0), (1, 1), (0, 0), (0, 0)))
    right = ops.pad(images[:, :, 2:] - images[:, :, :-2], ((0, 0), (0, 0), (1, 1), (0, 0)))
    return down, right


def _strongest(down: KerasTensor, right: KerasTensor) -> tuple[KerasTensor, KerasTensor]:
    """Of each pixel the gradient in the channel where it is longest; twice (B, H, W)."""
    if down.shape[-1] == 1:
        return down[..., 0], right[..., 0]
    squares = ops.square(ops.cast(down, "float64")) + ops.square(ops.cast(right, "float64"))
    # Rounded once, so that equal lengths are equal; the first of them is taken.
    lengths = ops.cast(ops.sqrt(squares), "float32")
    chosen = ops.one_hot(ops.argmax(lengths, axis=-1), down.shape[-1], dtype=down.dtype)
    return ops.sum(down * chosen, axis=-1), ops.sum(right * chosen, axis=-1)


def orientation_votes(down: KerasTensor, right: KerasTensor, orientations: int) -> KerasTensor:
    """The length of each gradient in the bin of its orientation.

    Bin i holds the angles from i to i + 1 times 180 / orientations degrees.

    Args:
        down: The gradient along the rows, (B, H, W).
        right: The gradient along the columns, (B, H, W).
        orientations: The number of bins.

    Returns:
        (B, H, W, orientations).
    """
    length = _sqrt(ops.square(down) + ops.square(right))
    # An angle in [0, 180) is at least t where right <= down / tan(t), for gradients turned to point down. This needs no
    # arc tangent, whose last bit, on this or that device, would move the angles of 45 and 90 degrees between bins.
    x, y = ops.cast(right, "float64"), ops.cast(down, "float64")
    upwards = (y < 0) | ((y == 0) & (x < 0))
    x, y = ops.where(upwards, -x, x), ops.where(upwards, -y, y)
    bounds = np.pi * np.arange(1, orientations) / orientations
    cotangents = np.round(1 / np.tan(bounds), 14)  # 1 and 0, exactly, for 45 and 90 degrees
    bins = sum((ops.cast(x <= y * float(c), "int32") for c in cotangents), ops.zeros_like(x, dtype="int32"))
    return ops.one_hot(bins, orientations, dtype=length.dtype) * length[..., None]


def _sqrt(x: KerasTensor) -> KerasTensor:
    """Square root with a gradient of 0, not of infinity, at 0."""
    positive = x > 0
    return ops.where(positive, ops.sqrt(ops.where(positive, x, 1.0)), 0.0)
