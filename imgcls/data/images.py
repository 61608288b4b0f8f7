"""Where encoded images come from inside a tf.data chain: by number, in two steps.

A batch's numbers become strings at once (`fetch`), and each string becomes an image file's bytes in parallel (`load`).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import tensorflow as tf

from imgcls.data.records import is_record, read_encoded


class Images(Protocol):
    """Encoded images that have numbers."""

    def __len__(self) -> int: ...

    def fetch(self, numbers: tf.Tensor) -> tf.Tensor:
        """(B,) int64 to (B,) strings; never fails."""

    def load(self, fetched: tf.Tensor) -> tf.Tensor:
        """One such string to the bytes of an image. Raises a TensorFlow error if they cannot be read."""


class ImageFiles:
    """A file each."""

    def __init__(self, paths: Sequence[str | Path]):
        self.paths = tf.constant([str(path) for path in paths])

    def __len__(self) -> int:
        return int(self.paths.shape[0])

    def fetch(self, numbers: tf.Tensor) -> tf.Tensor:
        return tf.gather(self.paths, numbers)

    def load(self, fetched: tf.Tensor) -> tf.Tensor:
        return tf.io.read_file(fetched)


class RecordImages:
    """Images by number for the tf.data chain, wherever their paths lead; a batch is read at once."""

    def __init__(self, paths: Sequence[str | Path]):
        self.paths = np.array([str(path) for path in paths])

    def __len__(self) -> int:
        return len(self.paths)

    def fetch(self, numbers: tf.Tensor) -> tf.Tensor:
        """(B,) int64 to (B,) encoded images; "" for what cannot be read, which no decoder takes."""
        fetched = tf.numpy_function(self._read, [numbers], tf.string, stateful=False)
        return tf.ensure_shape(fetched, numbers.shape)

    def load(self, fetched: tf.Tensor) -> tf.Tensor:
        return fetched

    def _read(self, numbers: np.ndarray) -> np.ndarray:
        return np.array([_or_nothing(path) for path in self.paths[numbers]], object)


def as_images(images: "Images | Sequence[str | Path]") -> Images:
    """Paths as images, be they of files or of records in larger files; what is images already is left alone."""
    if hasattr(images, "fetch"):
        return images
    return RecordImages(images) if any(is_record(path) for path in images) else ImageFiles(images)


def _or_nothing(path: str) -> bytes:
    try:
        return read_encoded(path)
    except (OSError, ValueError):
        return b""
