"""Light and colour: all changes together are one 3×3 matrix and one offset, so an image is processed once."""

import math
from types import SimpleNamespace

import numpy as np
import tensorflow as tf

from imgcls.data.augmentation.draws import Draws

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601
TO_YIQ = np.array([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])  # NTSC, 1953
HUE_BASIS = [  # matrix of a hue rotation = first + cosine * second + sine * third
    (np.linalg.inv(TO_YIQ) @ np.array(part) @ TO_YIQ).astype(np.float32)
    for part in (
        [[1, 0, 0], [0, 0, 0], [0, 0, 0]],
        [[0, 0, 0], [0, 1, 0], [0, 0, 1]],
        [[0, 0, 0], [0, 0, -1], [0, 1, 0]],
    )
]
MEAN_SIDE = 56  # pixels; so many rows and columns are enough for the mean


def jitter(image: tf.Tensor, draws: Draws, values: SimpleNamespace) -> tf.Tensor:
    """Change brightness, contrast, saturation, hue and the shift along the principal components of the colours.

    Args:
        image: (H, W, C) in [0, 255]; the result may leave this range.
        draws: The random numbers of the image.
        values: `brightness`, `contrast` and `saturation`, the largest change of the factor, such as 0.2 for 0.8 to 1.2
            (contrast is about the image's mean); `hue`, the largest rotation of the colour circle to either side, in
            turns (in YIQ, where it is linear; in HSV it is not); `pca_color`, the standard deviation of the shift, in
            units of the components' own; `color_axes`, (C, C), the components times their standard deviation, one in
            each column.

    Reference:
        Krizhevsky, Sutskever and Hinton, 2012, section 4.1: the shift along the components, with 0.1.
    """
    light = 1 + draws.signed("color", 0) * values.brightness
    steepness = 1 + draws.signed("color", 1) * values.contrast
    mean = _mean(image)
    if image.shape[-1] == 1:
        return image * (light * steepness) + light * (1 - steepness) * mean[0]
    angle = draws.signed("color", 3) * values.hue * (2 * math.pi)
    vividness = 1 + draws.signed("color", 2) * values.saturation
    turned = HUE_BASIS[0] + tf.cos(angle) * HUE_BASIS[1] + tf.sin(angle) * HUE_BASIS[2]
    matrix = vividness * turned + (1 - vividness) * tf.ones((3, 1)) * LUMA
    shift = tf.linalg.matvec(values.color_axes, normal(draws.many("pca_color", 0, 6)) * values.pca_color)
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
    """Standard normal numbers from uniform ones.

    Args:
        uniform: (2n,), in [0, 1).

    Returns:
        (n,).

    Reference:
        Box and Muller, 1958.
    """
    radius, turn = tf.split(uniform, 2)
    return tf.sqrt(-2 * tf.math.log(1 - radius)) * tf.cos(2 * math.pi * turn)


def principal_axes(covariance: np.ndarray) -> np.ndarray:
    """Principal components of the colours times their standard deviation, one in each column.

    Args:
        covariance: (C, C), of the colours.

    Returns:
        (C, C), float32; the largest entry of each column is positive.
    """
    variances, components = np.linalg.eigh(np.asarray(covariance, np.float64))
    largest = np.take_along_axis(components, np.abs(components).argmax(axis=0)[None], axis=0)
    directions: np.ndarray = (components * np.sign(largest) * np.sqrt(np.maximum(variances, 0))).astype(np.float32)
    return directions
