"""Convolutions in a layout that the device has none of its own for.

On a processor only oneDNN convolves in channels_first, in float32 everywhere and in 16 bits where the processor
multiplies in them; TensorFlow's own kernels know channels_last alone. There a channels_first network is turned at each
convolution: the same numbers, with the time of two transpositions.
"""

import functools
from collections.abc import Callable

import tensorflow as tf
from keras import ops

from imgcls.data_format import CHANNELS_FIRST, CHANNELS_LAST


@functools.cache
def convolves(dtype: str, data_format: str = CHANNELS_LAST) -> bool:
    """Whether the device at hand has convolutions of its own, with gradients, in this layout and type: tried out."""
    layout = "NCHW" if data_format == CHANNELS_FIRST else "NHWC"

    def run() -> None:
        images, kernel = tf.ones((1, 8, 8, 8), dtype), tf.ones((3, 3, 8, 8), dtype)
        with tf.GradientTape() as tape:
            tape.watch([images, kernel])
            outputs = tf.nn.conv2d(images, kernel, 2, "SAME", layout)
            outputs = tf.nn.depthwise_conv2d(outputs, kernel[..., :1], (1, 1, 1, 1), "SAME", layout)
        tape.gradient(outputs, [images, kernel])

    return computes(run)


def computes(run: Callable[[], object]) -> bool:
    """Whether the device at hand has all operations that `run` calls."""
    try:
        with tf.init_scope():  # not in a graph that is being traced, which could be rewritten into what computes
            run()
    except tf.errors.OpError:
        return False
    return True


def in_native_layout(convolve: Callable[[tf.Tensor, str], tf.Tensor], inputs: tf.Tensor, data_format: str) -> tf.Tensor:
    """convolve(inputs, data_format), or the same in channels_last between two transpositions.

    Args:
        convolve: Takes images and their layout, and returns them in that layout.
        inputs: (B, H, W, C), or (B, C, H, W) in channels_first.
        data_format: Layout of `inputs`.
    """
    if data_format == CHANNELS_LAST or convolves(inputs.dtype.name, data_format):
        return convolve(inputs, data_format)
    return ops.transpose(convolve(ops.transpose(inputs, (0, 2, 3, 1)), CHANNELS_LAST), (0, 3, 1, 2))
