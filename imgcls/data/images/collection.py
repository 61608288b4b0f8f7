"""Where images come from inside a tf.data chain: by number, in two steps.

A batch's numbers become a string or number each, at once (`fetch`); each of these becomes a region of its image, in
parallel (`region`).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import tensorflow as tf

from imgcls.data.images.decoding import Cut, decode_region
from imgcls.data.images.encoded import PixelPlace, is_record, pixel_place, read_encoded


class Images(Protocol):
    """Images that have numbers."""

    def __len__(self) -> int: ...

    def fetch(self, numbers: tf.Tensor) -> tf.Tensor:
        """(B,) int64 to (B,) of what `region` takes; never fails."""

    def region(self, fetched: tf.Tensor, cut: Cut, height: int, width: int) -> tf.Tensor:
        """A region of one image as `imgcls.data.images.decoding.decode_region` gives it: (H, W, 3), uint8.

        Raises a TensorFlow error if the image cannot be read.
        """


class ImageFiles:
    """A file each."""

    def __init__(self, paths: Sequence[str | Path]) -> None:
        self.paths = tf.constant([str(path) for path in paths])

    def __len__(self) -> int:
        return int(self.paths.shape[0])

    def fetch(self, numbers: tf.Tensor) -> tf.Tensor:
        return tf.gather(self.paths, numbers)

    def region(self, fetched: tf.Tensor, cut: Cut, height: int, width: int) -> tf.Tensor:
        return decode_region(tf.io.read_file(fetched), cut, height, width)


class RecordImages:
    """Wherever their paths lead; a batch is read at once."""

    def __init__(self, paths: Sequence[str | Path]) -> None:
        self.paths = np.array([str(path) for path in paths])

    def __len__(self) -> int:
        return len(self.paths)

    def fetch(self, numbers: tf.Tensor) -> tf.Tensor:
        fetched = tf.numpy_function(self._read, [numbers], tf.string, stateful=False)
        return tf.ensure_shape(fetched, numbers.shape)

    def region(self, fetched: tf.Tensor, cut: Cut, height: int, width: int) -> tf.Tensor:
        return decode_region(fetched, cut, height, width)

    def _read(self, numbers: np.ndarray) -> np.ndarray:
        return np.array([_or_nothing(path) for path in self.paths[numbers]], object)


class PixelRecords:
    """Pixels in files of many images, of which only the region is read."""

    def __init__(self, places: Sequence[PixelPlace]) -> None:
        self.places = places
        self.sides = tf.constant([(place.height, place.width) for place in places], tf.int32)

    def __len__(self) -> int:
        return len(self.places)

    def fetch(self, numbers: tf.Tensor) -> tf.Tensor:
        return numbers

    def region(self, fetched: tf.Tensor, cut: Cut, height: int, width: int) -> tf.Tensor:
        sides = self.sides[fetched]
        region = tf.stack([tf.cast(edge, tf.int32) for edge in cut(sides[0], sides[1])])
        pixels = tf.numpy_function(self._read, [fetched, region], tf.uint8, stateful=False)
        return tf.ensure_shape(pixels, (None, None, 3))

    def _read(self, number: np.ndarray, region: np.ndarray) -> np.ndarray:
        return region_of(self.places[number].read(), region)


class ArrayImages:
    """Pixels in memory: (N, H, W, C), uint8, with 1 or 3 channels."""

    def __init__(self, pixels: np.ndarray) -> None:
        if pixels.ndim != 4 or pixels.dtype != np.uint8 or pixels.shape[3] not in (1, 3):
            raise ValueError(
                f"The images are an array of {pixels.dtype} with the shape {pixels.shape}; expected uint8 and (images, "
                "height, width, 1 or 3)."
            )
        self.pixels = pixels

    def __len__(self) -> int:
        return len(self.pixels)

    def fetch(self, numbers: tf.Tensor) -> tf.Tensor:
        return numbers

    def region(self, fetched: tf.Tensor, cut: Cut, height: int, width: int) -> tf.Tensor:
        region = tf.stack([tf.cast(edge, tf.int32) for edge in cut(*(tf.constant(n) for n in self.pixels.shape[1:3]))])
        pixels = tf.numpy_function(self._read, [fetched, region], tf.uint8, stateful=False)
        return tf.ensure_shape(pixels, (None, None, 3))

    def _read(self, number: np.ndarray, region: np.ndarray) -> np.ndarray:
        return region_of(self.pixels[number], region)


def region_of(pixels: np.ndarray, region: np.ndarray) -> np.ndarray:
    """(top, left, height, width) of pixels (H, W, 1 or 3), as a copy in colour."""
    top, left, height, width = region
    part = pixels[top : top + height, left : left + width]
    return part.repeat(3, axis=2) if part.shape[2] == 1 else np.ascontiguousarray(part)


def as_images(images: "Images | Sequence[str | Path] | np.ndarray") -> Images:
    """Paths, be they of files or of records in larger files, or an array (N, H, W, C); images are left as they are."""
    if hasattr(images, "fetch"):
        return images
    if isinstance(images, np.ndarray) and images.dtype.kind not in "OSU":
        return ArrayImages(images)
    if not any(is_record(path) for path in images):
        return ImageFiles(images)
    places = [pixel_place(path) for path in images]
    return PixelRecords(places) if all(places) else RecordImages(images)


def _or_nothing(path: str) -> bytes:
    """ "" for what cannot be read, which no decoder takes."""
    try:
        return read_encoded(path)
    except (OSError, ValueError):
        return b""
