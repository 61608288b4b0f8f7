"""Convolutions in groups of channels, by TensorFlow's own kernels.

Keras 3.15 compiles every one of them with XLA, because TensorFlow without oneDNN has no gradients of them on a
processor. XLA's gradients are a thousand times slower there than oneDNN's: 19 s against 19 ms for 8 maps of 56x56
positions, 128 channels and 32 groups. And with oneDNN, TensorFlow 2.21 ends the process where the batch size is
unknown: its pass over the graph (MklLayoutRewritePass) asks for a shape that the compiled function does not have.
"""

import functools
from collections.abc import Callable, Sequence

import tensorflow as tf

from imgcls.data_format import CHANNELS_FIRST, channel_axis
from imgcls.layers.native_layout import computes

Convolve = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]  # (images, kernel) -> images


def grouped_convolution(
    images: tf.Tensor,
    kernel: tf.Tensor,
    strides: Sequence[int],
    padding: str,
    data_format: str,
    dilation_rate: Sequence[int],
) -> tf.Tensor:
    """Convolve each group of channels by itself.

    Args:
        images: (B, H, W, C), or (B, C, H, W) in channels_first.
        kernel: (height, width, C / groups, filters); its third size tells the number of groups.
        strides: Along height and width.
        padding: "same" or "valid".
        data_format: Layout of `images`.
        dilation_rate: Along height and width.

    Returns:
        The images of `filters` channels, in the same layout; with gradients on every device.

    Example:
        >>> kernel = tf.ones((3, 3, 2, 8))
        >>> grouped_convolution(tf.ones((1, 5, 5, 4)), kernel, (1, 1), "same", "channels_last", (1, 1)).shape
        TensorShape([1, 5, 5, 8])
    """
    layout, kernel = _layout(data_format), tf.convert_to_tensor(kernel)

    def convolve(images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        return tf.nn.convolution(images, kernel, list(strides), padding.upper(), layout, list(dilation_rate))

    if has_gradients(images.dtype.name, data_format):
        return convolve(images, kernel)
    return _with_gradients_group_by_group(convolve, images, kernel, channel_axis(data_format))


def unfused(outputs: tf.Tensor) -> tf.Tensor:
    """The same tensor, of which no graph makes one operation with a bias after it.

    TensorFlow fuses a convolution and the bias behind it, and without oneDNN its fused convolution refuses groups.
    """
    return tf.ensure_shape(outputs, outputs.shape)


@functools.cache
def has_gradients(dtype: str, data_format: str) -> bool:
    """Whether the device at hand has gradients of grouped convolutions in this layout and type: tried out."""

    def run() -> None:  # by name: no tape records while TensorFlow leaves the graph that is being traced
        images, kernel = tf.ones((1, 8, 8, 8), dtype), tf.ones((3, 3, 4, 8), dtype)
        sliding = {"strides": [1, 1, 1, 1], "padding": "SAME", "data_format": _layout(data_format)}
        tf.raw_ops.Conv2DBackpropInput(input_sizes=images.shape, filter=kernel, out_backprop=images, **sliding)
        tf.raw_ops.Conv2DBackpropFilter(input=images, filter_sizes=kernel.shape, out_backprop=images, **sliding)

    return computes(run)


def _layout(data_format: str) -> str:
    return "NCHW" if data_format == CHANNELS_FIRST else "NHWC"


def _with_gradients_group_by_group(convolve: Convolve, images: tf.Tensor, kernel: tf.Tensor, axis: int) -> tf.Tensor:
    """The convolution at once, which every device has, and the gradients by one plain convolution a group."""
    groups = images.shape[axis] // kernel.shape[2]

    def both(images: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], list[tf.Tensor]]]:
        def gradients(upstream: tf.Tensor) -> list[tf.Tensor]:
            parts = tf.split(images, groups, axis), tf.split(kernel, groups, -1), tf.split(upstream, groups, axis)
            of_images, of_kernel = zip(*(_gradients(convolve, *part) for part in zip(*parts, strict=True)), strict=True)
            return [tf.concat(of_images, axis), tf.concat(of_kernel, -1)]

        return convolve(images, kernel), gradients

    convolved: Convolve = tf.custom_gradient(both)
    return convolved(images, kernel)


def _gradients(convolve: Convolve, images: tf.Tensor, kernel: tf.Tensor, upstream: tf.Tensor) -> list[tf.Tensor]:
    with tf.GradientTape() as tape:
        tape.watch([images, kernel])
        outputs = convolve(images, kernel)
    found: list[tf.Tensor] = tape.gradient(outputs, [images, kernel], upstream)
    return found
