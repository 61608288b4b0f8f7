"""Collections of images inside a tf.data chain, by number, in two steps.

The numbers of a batch become one string or number each, all at once (`fetch`); each of these becomes a region of its
image, in parallel (`region`).
"""

from collections.abc import Sequence
from operator import index
from pathlib import Path
from typing import Protocol, SupportsIndex, cast

import numpy as np
import tensorflow as tf

from imgcls.data.images.decoding import Cut, decode_region
from imgcls.data.images.encoded import PixelPlace, is_in_shard, pixel_place, read_encoded


class Images(Protocol):
    """Images that have numbers."""

    def __len__(self) -> int: ...

    def fetch(self, numbers: tf.Tensor) -> tf.Tensor:
        """What images are read from.

        Args:
            numbers: (B,), int64.

        Returns:
            (B,), what `region` takes. Never fails.
        """

    def region(self, fetched: tf.Tensor, cut: Cut, height: int, width: int) -> tf.Tensor:
        """A region of one image, as `imgcls.data.images.decoding.decode_region` gives it.

        Args:
            fetched: A scalar of what `fetch` returned.
            cut: The region that is needed, as `decode_region` takes it.
            height: The height that the region will be resized to.
            width: The width that the region will be resized to.

        Returns:
            (H, W, 3), uint8.

        Raises:
            tf.errors.OpError: The image cannot be read.
        """


class ImageFiles:
    """Images, each in a file of its own.

    Args:
        paths: (N,), of the files.
    """

    def __init__(self, paths: Sequence[str | Path] | np.ndarray) -> None:
        self.paths = tf.constant([str(path) for path in paths])

    def __len__(self) -> int:
        return int(self.paths.shape[0])

    def fetch(self, numbers: tf.Tensor) -> tf.Tensor:
        """The paths of images."""
        return tf.gather(self.paths, numbers)

    def region(self, fetched: tf.Tensor, cut: Cut, height: int, width: int) -> tf.Tensor:
        """A region of the image in a file; see `Images.region`."""
        return decode_region(tf.io.read_file(fetched), cut, height, width)


class ShardImages:
    """Encoded images in shards or in files of their own; the images of a batch are read at once.

    Args:
        paths: (N,), as `imgcls.data.images.encoded` describes them.
    """

    def __init__(self, paths: Sequence[str | Path] | np.ndarray) -> None:
        self.paths = np.array([str(path) for path in paths])

    def __len__(self) -> int:
        return len(self.paths)

    def fetch(self, numbers: tf.Tensor) -> tf.Tensor:
        """The bytes of encoded images, empty for one that cannot be read."""
        fetched = tf.numpy_function(self._read, [numbers], tf.string, stateful=False)
        return tf.ensure_shape(fetched, numbers.shape)

    def region(self, fetched: tf.Tensor, cut: Cut, height: int, width: int) -> tf.Tensor:
        """A region of an encoded image; see `Images.region`."""
        return decode_region(fetched, cut, height, width)

    def _read(self, numbers: np.ndarray) -> np.ndarray:
        return np.array([_or_nothing(path) for path in self.paths[numbers]], object)


class ShardPixels:
    """Images as pixels in shards, of which only the region is read.

    Args:
        places: (N,), where the pixels are.
    """

    def __init__(self, places: Sequence[PixelPlace]) -> None:
        self.places = places
        self.sides = tf.constant([(place.height, place.width) for place in places], tf.int32)

    def __len__(self) -> int:
        return len(self.places)

    def fetch(self, numbers: tf.Tensor) -> tf.Tensor:
        """The numbers themselves."""
        return numbers

    def region(self, fetched: tf.Tensor, cut: Cut, height: int, width: int) -> tf.Tensor:
        """A region of the pixels in a shard; see `Images.region`."""
        sides = self.sides[fetched]
        region = tf.stack([tf.cast(edge, tf.int32) for edge in cut(sides[0], sides[1])])
        pixels = tf.numpy_function(self._read, [fetched, region], tf.uint8, stateful=False)
        return tf.ensure_shape(pixels, (None, None, 3))

    def _read(self, number: SupportsIndex, region: np.ndarray) -> np.ndarray:
        return region_of(self.places[index(number)].read(), region)


class ArrayImages:
    """Images as pixels in memory.

    Args:
        pixels: (N, H, W, C), uint8, with 1 or 3 channels.

    Raises:
        ValueError: The array has another shape or type.
    """

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
        """The numbers themselves."""
        return numbers

    def region(self, fetched: tf.Tensor, cut: Cut, height: int, width: int) -> tf.Tensor:
        """A region of the pixels in memory; see `Images.region`."""
        region = tf.stack([tf.cast(edge, tf.int32) for edge in cut(*(tf.constant(n) for n in self.pixels.shape[1:3]))])
        pixels = tf.numpy_function(self._read, [fetched, region], tf.uint8, stateful=False)
        return tf.ensure_shape(pixels, (None, None, 3))

    def _read(self, number: SupportsIndex, region: np.ndarray) -> np.ndarray:
        return region_of(self.pixels[number], region)


def region_of(pixels: np.ndarray, region: np.ndarray) -> np.ndarray:
    """A region of pixels, as a copy in colour.

    Args:
        pixels: (H, W, 1 or 3).
        region: (4,): top, left, height and width.

    Returns:
        (height, width, 3).
    """
    top, left, height, width = region
    part = pixels[top : top + height, left : left + width]
    return part.repeat(3, axis=2) if part.shape[2] == 1 else np.ascontiguousarray(part)


def as_images(images: "Images | Sequence[str | Path] | np.ndarray") -> Images:
    """The collection for what the caller has.

    Args:
        images: Paths of files or of images in shards, an array (N, H, W, 1 or 3), or a collection, which is returned.
    """
    if hasattr(images, "fetch"):
        return cast("Images", images)
    if isinstance(images, np.ndarray) and images.dtype.kind not in "OSU":
        return ArrayImages(images)
    if not any(is_in_shard(path) for path in images):
        return ImageFiles(images)
    places = [pixel_place(path) for path in images]
    pixels = [place for place in places if place]
    return ShardPixels(pixels) if len(pixels) == len(places) else ShardImages(images)


def _or_nothing(path: str) -> bytes:
    """ "" for what cannot be read, which no decoder takes."""
    try:
        return read_encoded(path)
    except (OSError, ValueError):
        return b""
