"""A convolution as the bench computes and spells it out, in NumPy."""

import math
from dataclasses import dataclass

import numpy as np

from imgcls.counted import counted

THREE, FIVE = np.array([1, 2, 1]), np.array([1, 4, 6, 4, 1])  # binomial numbers: a blur along one axis
STEP_3, STEP_5 = np.array([-1, 0, 1]), np.array([-1, -2, 0, 2, 1])  # the difference along one axis
SPIKE_3, SPIKE_5 = np.outer([0, 1, 0], [0, 1, 0]), np.outer([0, 0, 1, 0, 0], [0, 0, 1, 0, 0])
PRESETS: dict[str, dict[int, tuple[np.ndarray, int]]] = {  # name: by side, whole numbers and what they are divided by
    "Identity": {3: (SPIKE_3, 1), 5: (SPIKE_5, 1)},
    "Blur": {3: (np.outer(THREE, THREE), 16), 5: (np.outer(FIVE, FIVE), 256)},
    "Sharpen": {
        3: (np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]), 1),
        5: (512 * SPIKE_5 - np.outer(FIVE, FIVE), 256),  # twice the image less its blur
    },
    "Sobel, upright edges": {3: (np.outer(THREE, STEP_3), 1), 5: (np.outer(FIVE, STEP_5), 1)},
    "Sobel, level edges": {3: (np.outer(STEP_3, THREE), 1), 5: (np.outer(STEP_5, FIVE), 1)},
    "Laplacian": {
        3: (np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]), 1),
        5: (np.array([[0, 0, 1, 0, 0], [0, 1, 2, 1, 0], [1, 2, -16, 2, 1], [0, 1, 2, 1, 0], [0, 0, 1, 0, 0]]), 1),
    },
    "Emboss": {
        3: (np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]), 1),
        5: (np.add.outer(range(-2, 3), range(-2, 3)) + SPIKE_5, 1),
    },
}
SIDES = (3, 5)
SHAPES = "Write 3 rows of 3 numbers, or 5 rows of 5."
LARGEST = 1e6  # of a weight


@dataclass(frozen=True)
class Kernel:
    """A kernel and how it moves.

    Attributes:
        weights: (side, side).
        stride: Pixels from one position to the next.
        padding: Zeros around the image, on each side.
        dilation: Pixels from one weight to the next.
    """

    weights: np.ndarray
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    @property
    def reach(self) -> int:
        """The side of the square that it covers, in pixels."""
        return self.dilation * (len(self.weights) - 1) + 1

    def positions(self, size: int) -> int:
        """How many positions it has along `size` pixels; 0 or less if it is larger than they are."""
        return (size + 2 * self.padding - self.reach) // self.stride + 1


def parsed(text: str, divisor: float = 1.0) -> np.ndarray:
    """The weights that a user wrote: a row on each line or between slashes.

    Raises:
        ValueError: They are no numbers, or no square of 3 or 5.
    """
    rows = [line.replace(",", " ").split() for line in text.replace("/", "\n").splitlines() if line.strip()]
    values = [[_number(word) for word in row] for row in rows]
    if not rows:
        raise ValueError(f"The kernel is empty. {SHAPES}")
    if len({len(row) for row in rows}) > 1:
        raise ValueError(f"The rows of the kernel are not equally long. {SHAPES}")
    if len(rows) not in SIDES or len(rows[0]) != len(rows):
        shape = f"{counted(len(rows), 'row')} of {counted(len(rows[0]), 'number')}"
        raise ValueError(f"The kernel has {shape}. {SHAPES}")
    weights = np.array(values)
    if np.abs(weights).max() > LARGEST:
        raise ValueError(f"A weight of the kernel is too large. Write numbers up to {LARGEST:,.0f}.")
    if not divisor:
        raise ValueError("The kernel is divided by 0. Write another number.")
    return weights / divisor


def number_of(text: str, default: float) -> float:
    """The finite number that an address names; the default if it names none."""
    try:
        value = float(text)
    except ValueError:
        return default
    return value if math.isfinite(value) else default


def written(weights: np.ndarray) -> str:
    """Whole numbers as a user would write them: a row on each line."""
    return "\n".join(" ".join(str(weight) for weight in row) for row in weights)


def feature_map(pixels: np.ndarray, kernel: Kernel) -> np.ndarray:
    """What the kernel gives at each position; like every network's convolution it does not flip the kernel.

    Args:
        pixels: (H, W).
        kernel: What slides over them.

    Raises:
        ValueError: The kernel is larger than the padded image.
    """
    if min(map(kernel.positions, pixels.shape)) < 1:
        raise ValueError(
            f"The kernel covers {kernel.reach} pixels, and the image has {pixels.shape[0]} x {pixels.shape[1]}. Choose "
            "less dilation or more padding."
        )
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(pixels, kernel.padding), (kernel.reach,) * 2)
    seen = windows[:: kernel.stride, :: kernel.stride, :: kernel.dilation, :: kernel.dilation]
    return np.einsum("hwij,ij->hw", seen, kernel.weights)


def window(pixels: np.ndarray, kernel: Kernel, row: int, column: int) -> np.ndarray:
    """The pixels that the weights are multiplied with at one position: (side, side), zeros where there is padding."""
    top, left = row * kernel.stride, column * kernel.stride
    seen = np.pad(pixels, kernel.padding)[top : top + kernel.reach, left : left + kernel.reach]
    return seen[:: kernel.dilation, :: kernel.dilation]


def arithmetic(seen: np.ndarray, kernel: Kernel) -> str:
    """One output pixel in full: a line for each row of the kernel, and the sum."""
    rows = [
        " + ".join(f"{pixel:g}·({_short(weight)})" for pixel, weight in zip(pixels, weights, strict=True))
        for pixels, weights in zip(seen, kernel.weights, strict=True)
    ]
    sums = [float(each) for each in (seen * kernel.weights).sum(axis=1)]
    lines = [f"{row}  =  {_short(total)}" for row, total in zip(rows, sums, strict=True)]
    return "\n".join([*lines, f"{' + '.join(f'({_short(total)})' for total in sums)}  =  {_short(sum(sums))}"])


def size_formula(size: int, kernel: Kernel) -> str:
    """How many positions there are along `size` pixels, with the numbers put in."""
    side, k = len(kernel.weights), kernel
    return f"⌊({size} + 2·{k.padding} - {k.dilation}·({side} - 1) - 1) / {k.stride}⌋ + 1 = {kernel.positions(size)}"


def _number(word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise ValueError(f"The kernel has “{word}”, which is no number. Write numbers such as -1 or 0.5.")
    return value


def _short(value: float) -> str:
    return f"{round(value, 4):g}"
