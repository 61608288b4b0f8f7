"""Where the pixels come from: regions, mirrors, and one projective transform for all that turns and stretches."""

import math

import tensorflow as tf

from imgcls.data.augmentation.draws import Draws
from imgcls.data.images.decoding import Cut
from imgcls.data.images.preprocessing import Preprocessing, central_region


def random_region(draws: Draws, preprocessing: Preprocessing, scale: tf.Tensor, ratio: tf.Tensor) -> Cut:
    """A region anywhere in the image, that prediction's region would contain but for its place.

    scale: smallest share, in (0, 1], of the area that prediction takes; its square root is drawn evenly.
    ratio: largest factor, from 1 on, that the sides' ratio is changed by; drawn evenly on a logarithmic scale.
    """

    def cut(height, width):
        _, _, full_height, full_width = central_region(height, width, preprocessing)
        smallest = tf.sqrt(scale)
        side = smallest + (1 - smallest) * draws("region")
        stretch = tf.exp(tf.math.log(ratio) / 2 * draws.signed("region", 3))
        kept_height = _pixels(side / stretch * tf.cast(full_height, tf.float32), height)
        kept_width = _pixels(side * stretch * tf.cast(full_width, tf.float32), width)
        top = tf.cast(draws("region", 1) * tf.cast(height - kept_height + 1, tf.float32), tf.int32)
        left = tf.cast(draws("region", 2) * tf.cast(width - kept_width + 1, tf.float32), tf.int32)
        return top, left, kept_height, kept_width

    return cut


def _pixels(length: tf.Tensor, longest: tf.Tensor) -> tf.Tensor:
    return tf.clip_by_value(tf.cast(tf.round(length), tf.int32), 1, longest)


def horizontal_flip(image: tf.Tensor, draws: Draws, share: tf.Tensor) -> tf.Tensor:
    """Exchange left and right in this share of the images. image: (H, W, C)."""
    return tf.cond(draws("horizontal_flip") < share, lambda: tf.reverse(image, [1]), lambda: image)


def vertical_flip(image: tf.Tensor, draws: Draws, share: tf.Tensor) -> tf.Tensor:
    """Exchange above and below in this share of the images. image: (H, W, C)."""
    return tf.cond(draws("vertical_flip") < share, lambda: tf.reverse(image, [0]), lambda: image)


def affine(image: tf.Tensor, draws: Draws, share: tf.Tensor, rotation: tf.Tensor, zoom: tf.Tensor) -> tf.Tensor:
    """Turn and zoom about the centre, in this share of the images, with one bilinear lookup.

    image: (H, W, C); what enters at the border is the image mirrored at its edge.
    rotation: largest angle in degrees, to either side. zoom: largest change of the size, such as 0.2 for 0.8 to 1.2.
    """

    def turned():
        angle = draws.signed("warp", 1) * rotation * (math.pi / 180)
        scale = 1 / (1 + draws.signed("warp", 2) * zoom)
        cosine, sine = tf.cos(angle) * scale, tf.sin(angle) * scale
        return warp(image, [[cosine, -sine], [sine, cosine]])

    return tf.cond(draws("warp") < share, turned, lambda: image)


def warp(image: tf.Tensor, matrix, shift=(0.0, 0.0)) -> tf.Tensor:
    """Look each pixel up at `matrix` times its place from the centre, plus `shift`: both (x, y), in pixels."""
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
