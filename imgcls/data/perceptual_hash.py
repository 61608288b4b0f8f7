"""A hash and a thumbnail of a picture, by which copies of it are found.

The hash is that of the discrete cosine transform (Zauner, "Implementation and benchmarking of perceptual image hash
functions", 2010): the picture as 32 x 32 grey levels, and of each of its 64 lowest frequencies whether it is positive.
The lowest stand in the lowest bits. The mean is none of them, so that brightness does not count.
"""

import numpy as np
from PIL import Image

SIDE = 32  # cells of the grid that the picture is averaged to
THUMBNAIL_SIDE = 16
BITS = 64
LEAST_CONTRAST = 2.0  # grey levels, standard deviation of the cells; below it a hash would be that of the noise
LEAST_AMPLITUDE = 0.5  # as a multiple of the contrast; a frequency that a picture lacks is not positive by chance
MOST_SAMPLES = 512  # pixels of the shorter side that are looked at


def perceptual_hash(pixels: np.ndarray) -> tuple[str, str]:
    """The hash as 16 hexadecimal digits, and the thumbnail, 16 x 16 grey levels, as 512.

    pixels: (H, W, 3) uint8 of the upright picture. A picture of one colour has an empty hash.
    """
    step = max(1, min(pixels.shape[:2]) // MOST_SAMPLES)
    grey = Image.fromarray(np.ascontiguousarray(pixels[::step, ::step])).convert("L")
    cells = np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32)
    thumbnail = cells.reshape(THUMBNAIL_SIDE, 2, THUMBNAIL_SIDE, 2).mean((1, 3)).round().astype(np.uint8)
    contrast = cells.std()
    if contrast < LEAST_CONTRAST:
        return "", thumbnail.tobytes().hex()
    frequencies = (COSINES @ cells @ COSINES.T)[LOWEST]
    bits = np.packbits(frequencies[::-1] > LEAST_AMPLITUDE * contrast)
    return bits.tobytes().hex(), thumbnail.tobytes().hex()


def hashes_of(texts: list[str]) -> np.ndarray:
    """Hashes in hexadecimal digits as (N,) uint64."""
    return np.array([int(text, 16) for text in texts], np.uint64)


def thumbnails_of(texts: list[str]) -> np.ndarray:
    """Thumbnails in hexadecimal digits as (N, 16, 16) uint8."""
    return np.frombuffer(bytes.fromhex("".join(texts)), np.uint8).reshape(-1, THUMBNAIL_SIDE, THUMBNAIL_SIDE)


def _cosines() -> np.ndarray:
    """The first rows of the discrete cosine transform of type II, (12, 32)."""
    return np.cos(np.pi * np.outer(np.arange(12), np.arange(SIDE) + 0.5) / SIDE).astype(np.float32)


def _lowest() -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the 64 lowest frequencies but the mean, the lowest first."""
    order = sorted((i * i + j * j, i, j) for i in range(12) for j in range(12))[1 : BITS + 1]
    return np.array([i for _, i, _ in order]), np.array([j for _, _, j in order])


COSINES = _cosines()
LOWEST = _lowest()
