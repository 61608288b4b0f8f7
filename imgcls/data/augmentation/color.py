"""Light and colour: every change is one 3×3 matrix and one offset, so that an image is gone over once."""

import math

import numpy as np
import tensorflow as tf

from imgcls.data.augmentation.draws import Draws

LUMA = tf.constant([0.299, 0.587, 0.114])  # ITU-R BT.601
TO_YIQ = np.array([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])  # NTSC, 1953
HUE_BASIS = [  # matrix of a hue rotation = first + cosine * second + sine * third
    tf.constant(np.linalg.inv(TO_YIQ) @ np.array(part) @ TO_YIQ, tf.float32)
    for part in (
        [[1, 0, 0], [0, 0, 0], [0, 0, 0]],
        [[0, 0, 0], [0, 1, 0], [0, 0, 1]],
        [[0, 0, 0], [0, 0, -1], [0, 1, 0]],
    )
]
MEAN_SIDE = 56  # pixels; so many rows and columns are enough for the mean


def jitter(
    image: tf.Tensor,
    draws: Draws,
    *,
    brightness: tf.Tensor,
    contrast: tf.Tensor,
    saturation: tf.Tensor,
    hue: tf.Tensor,
    pca_color: tf.Tensor,
    color_axes: tf.Tensor,
) -> tf.Tensor:
    """Change light and colour: (H, W, C) in [0, 255], which may leave this range.

    brightness, contrast, saturation: largest change of the factor, such as 0.2 for 0.8 to 1.2; contrast is that about
        the image's mean.
    hue: largest turn of the colour circle to either side, in turns. In YIQ, where it is linear; HSV's is not.
    pca_color: standard deviation of the shift along the principal components of the training colours, in units of
        their own deviation. Krizhevsky, Sutskever and Hinton, 2012, section 4.1, with 0.1.
    color_axes: (C, C), the components times their deviation, a column each.
    """
    light = 1 + draws.signed("color", 0) * brightness
    steepness = 1 + draws.signed("color", 1) * contrast
    mean = _mean(image)
    if image.shape[-1] == 1:
        return image * (light * steepness) + light * (1 - steepness) * mean[0]
    angle = draws.signed("color", 3) * hue * (2 * math.pi)
    vividness = 1 + draws.signed("color", 2) * saturation
    turned = HUE_BASIS[0] + tf.cos(angle) * HUE_BASIS[1] + tf.sin(angle) * HUE_BASIS[2]
    matrix = vividness * turned + (1 - vividness) * tf.ones((3, 1)) * LUMA
    shift = tf.linalg.matvec(color_axes, normal(draws.many("pca_color", 0, 6)) * pca_color)
    gray = tf.reduce_sum(LUMA * mean)
    kernel = tf.transpose(light * steepness * matrix)[None, None]
    changed = tf.nn.conv2d(image[None], kernel, 1, "VALID")  # in two thirds of a matrix product's time
    return tf.nn.bias_add(changed, light * (1 - steepness) * gray + shift)[0]


def _mean(image: tf.Tensor) -> tf.Tensor:
    """The mean colour (C,) of an image (H, W, C), of some of the pixels of a larger one."""
    sides = [min(length, MEAN_SIDE) for length in image.shape[:2]]
    fewer = tf.raw_ops.ResizeNearestNeighbor(images=image[None], size=sides)  # in half of a strided slice's time
    return tf.reduce_mean(fewer[0], (0, 1))


def normal(uniform: tf.Tensor) -> tf.Tensor:
    """Standard normal numbers (n,) from uniform ones (2n,): Box and Muller, 1958."""
    radius, turn = tf.split(uniform, 2)
    return tf.sqrt(-2 * tf.math.log(1 - radius)) * tf.cos(2 * math.pi * turn)


def principal_axes(covariance: np.ndarray) -> np.ndarray:
    """Principal components times their deviation, a column each: (C, C) from the covariance (C, C) of the colours."""
    variances, components = np.linalg.eigh(np.asarray(covariance, np.float64))
    largest = np.take_along_axis(components, np.abs(components).argmax(axis=0)[None], axis=0)
    return (components * np.sign(largest) * np.sqrt(np.maximum(variances, 0))).astype(np.float32)
