"""A photo at full size, as training reads images, and the same at other sizes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from imgcls.data.images.decoding import Cut, decode, decode_region
from imgcls.data.images.exif import orientation
from imgcls.data.images.preprocessing import Preprocessing, preprocess_region
from imgcls.data.images.reading import for_each_file
from imgcls.data.images.transcoding import decodable

JPEG_BEGINS = b"\xff\xd8\xff"
MOST_PIXELS = 4096  # a side, of what a photo is resized to; as `Preprocessing` has it


@dataclass(frozen=True)
class Photo:
    """A photo that was found readable.

    Attributes:
        name: Of its file; "photo" for bytes.
        size: Height and width, upright.
    """

    name: str
    size: tuple[int, int]
    _data: bytes
    _decoded: Callable[[Cut, int, int], tf.Tensor]

    def resized(self, size: tuple[int, int], preprocessing: Preprocessing) -> np.ndarray:
        """The whole photo at another size, by the decoder, interpolation and range of prediction.

        Args:
            size: Height and width, each at most 4096.
            preprocessing: Of the network; its crop is not made.

        Returns:
            (height, width, channels), float32 in [0, 255].

        Raises:
            ValueError: If the pixels are damaged.
        """
        whole = replace(preprocessing, height=size[0], width=size[1], resize="stretch", crop_share=1.0)
        return attempted(self.name, self._data, lambda _: preprocess_region(self._decoded, whole).numpy())


def read_photo(source: str | Path | bytes) -> Photo:
    """Open a photo: any format that training reads, turned upright by its EXIF orientation.

    Args:
        source: The file, or its bytes.

    Raises:
        ValueError: If it cannot be read, with the reason.
    """
    name = "photo" if isinstance(source, bytes) else Path(source).name
    return Photo(name, *attempted(name, source, _opened))


def attempted(name: str, source: str | Path | bytes, function: Callable[[bytes], Any]) -> Any:
    """What a function makes of a file.

    Raises:
        ValueError: If it cannot be read, with the reason that every reader of images here gives.
    """
    found = next(iter(for_each_file([source], function)))
    if found.problem:
        raise ValueError(f"{name} cannot be read: {found.problem}.")
    return found.result


def _opened(data: bytes) -> tuple[tuple[int, int], bytes, Callable[[Cut, int, int], tf.Tensor]]:
    """The upright size, the data, and what gives regions.

    Of a JPEG each size is decoded anew: its decoder leaves out detail that is not asked for, which is faster and takes
    less memory than to keep all of it.
    """
    encoded = tf.constant(decodable(data))
    if data.startswith(JPEG_BEGINS):
        height, width = tf.image.extract_jpeg_shape(encoded).numpy()[:2]
        turned = int(orientation(encoded)) >= 5
        size = (int(width), int(height)) if turned else (int(height), int(width))
        return size, data, partial(decode_region, encoded)
    image = decode(encoded)

    def region(cut: Cut, height: int, width: int) -> tf.Tensor:
        top, left, kept_height, kept_width = cut(*tf.unstack(tf.shape(image)[:2]))
        return image[top : top + kept_height, left : left + kept_width]

    return (int(image.shape[0]), int(image.shape[1])), data, region
