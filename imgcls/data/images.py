"""Where encoded images come from inside a tf.data chain: by number, in two steps.

A batch's numbers become strings at once (`fetch`), and each string becomes an image file's bytes in parallel (`load`).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import tensorflow as tf


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


def as_images(images: "Images | Sequence[str | Path]") -> Images:
    """Paths as images; what is images already is left alone."""
    return images if hasattr(images, "fetch") else ImageFiles(images)
