"""How the images of a prepared data set are encoded, and how much room they take."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from imgcls.data.images.decoding import decode, decode_region
from imgcls.data.images.encoded import ppm
from imgcls.data.images.preprocessing import within
from imgcls.data.manifest.table import Manifest

JPEG_QUALITY = 95


@dataclass(frozen=True)
class Preparation:
    """How images are stored in shards.

    Attributes:
        kind: "pixels", which need no decoding later; "jpeg"; or "as_they_are", the bytes of the files.
        side: Of the shorter side, in pixels; larger images are shrunk to it, and 0 shrinks none.
        container: "tfrecord" or "array_record".
        images_per_shard: The largest number of images in a shard.
    """

    kind: str
    side: int = 256
    container: str = "tfrecord"
    images_per_shard: int = 2000


def encoder(preparation: Preparation) -> Callable[[bytes, np.ndarray], tuple[bytes, tuple[int, int]]]:
    """The function that encodes an image for a shard.

    Args:
        preparation: How images are stored.

    Returns:
        A function from an image's bytes and its box (4,) to its record and its (height, width).
    """
    side = preparation.side

    @tf.function(input_signature=[tf.TensorSpec((), tf.string), tf.TensorSpec((4,), tf.float32)], autograph=False)
    def shrunk(data: tf.Tensor, box: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        whole = within(box, lambda height, width: (0, 0, height, width))
        image = decode_region(data, whole, side, side) if side else decode_region(data, whole, 1 << 20, 1 << 20)
        shape = tf.cast(tf.shape(image)[:2], tf.float32)
        factor = side / tf.reduce_min(shape) if side else tf.constant(1.0)
        size = tf.cast(tf.round(shape * factor), tf.int32)

        def resized() -> tf.Tensor:
            return tf.cast(tf.round(tf.image.resize(tf.cast(image, tf.float32), size, antialias=True)), tf.uint8)

        return tf.cond(factor < 1, resized, lambda: image), factor < 1

    def record(data: bytes, box: np.ndarray) -> tuple[bytes, tuple[int, int]]:
        if preparation.kind == "as_they_are":
            return data, tuple(decode(data).shape[:2])
        pixels, is_smaller = shrunk(data, box)
        height, width = pixels.shape[:2]
        size = int(height), int(width)
        as_it_is = not bool(is_smaller) and np.isnan(box).any()
        if preparation.kind == "pixels":
            array = pixels.numpy()
            gray = (array == array[..., :1]).all()
            return ppm(array[..., :1] if gray else array), size
        if as_it_is and len(data) < 3 * size[0] * size[1]:
            return data, size
        return tf.io.encode_jpeg(pixels, quality=JPEG_QUALITY, chroma_downsampling=False).numpy(), size

    return record


def pixel_bytes(manifest: Manifest, side: int) -> int:
    """The bytes that the images of a manifest take as pixels.

    Args:
        manifest: The manifest.
        side: The shorter side to which they are shrunk, in pixels; 0: not at all.
    """
    rows = manifest.usable
    height, width = rows["height"].to_numpy(np.float64), rows["width"].to_numpy(np.float64)
    shorter = np.maximum(np.minimum(height, width), 1)
    factor = np.minimum(side / shorter, 1.0) if side else 1.0
    return int((height * width * factor**2 * np.where(rows["grayscale"], 1, 3)).sum())
