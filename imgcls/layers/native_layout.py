"""Convolutions in a layout that the device has none of its own for, or none that is fast.

On a processor only oneDNN convolves in channels_first. It does so with its reference where there is one image, which
takes 100 to 700 times as long (TensorFlow 2.21; ResNet-50 at 96 pixels: 26 s in place of 73 ms), and with a matrix
product where there are more. So a channels_first network is turned at each convolution on a processor: the same
numbers, with the time of two transpositions; training takes 0.6 (ResNet-20) to 1.0 times (MobileNetV2) as long.
"""

import functools
from collections.abc import Callable

import tensorflow as tf
from keras import ops

from imgcls.data_format import CHANNELS_FIRST, CHANNELS_LAST


@functools.cache
def convolves(dtype: str, data_format: str = CHANNELS_LAST) -> bool:
    """Whether the device at hand has convolutions of its own, with gradients, in this layout and type: tried out.

    A processor's in channels_first do not count.
    """
    layout = "NCHW" if data_format == CHANNELS_FIRST else "NHWC"
    devices: set[str] = set()

    def run() -> None:
        images, kernel = tf.ones((1, 8, 8, 8), dtype), tf.ones((3, 3, 8, 8), dtype)
        with tf.GradientTape() as tape:
            tape.watch([images, kernel])
            outputs = tf.nn.conv2d(images, kernel, 2, "SAME", layout)
            outputs = tf.nn.depthwise_conv2d(outputs, kernel[..., :1], (1, 1, 1, 1), "SAME", layout)
        tape.gradient(outputs, [images, kernel])
        devices.add(tf.DeviceSpec.from_string(outputs.device).device_type)

    return computes(run) and (data_format == CHANNELS_LAST or "CPU" not in devices)


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
