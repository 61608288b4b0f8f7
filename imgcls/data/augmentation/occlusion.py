"""Occlusion: parts of the image are covered, so that a network does not rely on a single part."""

import math
from types import SimpleNamespace

import tensorflow as tf

from imgcls.data.augmentation.draws import Draws

LEAST_AREA = 0.02  # of a rectangle, as a share of the image: Zhong et al., 2020
LONGEST = 3.3  # its longer side over its shorter
GRAY = 127.5
CELLS = (3, 8)  # of the grid, along the shorter side


def random_erasing(image: tf.Tensor, draws: Draws, values: SimpleNamespace) -> tf.Tensor:
    """Cover a rectangle with noise.

    Args:
        image: (H, W, C).
        draws: The random numbers of the image.
        values: `random_erasing`, the probability; `random_erasing_area`, the largest share of the image, drawn evenly
            from 0.02 on.

    Reference:
        Zhong et al., Random Erasing Data Augmentation, 2020.
    """

    def erased() -> tf.Tensor:
        height, width, channels = image.shape
        covered = (
            (LEAST_AREA + draws("random_erasing", 1) * tf.maximum(values.random_erasing_area - LEAST_AREA, 0))
            * height
            * width
        )
        stretch = tf.exp(draws.signed("random_erasing", 2) * math.log(LONGEST) / 2)
        rows = _length(tf.sqrt(covered) * stretch, height)
        columns = _length(tf.sqrt(covered) / stretch, width)
        top = _place(draws("random_erasing", 3), height - rows)
        left = _place(draws("random_erasing", 4), width - columns)
        filling = 255 * tf.random.stateless_uniform((rows, columns, channels), draws.seed("random_erasing"))
        bottom, right = top + rows, left + columns
        strip = tf.concat([image[top:bottom, :left], filling, image[top:bottom, right:]], axis=1)
        return tf.ensure_shape(tf.concat([image[:top], strip, image[bottom:]], axis=0), image.shape)

    return tf.cond(draws("random_erasing") < values.random_erasing, erased, lambda: image)


def gridmask(image: tf.Tensor, draws: Draws, values: SimpleNamespace) -> tf.Tensor:
    """Cover the squares of a grid with gray.

    Args:
        image: (H, W, C).
        draws: The random numbers of the image.
        values: `gridmask`, the probability; `gridmask_ratio`, the share of a cell's side that stays visible.

    Reference:
        Chen et al., GridMask Data Augmentation, 2020.
    """

    def masked() -> tf.Tensor:
        height, width, _ = image.shape
        cells = CELLS[0] + draws("gridmask", 1) * (CELLS[1] - CELLS[0])
        side = tf.maximum(min(height, width) / cells, 2.0)

        def covered(length: int, offset: tf.Tensor) -> tf.Tensor:
            return (tf.range(length, dtype=tf.float32) + offset * side) % side >= values.gridmask_ratio * side

        mask = covered(height, draws("gridmask", 2))[:, None] & covered(width, draws("gridmask", 3))
        return tf.where(mask[..., None], GRAY, image)

    return tf.cond(draws("gridmask") < values.gridmask, masked, lambda: image)


def _length(pixels: tf.Tensor, longest: int) -> tf.Tensor:
    return tf.clip_by_value(tf.cast(tf.round(pixels), tf.int32), 1, longest)


def _place(draw: tf.Tensor, free: tf.Tensor) -> tf.Tensor:
    return tf.cast(draw * tf.cast(free + 1, tf.float32), tf.int32)
