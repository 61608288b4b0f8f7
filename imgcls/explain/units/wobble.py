"""Small random turns, shifts and changes of size: what survives them is a shape, not noise that fits the network."""

import math

import tensorflow as tf


def wobbled(pixels: tf.Tensor, shift: float, degrees: float, scale: float, seed: tf.Tensor) -> tf.Tensor:
    """Each image turned, shifted and resized by its own random amounts; what enters at the border is its reflection.

    Args:
        pixels: (B, H, W, C), any range.
        shift: Largest shift, as a share of width and height.
        degrees: Largest turn.
        scale: Largest change of size, as a share.
        seed: Two whole numbers, (2,); the same ones wobble the same.
    """
    height, width = pixels.shape[1:3]
    draws = tf.unstack(tf.random.stateless_uniform((4, tf.shape(pixels)[0]), seed, -1.0, 1.0))
    angle, size = draws[0] * math.radians(degrees), 1 + draws[1] * scale
    cos, sin = tf.cos(angle) * size, tf.sin(angle) * size
    x, y = (width - 1) / 2, (height - 1) / 2  # turned and resized around the middle
    right, down = draws[2] * shift * width + x, draws[3] * shift * height + y
    zeros = tf.zeros_like(angle)
    rows = [cos, -sin, right - cos * x + sin * y, sin, cos, down - sin * x - cos * y, zeros, zeros]
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=pixels,
        transforms=tf.stack(rows, axis=1),
        output_shape=(height, width),
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="REFLECT",
    )
