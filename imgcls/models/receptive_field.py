"""Which pixels a position of a feature map sees, from formulas."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from imgcls.models.window import Window

UNKNOWN: Literal["unknown"] = "unknown"


@dataclass(frozen=True)
class ReceptiveField:
    """Which pixels the first position of a feature map sees along one axis, and how far apart two positions look.

    Attributes:
        first: The first pixel, counted from 0; outside the image where padding is seen.
        last: The last pixel, included.
        stride: Pixels between the fields of neighbours.
    """

    first: int = 0
    last: int = 0
    stride: int = 1

    @property
    def size(self) -> int:
        """In pixels."""
        return self.last - self.first + 1

    @property
    def position(self) -> float:
        """The centre, in pixels."""
        return (self.first + self.last) / 2

    def through(self, kernel: int, strides: int, before: int) -> "ReceptiveField":
        """The field after a kernel that begins `before` positions outside."""
        first = self.first - before * self.stride
        return ReceptiveField(first, self.last + (kernel - 1 - before) * self.stride, self.stride * strides)

    def joined(self, other: "ReceptiveField") -> "ReceptiveField":
        """The smallest field that holds both."""
        return replace(self, first=min(self.first, other.first), last=max(self.last, other.last))


Fields = tuple[ReceptiveField, ReceptiveField]  # along height and width
Seen = Fields | None | Literal["unknown"]  # None: all pixels; UNKNOWN: behind a layer that nothing is known of


def slid(seen: Seen, sizes: Sequence[int], outs: Sequence[int], window: Window) -> Seen:
    """What is seen after a window that slides over (height, width) positions and leaves `outs` of them."""
    if not isinstance(seen, tuple):
        return seen
    before = [
        max((out - 1) * stride + k - size, 0) // 2 if window.padding == "same" else 0
        for size, out, k, stride in zip(sizes, outs, window.kernel, window.strides, strict=True)
    ]
    height, width = (
        field.through(k, stride, outside)
        for field, k, stride, outside in zip(seen, window.kernel, window.strides, before, strict=True)
    )
    return height, width


def joined(seen: Sequence[Seen]) -> Seen:
    """What a sum or a concatenation sees: what any of its parts does."""
    if None in seen:
        return None
    fields = [each for each in seen if isinstance(each, tuple)]
    if len(fields) < len(seen):
        return UNKNOWN
    height, width = (functools.reduce(ReceptiveField.joined, axis) for axis in zip(*fields, strict=True))
    return height, width
