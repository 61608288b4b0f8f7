"""Where the pixels come from: regions, flips, and one projective transform for rotation, zoom and shear."""

import math
from collections.abc import Sequence
from types import SimpleNamespace

import tensorflow as tf

from imgcls.data.augmentation.draws import Draws
from imgcls.data.images.decoding import Cut
from imgcls.data.images.preprocessing import Preprocessing, central_region


def random_region(preprocessing: Preprocessing, draws: Draws, values: SimpleNamespace) -> Cut:
    """A random resized crop: a region anywhere in the image, no larger than the region that prediction takes.

    Args:
        preprocessing: The region of prediction.
        draws: The random numbers of the image.
        values: `crop_scale`, the smallest share of the area that prediction takes, whose square root is drawn evenly;
            `crop_ratio`, the largest factor of the aspect ratio, drawn evenly on a logarithmic scale.
    """

    def cut(height: tf.Tensor, width: tf.Tensor) -> tuple[tf.Tensor, ...]:
        _, _, full_height, full_width = central_region(height, width, preprocessing)
        smallest = tf.sqrt(values.crop_scale)
        side = smallest + (1 - smallest) * draws("region")
        stretch = tf.exp(tf.math.log(values.crop_ratio) / 2 * draws.signed("region", 3))
        kept_height = _pixels(side / stretch * tf.cast(full_height, tf.float32), height)
        kept_width = _pixels(side * stretch * tf.cast(full_width, tf.float32), width)
        top = tf.cast(draws("region", 1) * tf.cast(height - kept_height + 1, tf.float32), tf.int32)
        left = tf.cast(draws("region", 2) * tf.cast(width - kept_width + 1, tf.float32), tf.int32)
        return top, left, kept_height, kept_width

    return cut


def _pixels(length: tf.Tensor, longest: tf.Tensor) -> tf.Tensor:
    return tf.clip_by_value(tf.cast(tf.round(length), tf.int32), 1, longest)


def horizontal_flip(image: tf.Tensor, draws: Draws, values: SimpleNamespace) -> tf.Tensor:
    """Exchange left and right with the probability `horizontal_flip`."""
    return tf.cond(draws("horizontal_flip") < values.horizontal_flip, lambda: tf.reverse(image, [1]), lambda: image)


def vertical_flip(image: tf.Tensor, draws: Draws, values: SimpleNamespace) -> tf.Tensor:
    """Exchange top and bottom with the probability `vertical_flip`."""
    return tf.cond(draws("vertical_flip") < values.vertical_flip, lambda: tf.reverse(image, [0]), lambda: image)


def affine(image: tf.Tensor, draws: Draws, values: SimpleNamespace) -> tf.Tensor:
    """Rotate and zoom about the centre with the probability `affine_probability`, with one bilinear lookup.

    At the border the image is reflected.

    Args:
        image: (H, W, C).
        draws: The random numbers of the image.
        values: `rotation`, the largest angle in degrees, to either side; `zoom`, the largest change of the size, such
            as 0.2 for 0.8 to 1.2; `affine_probability`.
    """

    def turned() -> tf.Tensor:
        angle = draws.signed("warp", 1) * values.rotation * (math.pi / 180)
        scale = 1 / (1 + draws.signed("warp", 2) * values.zoom)
        cosine, sine = tf.cos(angle) * scale, tf.sin(angle) * scale
        return warp(image, [[cosine, -sine], [sine, cosine]])

    return tf.cond(draws("warp") < values.affine_probability, turned, lambda: image)


def warp(
    image: tf.Tensor, matrix: Sequence[Sequence[tf.Tensor | float]], shift: tuple[tf.Tensor | float, ...] = (0.0, 0.0)
) -> tf.Tensor:
    """Look up each pixel at `matrix` times its position relative to the centre, plus `shift`.

    Args:
        image: (H, W, C).
        matrix: 2×2, for (x, y) in pixels.
        shift: (x, y), in pixels.

    Returns:
        (H, W, C), interpolated bilinearly; at the border the image is reflected.
    """
    height, width = image.shape[:2]
    center_x, center_y = (width - 1) / 2, (height - 1) / 2
    (a, b), (c, d) = matrix
    x = center_x - a * center_x - b * center_y + shift[0]
    y = center_y - c * center_x - d * center_y + shift[1]
    transform = tf.stack([tf.cast(value, tf.float32) for value in (a, b, x, c, d, y, 0.0, 0.0)])
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=image[None],
        transforms=transform[None],
        output_shape=(height, width),
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="REFLECT",
    )[0]
