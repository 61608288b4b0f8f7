"""Random changes to training images, each a pure function of the seed that is handed in."""

import tensorflow as tf

from imgcls.data.preprocessing import Preprocessing, Region, central_region

PRESETS = ("none", "light")
SMALLEST_SIDE = 0.8  # of the central region's side, in "light"
MIRROR, REGION = 0, 1  # the draws; each has a stream of its own, so that one more changes none of the others


def random_region(seed: tf.Tensor, preprocessing: Preprocessing) -> Region:
    """A region with 0.8 to 1 of the height and width that prediction would take, anywhere in the image.

    seed: two integers. Same seed, same region.
    """

    def cut(height, width):
        _, _, full_height, full_width = central_region(height, width, preprocessing)
        draws = tf.random.stateless_uniform((3,), _stream(seed, REGION))
        side = SMALLEST_SIDE + (1 - SMALLEST_SIDE) * draws[0]
        kept_height = tf.maximum(tf.cast(tf.round(side * tf.cast(full_height, tf.float32)), tf.int32), 1)
        kept_width = tf.maximum(tf.cast(tf.round(side * tf.cast(full_width, tf.float32)), tf.int32), 1)
        top = tf.cast(draws[1] * tf.cast(height - kept_height + 1, tf.float32), tf.int32)
        left = tf.cast(draws[2] * tf.cast(width - kept_width + 1, tf.float32), tf.int32)
        return top, left, kept_height, kept_width

    return cut


def random_mirror(image: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Mirror left and right with probability 1/2. image: (H, W, C)."""
    return tf.image.stateless_random_flip_left_right(image, _stream(seed, MIRROR))


def _stream(seed: tf.Tensor, draw: int) -> tf.Tensor:
    return tf.random.experimental.stateless_fold_in(seed, draw)
