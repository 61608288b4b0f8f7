"""The window that convolutions and poolings slide over a feature map."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """A kernel, its strides and its padding.

    For each axis with `size` positions, a kernel of `k` and a stride of `s`:

        out = floor((size - k) / s) + 1 with "valid" padding, ceil(size / s) with "same" padding,
              ceil((size - k) / s) + 1 with "ceil" padding, where all windows begin inside

    Attributes:
        kernel: (height, width).
        strides: (height, width).
        padding: "valid", "same", which puts the odd zero at the end, or "ceil", whose last windows reach over the end.
    """

    kernel: tuple[int, int]
    strides: tuple[int, int] = (1, 1)
    padding: str = "valid"

    def positions(self, sizes: tuple[int, int]) -> tuple[int, int]:
        """(height, width) after the window slid over (height, width); below 1 where the map is too small."""
        return self._along(0, sizes[0]), self._along(1, sizes[1])

    def _along(self, axis: int, size: int) -> int:
        kernel, stride = self.kernel[axis], self.strides[axis]
        if self.padding == "ceil":
            return min(-(-(size - kernel) // stride), (size - 1) // stride) + 1
        return -(-size // stride) if self.padding == "same" else (size - kernel) // stride + 1


def pair(size: int | tuple[int, int]) -> tuple[int, int]:
    """(height, width) of what may be given as one number."""
    return (size, size) if isinstance(size, int) else (size[0], size[1])
