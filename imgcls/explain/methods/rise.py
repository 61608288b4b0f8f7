"""RISE: what the answer is, on average, where a random mask lets a pixel through."""

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from imgcls.explain.heatmaps import Heatmaps
from imgcls.explain.methods.answers import Answer, answers, mean_pixel
from imgcls.explain.methods.map_gradients import enlarged
from imgcls.explain.methods.method import Method, MethodOptions, batches
from imgcls.explain.network import Network

CELLS = 7  # of a mask, along each side, before it is enlarged; section 4.1 of the paper
OPEN = 0.5  # probability of a cell to let its pixels through, likewise


def rise(network: Network, pixels: np.ndarray, coefficients: np.ndarray, options: MethodOptions) -> Heatmaps:
    """The explained probability where a mask shows a pixel, less that over all masks; see `Compute`.

    That is the paper's map (equation 6) less a constant, so that 0 is a pixel that does not matter and a value below 0
    speaks against. Each pixel is divided by how often the masks showed it, in place of how often they would in the
    long run. What a mask hides fades to the pixel that the network standardizes to 0, as in the authors' program.

    Reference:
        Petsiuk, Das and Saenko, RISE: Randomized Input Sampling for Explanation of Black-box Models, 2018, section 3.
    """
    answer, gray = answers(network, pixels, coefficients, min(options.batch_size, options.masks)), mean_pixel(network)
    values = np.zeros(pixels.shape[:3], np.float32)
    for index, (image, row) in enumerate(zip(pixels, coefficients, strict=True)):
        values[index] = _conditional_mean(answer, image - gray, gray, row, options)
        options.on_progress(index + 1)
    return Heatmaps(values)


def _conditional_mean(
    answer: Answer, contrast: np.ndarray, gray: np.ndarray, row: np.ndarray, options: MethodOptions
) -> np.ndarray:
    size = contrast.shape[:2]
    weighed, shown, total = np.zeros(size), np.full(size, 1e-12), 0.0
    for masks in random_masks(size, options):
        probabilities = answer(gray + masks[..., None] * contrast, row)
        weighed += np.einsum("n,nhw->hw", probabilities, masks)
        shown += masks.sum(0)
        total += float(probabilities.sum())
    values: np.ndarray = weighed / shown - total / options.masks
    return values


def random_masks(size: tuple[int, int], options: MethodOptions) -> Iterator[np.ndarray]:
    """Masks (b, H, W) in [0, 1], `options.batch_size` at once: the same for the same seed, whatever the batch size.

    A mask is a grid of open and closed cells, enlarged bilinearly and shifted at random by up to a cell.

    Args:
        size: Height and width.
        options: Of these, the number of masks, the seed and the batch size.
    """
    cell = tuple(-(-length // CELLS) for length in size)
    grids = np.random.default_rng([options.seed, 0])
    shifts = np.random.default_rng([options.seed, 1])
    for part in batches(options.masks, options.batch_size):
        count = part.stop - part.start
        grid = grids.random((count, CELLS + 1, CELLS + 1)) < OPEN
        large = enlarged(tf.constant(grid, tf.float32), ((CELLS + 1) * cell[0], (CELLS + 1) * cell[1])).numpy()
        tops, lefts = (shifts.random((count, 2)) * cell).astype(int).T
        yield np.stack(
            [
                mask[top : top + size[0], left : left + size[1]]
                for mask, top, left in zip(large, tops, lefts, strict=True)
            ]
        )


METHOD = Method("rise", "RISE", rise, "answers", signed=True, paper="Petsiuk et al., 2018")
