"""The facts about one image file."""

import hashlib
import threading
from contextlib import nullcontext
from typing import Any

import numpy as np
import tensorflow as tf

from imgcls.data.duplicates.perceptual_hash import grayscale_image, perceptual_hash
from imgcls.data.images.decoding import decode
from imgcls.data.images.image_header import TRANSCODED, TURNED, ImageHeader, read_header
from imgcls.data.images.transcoding import keep_transcoded
from imgcls.data.inspection.quality import quality
from imgcls.image_files import Refused

LARGE = 16_000_000  # pixels, from which on images are decoded one at a time
ONE_LARGE = threading.Lock()


def image_facts(data: bytes) -> dict[str, Any]:
    """All facts about an encoded image.

    Args:
        data: The file's bytes.

    Returns:
        The facts by their columns in a manifest; only `problems`, a part of a sentence, if the image cannot be used.

    Raises:
        tf.errors.InvalidArgumentError: The decoder that training uses does not find the image complete.
    """
    digest = hashlib.sha256(data).hexdigest()
    try:
        header = read_header(data)
        encoded = keep_transcoded(data, digest) if TRANSCODED in header.traits else data
    except Refused as error:
        return {"problems": str(error)}
    with ONE_LARGE if header.width * header.height > LARGE else nullcontext():
        pixels = _pixels(encoded, header)
        height, width = pixels.shape[:2]
        gray = grayscale_image(pixels)
        hashed, thumbnail = perceptual_hash(gray)
        return {
            "width": width,
            "height": height,
            "grayscale": _is_grayscale(pixels),
            "format": header.format,
            "sha256": digest,
            "perceptual_hash": hashed,
            "thumbnail": thumbnail,
            **quality(pixels, gray),
            "traits": ", ".join(header.traits),
        }


def _pixels(encoded: bytes, header: ImageHeader) -> np.ndarray:
    """The upright pixels, (H, W, 3) uint8; an upright JPEG by the same op that `decode` chooses for it."""
    if header.format == "JPEG" and TURNED not in header.traits:
        jpeg: np.ndarray = tf.io.decode_jpeg(encoded, channels=3).numpy()
        return jpeg
    pixels: np.ndarray = _decode(tf.constant(encoded)).numpy()
    return pixels


_decode = tf.function(decode, input_signature=[tf.TensorSpec((), tf.string)], autograph=False)


def _is_grayscale(pixels: np.ndarray) -> bool:
    """Whether all channels are equal; most images in colour show it in a few pixels."""
    return all(bool((part == part[..., :1]).all()) for part in (pixels[::16, ::16], pixels))
