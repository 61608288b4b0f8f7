"""Images as a Python user has them: files, encoded bytes, arrays of pixels."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from imgcls.data.images.encoded import ppm, read_encoded
from imgcls.data.images.transcoding import decodable
from imgcls.image_files import Refused

Image = str | Path | bytes | np.ndarray


def without_arrays(images: Sequence[Image] | np.ndarray) -> list[str | Path | bytes]:
    """Encode the arrays among images; paths and encoded images stay as they are.

    Args:
        images: Paths, encoded images as bytes, arrays (height, width, channels) of uint8 with 1 or 3 channels, or one
            array (N, height, width, channels).

    Returns:
        The same images, with a PPM file in place of each array.

    Raises:
        ValueError: If `images` is a single image, or an array that is no image.
    """
    single = isinstance(images, str | Path | bytes) or (isinstance(images, np.ndarray) and images.ndim < 4)
    if single:
        raise ValueError(f"images is a single {type(images).__name__}; expected a list, or an array of several images.")
    return [_as_ppm(image) if isinstance(image, np.ndarray) else image for image in images]


def content(image: str | Path | bytes) -> tuple[bytes, str]:
    """The bytes of an image that a SavedModel can decode, and "" or the reason why there are none.

    A PNG is made of a file that TensorFlow does not decode. Bytes stay as they are.
    """
    if isinstance(image, bytes):
        return image, ""
    try:
        return decodable(read_encoded(image)), ""
    except Refused as error:
        return b"", str(error)
    except OSError as error:
        return b"", (error.strerror or str(error)).lower()


def _as_ppm(image: np.ndarray) -> bytes:
    pixels = image[..., None] if image.ndim == 2 else image
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[-1] not in (1, 3) or not pixels.size:
        raise ValueError(
            f"An image is an array {image.shape} of {image.dtype}; expected (height, width, 1 or 3) of uint8."
        )
    return ppm(pixels)
