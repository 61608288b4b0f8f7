"""Images that are spoilt so much that nothing is to be seen on them: strangers that every data set can give."""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter

TILES = 4  # along each side of an image that is cut up
BLUR = 0.2  # deviation of the blur, as a share of the shorter side
NOISE = 100.0  # deviation of the noise, in levels of 255
LEVELS = 255.0


def blurred(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The images, blurred until only large spots are left."""
    deviation = BLUR * min(pixels.shape[1:3])
    found: np.ndarray = gaussian_filter(pixels, (0, deviation, deviation, 0))
    return found


def noisy(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The images under strong noise."""
    noise = random.normal(0.0, NOISE, pixels.shape)
    return np.clip(pixels + noise, 0.0, LEVELS).astype(np.float32)


def shuffled(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The tiles of each image in another order; what does not divide by four stays."""
    found = pixels.copy()
    height, width = (size // TILES for size in pixels.shape[1:3])
    places = [(row * height, column * width) for row in range(TILES) for column in range(TILES)]
    for image, source in zip(found, pixels, strict=True):
        for (row, column), other in zip(places, random.permutation(places), strict=True):
            tile = source[other[0] : other[0] + height, other[1] : other[1] + width]
            image[row : row + height, column : column + width] = tile
    return found


CORRUPTIONS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "noise": noisy,
    "strong blur": blurred,
    "shuffled tiles": shuffled,
}
"""From pixels (N, height, width, channels), float32 in [0, 255], to the same shape and range, by name."""
