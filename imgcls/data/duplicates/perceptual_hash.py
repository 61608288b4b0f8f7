"""A hash and a thumbnail of an image, by which copies of it are found.

The hash is that of the discrete cosine transform (Zauner, "Implementation and benchmarking of perceptual image hash
functions", 2010): the image as 32 x 32 gray levels, and of each of its 64 lowest frequencies whether it is positive.
The lowest stand in the lowest bits. The mean is none of them, so that brightness does not count.
"""

import numpy as np
from PIL import Image

SIDE = 32  # cells of the grid that the image is averaged to
THUMBNAIL_SIDE = 16
BITS = 64
LEAST_CONTRAST = 2.0  # gray levels, standard deviation of the cells; below it a hash would be that of the noise
LEAST_AMPLITUDE = 0.5  # as a multiple of the contrast; a frequency that an image lacks is not positive by chance
MOST_SAMPLES = 512  # pixels of the shorter side that are looked at


def grayscale_image(pixels: np.ndarray) -> Image.Image:
    """The image in gray levels.

    Args:
        pixels: (H, W, 3), uint8.

    Returns:
        An image of mode L; of a large image, every second, third ... pixel.
    """
    step = max(1, min(pixels.shape[:2]) // MOST_SAMPLES)
    return Image.fromarray(np.ascontiguousarray(pixels[::step, ::step])).convert("L")


def perceptual_hash(gray: Image.Image) -> tuple[str, str]:
    """The hash and the thumbnail of an image.

    Args:
        gray: The upright image, as `grayscale_image` makes it.

    Returns:
        The hash as 16 hexadecimal digits, empty for an image of one colour; and the thumbnail, 16 x 16 gray levels, as
        512 hexadecimal digits.
    """
    cells = np.asarray(gray.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32)
    thumbnail = cells.reshape(THUMBNAIL_SIDE, 2, THUMBNAIL_SIDE, 2).mean((1, 3)).round().astype(np.uint8)
    contrast = cells.std()
    if contrast < LEAST_CONTRAST:
        return "", thumbnail.tobytes().hex()
    return f"{_hashes(cells[None], COSINES)[0]:016x}", thumbnail.tobytes().hex()


def hashes_of_cells(cells: np.ndarray) -> np.ndarray:
    """About the hashes that images with these thumbnails have.

    Args:
        cells: (N, 16, 16).

    Returns:
        (N,), uint64.
    """
    return _hashes(cells.astype(np.float32), THUMBNAIL_COSINES)


def _hashes(cells: np.ndarray, cosines: np.ndarray) -> np.ndarray:
    """cells: (N, S, S) float32. cosines: (12, S)."""
    frequencies = (cosines @ cells @ cosines.T)[:, *LOWEST] * (SIDE / cosines.shape[1]) ** 2
    positive = frequencies > LEAST_AMPLITUDE * cells.std((1, 2))[:, None]
    return np.packbits(positive[:, ::-1], axis=1).view(">u8")[:, 0].astype(np.uint64)


def hashes_of(texts: list[str]) -> np.ndarray:
    """Hashes in hexadecimal digits as (N,), uint64."""
    return np.array([int(text, 16) for text in texts], np.uint64)


def thumbnails_of(texts: list[str]) -> np.ndarray:
    """Thumbnails in hexadecimal digits as (N, 16, 16), uint8."""
    return np.frombuffer(bytes.fromhex("".join(texts)), np.uint8).reshape(-1, THUMBNAIL_SIDE, THUMBNAIL_SIDE)


def _cosines(side: int) -> np.ndarray:
    """The first rows of the discrete cosine transform of type II, (12, side)."""
    return np.cos(np.pi * np.outer(np.arange(12), np.arange(side) + 0.5) / side).astype(np.float32)


def _lowest() -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the 64 lowest frequencies but the mean, the lowest first."""
    order = sorted((i * i + j * j, i, j) for i in range(12) for j in range(12))[1 : BITS + 1]
    return np.array([i for _, i, _ in order]), np.array([j for _, _, j in order])


COSINES = _cosines(SIDE)
THUMBNAIL_COSINES = _cosines(THUMBNAIL_SIDE)
LOWEST = _lowest()
