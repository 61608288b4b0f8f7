"""The quality of an image in four numbers: how bright, how rich and how sharp it is.

Brightness and information are measured as cleanvision (0.3) does, so that its limits hold here too. Sharpness is not:
the width of the sharpest edges is compared with that of a hard edge, so it does not depend on the contrast.
"""

import math

import numpy as np
from PIL import Image

LEAST_SAMPLES = 80  # pixels of the shorter side that brightness and information are measured on, where there are more
WEIGHTS = (241, 691, 68)  # of red, green and blue squared, in thousandths; the HSP colour model of Darel Rex Finley
SQUARES = [weight * np.arange(256, dtype=np.int32) ** 2 for weight in WEIGHTS]
SIDE = 128  # pixels of the longer side at which edges are looked at; about what a network sees of them
SMALLEST_SIDE = 64  # pixels of the shorter side, below which few shades and soft edges are no defect
REACH = 4  # pixels of those SIDE; an edge that rises over more of them is blurred altogether
EDGES = 0.995  # quantile of the differences between pixels that stands for the sharpest edges
LEAST_STEP = 8.0  # gray levels within REACH that make an edge
LEAST_SHARE = 0.25  # of the edges' height that a direction must have of the other's, for its edges to count


def quality(pixels: np.ndarray, gray: Image.Image) -> dict[str, float]:
    """The columns brightness_5, brightness_99, entropy and sharpness, as `Manifest` describes them.

    Args:
        pixels: (H, W, 3), uint8.
        gray: The same image in gray levels, mode L, perhaps smaller.
    """
    step = max(1, min(pixels.shape[:2]) // LEAST_SAMPLES)
    sample = np.ascontiguousarray(pixels[::step, ::step])
    dark, bright = _brightness(sample, (0.05, 0.99))
    return {
        "brightness_5": dark,
        "brightness_99": bright,
        "entropy": math.nan if min(pixels.shape[:2]) < SMALLEST_SIDE else entropy(sample),
        "sharpness": sharpness(gray),
    }


def entropy(pixels: np.ndarray) -> float:
    """The entropy of the values of all channels together, in bits. Gray is one channel, however it is stored.

    Args:
        pixels: (H, W, 3), uint8.
    """
    gray = (pixels == pixels[..., :1]).all()
    return Image.fromarray(np.ascontiguousarray(pixels[..., 0]) if gray else pixels).entropy()


def sharpness(gray: Image.Image) -> float:
    """How much of their height the sharpest edges rise from one pixel to the next, in the direction that has less.

    Args:
        gray: The image in gray levels, mode L.

    Returns:
        About 0.3 to 1 for photos, and 1 / REACH for a blurred image; NaN for an image that is too small to measure.
    """
    ratio = SIDE / max(gray.size)
    if min(gray.size) < SMALLEST_SIDE or min(gray.size) * ratio <= 2 * REACH:
        return math.nan
    if ratio < 1:
        size = [max(1, round(ratio * side)) for side in gray.size]
        gray = gray.convert("F").resize(size, Image.Resampling.BOX)  # whose means keep what is below one gray level
    levels = np.asarray(gray, np.float32)
    heights = [(_largest(part, 1), _largest(part, REACH)) for part in (levels, levels.T)]
    least = max(LEAST_STEP, LEAST_SHARE * max(height for _, height in heights))
    return min((step / height for step, height in heights if height >= least), default=1 / REACH)


def _brightness(sample: np.ndarray, quantiles: tuple[float, ...]) -> list[float]:
    """The brightness, 0 to 1, that each share of the pixels does not exceed. sample: (H, W, 3) uint8."""
    squares = sum(square[sample[..., channel]] for channel, square in enumerate(SQUARES)).ravel()
    places = [int(quantile * (len(squares) - 1)) for quantile in quantiles]
    return [math.sqrt(value / 1000) / 255 for value in np.partition(squares, places)[places].tolist()]


def _largest(levels: np.ndarray, distance: int) -> float:
    """The quantile EDGES of the differences between pixels that are so far apart, down the columns."""
    differences = np.abs(levels[distance:] - levels[:-distance]).ravel()
    place = int(EDGES * (differences.size - 1))
    return float(np.partition(differences, place)[place])
