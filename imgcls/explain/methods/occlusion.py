"""Occlusion: how much the answer loses when a gray square hides a part of the image."""

from collections.abc import Iterator

import numpy as np

from imgcls.explain.heatmaps import Heatmaps
from imgcls.explain.methods.answers import Answer, answers
from imgcls.explain.methods.method import Method, MethodOptions, batches
from imgcls.explain.network import Network

STEPS_PER_SQUARE = 3  # a square moves by a third of its side
Square = tuple[slice, slice]


def occlusion(network: Network, pixels: np.ndarray, coefficients: np.ndarray, options: MethodOptions) -> Heatmaps:
    """The mean drop of the explained probability over all squares that hide a pixel; see `Compute`.

    The square has the mean color of the image. It is `options.window` of the image high and wide and moves by a third
    of that.

    Figures:
        probability: Of the whole image.

    Reference:
        Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, 2014, section 4.2.
    """
    squares = list(_squares(network.size, options.window))
    answer = answers(network, pixels, coefficients, min(options.batch_size, len(squares)))
    values, whole = np.zeros(pixels.shape[:3], np.float32), np.zeros(len(pixels), np.float32)
    for index, (image, row) in enumerate(zip(pixels, coefficients, strict=True)):
        whole[index] = answer(image[None], row)[0]
        values[index] = _mean_drop(answer, image, row, squares, options.batch_size, float(whole[index]))
        options.on_progress(index + 1)
    return Heatmaps(values, figures={"probability": whole})


def _squares(size: tuple[int, int], window: float) -> Iterator[Square]:
    """Squares that cover an image of this height and width, from border to border."""
    rows, columns = (_starts(length, max(1, round(window * length))) for length in size)
    for top, bottom in rows:
        for left, right in columns:
            yield slice(top, bottom), slice(left, right)


def _starts(length: int, side: int) -> list[tuple[int, int]]:
    """First and last pixel, the latter not included, of each square along one axis."""
    count = int(np.ceil((length - side) / max(1, side // STEPS_PER_SQUARE))) + 1
    firsts = np.unique(np.linspace(0, length - side, count).round().astype(int))
    return [(int(first), int(first) + side) for first in firsts]


def _mean_drop(
    answer: Answer, image: np.ndarray, row: np.ndarray, squares: list[Square], batch_size: int, whole: float
) -> np.ndarray:
    drops, covered = np.zeros(image.shape[:2]), np.zeros(image.shape[:2])
    gray = image.mean((0, 1))
    for part in batches(len(squares), batch_size):
        hidden = np.repeat(image[None], part.stop - part.start, axis=0)
        for each, square in zip(hidden, squares[part], strict=True):
            each[square] = gray
        for square, probability in zip(squares[part], answer(hidden, row), strict=True):
            drops[square] += whole - probability
            covered[square] += 1
    return drops / covered


METHOD = Method("occlusion", "Occlusion", occlusion, "answers", signed=True, paper="Zeiler and Fergus, 2014")
