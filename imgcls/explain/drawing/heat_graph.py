"""Heat maps over their images as PNG files, with operations of TensorFlow alone, so that a server can draw them."""

import math

import numpy as np
import tensorflow as tf

from imgcls.explain.drawing.colors import STEPS, sequential
from imgcls.explain.drawing.heat import FAR, LEAST_SIDE, LIGHT, OPACITY, STRONGEST

GRAY = (0.299, 0.587, 0.114)  # of red, green and blue; ITU-R BT.601, as Pillow has it


def heat_pngs(pixels: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """What `imgcls.explain.drawing.heat.heat_picture` draws of unsigned maps, without title and legend.

    A map that is nowhere above 0, or not finite, leaves the image in gray.

    Args:
        pixels: (B, H, W, 1 or 3), in [0, 255]; H and W are known when the graph is made.
        values: (B, H, W), float32, a value for each pixel.

    Returns:
        (B,), string: PNG files in RGB. Small images are enlarged in whole steps.

    Example:
        >>> pngs = heat_pngs(tf.zeros((2, 8, 8, 3)), tf.ones((2, 8, 8)))
        >>> tf.io.decode_png(pngs[0]).shape.as_list()
        [224, 224, 3]
    """
    shares = _shares(values)[..., None]
    colors = tf.gather(tf.constant(sequential(np.linspace(0, 1, STEPS)), tf.float32), _steps(shares[..., 0]))
    opacity = OPACITY * tf.sqrt(shares)
    mixed = opacity * colors + (1 - opacity) * _gray(pixels)
    return tf.io.encode_png(_enlarged(tf.cast(tf.round(mixed), tf.uint8)))


def _shares(values: tf.Tensor) -> tf.Tensor:
    """Each value as a share of the one that gets the last color, in [0, 1]."""
    values = tf.nn.relu(tf.where(tf.math.is_finite(values), values, 0.0))
    top = _top(tf.reshape(values, [-1, math.prod(values.shape[1:])]))[:, None, None]
    return tf.clip_by_value(tf.math.divide_no_nan(values, top), 0, 1)


def _top(values: tf.Tensor) -> tf.Tensor:
    """The largest value of each row, or the percentile `STRONGEST` where the largest is far above it; (B,)."""
    last = values.shape[1] - 1
    place = STRONGEST / 100 * last  # between two values, which NumPy interpolates
    largest = tf.math.top_k(values, last - math.floor(place) + 1).values
    below, above = largest[:, -1], largest[:, max(last - math.ceil(place), 0)]
    percentile = below + (above - below) * (place - math.floor(place))
    is_clipped = (percentile > 0) & (largest[:, 0] > FAR * percentile)
    return tf.where(is_clipped, percentile, largest[:, 0])


def _steps(shares: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.round(shares * (STEPS - 1)), tf.int32)


def _gray(pixels: tf.Tensor) -> tf.Tensor:
    """(B, H, W, 1), within `LIGHT`."""
    whole = tf.clip_by_value(tf.round(pixels), 0, 255)
    gray = tf.round(tf.reduce_sum(whole * GRAY, -1, keepdims=True)) if pixels.shape[-1] == 3 else whole
    return LIGHT[0] + (LIGHT[1] - LIGHT[0]) * gray / 255


def _enlarged(images: tf.Tensor) -> tf.Tensor:
    factor = max(round(LEAST_SIDE / max(images.shape[1:3])), 1)
    return tf.repeat(tf.repeat(images, factor, axis=1), factor, axis=2) if factor > 1 else images
