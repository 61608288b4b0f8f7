"""Parts of a photo that are small enough for one pass, with as much around them as their positions see."""

import itertools
import math
from dataclasses import dataclass

from imgcls.models.receptive_field import Fields


@dataclass(frozen=True)
class Sliding:
    """Layers that slide over a photo, and the size of it.

    Attributes:
        window: Height and width of the pixels that the network takes.
        positions: Height and width of the map that the layers make of one window.
        fields: What the first position of this map sees, along height and width.
        size: Height and width of the photo: those of a window and whole strides more.
    """

    window: tuple[int, int]
    positions: tuple[int, int]
    fields: Fields
    size: tuple[int, int]

    def count(self, axis: int) -> int:
        """Positions of the map of the whole photo."""
        return self.positions[axis] + (self.size[axis] - self.window[axis]) // self.fields[axis].stride


@dataclass(frozen=True)
class Side:
    """A tile along height or width.

    Attributes:
        kept: The positions of the photo's map that it gives.
        inner: The same in the map of the tile.
        pixels: What is computed.
    """

    kept: slice
    inner: slice
    pixels: slice

    @property
    def length(self) -> int:
        """Of its pixels."""
        return int(self.pixels.stop - self.pixels.start)


Tile = tuple[Side, Side]  # along height and width


def tiles(sliding: Sliding, most_pixels: float) -> list[Tile]:
    """The tiles of a photo, whose maps together are that of the whole photo.

    A tile holds all that its positions see, by the receptive field, so no padding gets into them that the whole photo
    has not. The cut is the one that computes the fewest pixels; where none is small enough, it is the smallest tiles
    that there are.

    Args:
        sliding: The layers, and the size of the photo.
        most_pixels: Of a tile.

    Example:
        >>> from imgcls.models.receptive_field import ReceptiveField
        >>> halves = Sliding((32, 32), (4, 4), (ReceptiveField(0, 7, 8),) * 2, (64, 32))
        >>> [(rows.kept, rows.pixels) for rows, columns in tiles(halves, 32 * 32)]
        [(slice(0, 4, None), slice(0, 32, None)), (slice(4, 8, None), slice(32, 64, None))]
    """
    choices = [_choices(sliding, axis) for axis in (0, 1)]
    fits = [
        (_total(rows) * _total(columns), i, j)
        for i, rows in enumerate(choices[0])
        for j, columns in enumerate(choices[1])
        if _longest(rows) * _longest(columns) <= most_pixels
    ]
    _, i, j = min(fits) if fits else (0, -1, -1)
    return list(itertools.product(choices[0][i], choices[1][j]))


def computed_pixels(some: list[Tile]) -> int:
    """How many pixels the tiles have together, those that overlap counted each time."""
    return sum(rows.length * columns.length for rows, columns in some)


def _total(sides: list[Side]) -> int:
    return sum(side.length for side in sides)


def _longest(sides: list[Side]) -> int:
    return max(side.length for side in sides)


def _choices(sliding: Sliding, axis: int) -> list[list[Side]]:
    """The ways to cut one axis: into one part, into two, up to one for each position."""
    count = sliding.count(axis)
    lengths = sorted({math.ceil(count / parts) for parts in range(1, count + 1)}, reverse=True)
    return [
        [_side(sliding, axis, begin, min(begin + length, count)) for begin in range(0, count, length)]
        for length in lengths
    ]


def _side(sliding: Sliding, axis: int, begin: int, end: int) -> Side:
    """What the positions `begin` to `end` see, in whole strides, so that every layer falls on the same pixels."""
    window, size, field = sliding.window[axis], sliding.size[axis], sliding.fields[axis]
    stride = field.stride
    most = (size - window) // stride  # strides that the last window is away from the first pixel
    first = min(max(0, begin - math.ceil(max(0, -field.first) / stride)), most)
    seen = field.last + (end - 1) * stride + 1  # behind the last pixel
    strides = min(max(math.ceil((seen - window) / stride), first), most)
    pixels = slice(first * stride, strides * stride + window)
    return Side(slice(begin, end), slice(begin - first, end - first), pixels)
