"""Keras' convolutions, with the bias on the channels in both layouts, on devices without channels_first too.

Keras 3.15 on TensorFlow guesses the axis of a bias from its length: in channels_first, where an output is as wide as it
has channels, it adds the bias along the width, and the gradient of the bias is wrong too. `ChannelBias` adds it itself.
"""

from typing import TYPE_CHECKING, Any

import keras
from keras import KerasTensor, layers, ops
from typing_extensions import override

from imgcls.data_format import CHANNELS_FIRST, CHANNELS_LAST
from imgcls.layers.grouped_convolution import grouped_convolution, unfused
from imgcls.layers.native_layout import in_native_layout

NARROW = 16  # channels that oneDNN takes at once

register = keras.saving.register_keras_serializable("imgcls")


if TYPE_CHECKING:
    _Layer = layers.Layer
else:
    _Layer = object  # the class stands before one of Keras' convolutions


class ChannelBias(_Layer):
    """Makes a Keras convolution add its bias along the channels, and compute in channels_first on every device.

    Arguments, weights and config are those of the Keras class; `convolve` is what it computes before the bias.

    Input shape:
        (B, H, W, C), or (B, C, H, W) in channels_first.

    Output shape:
        As that of the Keras class.
    """

    def convolve(self, inputs: KerasTensor, data_format: str) -> KerasTensor:
        """The convolution without bias and activation, in the layout `data_format`."""
        raise NotImplementedError

    def call(self, inputs: KerasTensor) -> KerasTensor:
        """The convolution, the bias on the channels, the activation."""
        if self.data_format != CHANNELS_FIRST:
            return super().call(inputs)
        outputs = in_native_layout(self.convolve, inputs, self.data_format)
        if self.use_bias:
            outputs = outputs + ops.reshape(self.bias, (1, -1, 1, 1))  # the tensor's own +: ops.add guesses the axis
        return outputs if self.activation is None else self.activation(outputs)


@register
class Conv2D(ChannelBias, layers.Conv2D):
    """`keras.layers.Conv2D` with the bias on the channels, and fast in groups.

    Arguments, shapes and weights are those of the Keras class.

    Example:
        >>> Conv2D(8, 3, padding="same", data_format="channels_first")(keras.ops.ones((1, 4, 9, 9))).shape
        TensorShape([1, 8, 9, 9])
    """

    @override
    def convolve(self, inputs: KerasTensor, data_format: str) -> KerasTensor:
        if self.groups > 1:
            outputs = grouped_convolution(
                inputs, self.kernel, self.strides, self.padding, data_format, self.dilation_rate
            )
            return unfused(outputs) if self.use_bias else outputs
        strides = list(self.strides)
        if self._skips_narrow_pixels():
            rows, columns = (slice(None, None, step) for step in strides)
            inputs = inputs[:, :, rows, columns] if data_format == CHANNELS_FIRST else inputs[:, rows, columns]
            strides = [1, 1]
        return ops.conv(inputs, self.kernel, strides, self.padding, data_format, self.dilation_rate)

    def _skips_narrow_pixels(self) -> bool:
        """Whether it is 1x1 with a stride over few channels.

        There oneDNN's gradient of the kernel writes beyond its memory in float32 (TensorFlow 2.21, maps of 112 pixels),
        which ends the process now or later. To take every other pixel first comes to the same.
        """
        return set(self.kernel_size) == {1} and set(self.strides) != {1} and self.kernel.shape[2] < NARROW

    @override
    def convolution_op(self, inputs: KerasTensor, kernel: KerasTensor) -> KerasTensor:
        """What the Keras class calls in channels_last."""
        if self.groups > 1 or self._skips_narrow_pixels():
            return self.convolve(inputs, self.data_format)
        outputs: KerasTensor = super().convolution_op(inputs, kernel)
        return outputs


@register
class PointwiseConv2D(Conv2D):
    """A 1x1 convolution with strides of 1: a fully connected layer on each position.

    In channels_last it trains as a matrix product. On a processor the gradient of TensorFlow's 1x1 convolutions of wide
    maps takes twice as long. Elsewhere it is the convolution, which other formats know best.

    Arguments, shapes and weights are those of `Conv2D`; `kernel_size` is 1.

    Example:
        >>> PointwiseConv2D(8)(keras.ops.ones((1, 9, 9, 4))).shape
        TensorShape([1, 9, 9, 8])
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int] = 1,
        data_format: str = CHANNELS_LAST,
        **kwargs: Any,
    ) -> None:
        super().__init__(filters, kernel_size, data_format=data_format, **kwargs)

    @override
    def call(self, inputs: KerasTensor, training: bool | None = None) -> KerasTensor:
        plain = self.kernel_size == self.strides == (1, 1) and self.groups == 1
        if not training or not plain or self.data_format == CHANNELS_FIRST:
            return super().call(inputs)
        rows = ops.matmul(ops.reshape(inputs, (-1, inputs.shape[-1])), self.kernel[0, 0])
        if self.use_bias:
            rows = rows + self.bias
        outputs = ops.reshape(rows, (-1, *inputs.shape[1:3], self.filters))
        return outputs if self.activation is None else self.activation(outputs)


@register
class DepthwiseConv2D(ChannelBias, layers.DepthwiseConv2D):
    """`keras.layers.DepthwiseConv2D` with the bias on the channels.

    Arguments, shapes and weights are those of the Keras class.

    Example:
        >>> DepthwiseConv2D(3, data_format="channels_first")(keras.ops.ones((1, 4, 9, 9))).shape
        TensorShape([1, 4, 7, 7])
    """

    @override
    def convolve(self, inputs: KerasTensor, data_format: str) -> KerasTensor:
        return ops.depthwise_conv(inputs, self.kernel, self.strides, self.padding, data_format, self.dilation_rate)


@register
class SeparableConv2D(ChannelBias, layers.SeparableConv2D):
    """`keras.layers.SeparableConv2D` with the bias on the channels.

    Arguments, shapes and weights are those of the Keras class.

    Example:
        >>> SeparableConv2D(8, 3, data_format="channels_first")(keras.ops.ones((1, 4, 9, 9))).shape
        TensorShape([1, 8, 7, 7])
    """

    @override
    def convolve(self, inputs: KerasTensor, data_format: str) -> KerasTensor:
        kernels = self.depthwise_kernel, self.pointwise_kernel
        return ops.separable_conv(inputs, *kernels, self.strides, self.padding, data_format, self.dilation_rate)


@register
class Conv2DTranspose(ChannelBias, layers.Conv2DTranspose):
    """`keras.layers.Conv2DTranspose` with the bias on the channels.

    Arguments, shapes and weights are those of the Keras class.

    Example:
        >>> Conv2DTranspose(8, 2, strides=2, data_format="channels_first")(keras.ops.ones((1, 4, 9, 9))).shape
        TensorShape([1, 8, 18, 18])
    """

    @override
    def convolve(self, inputs: KerasTensor, data_format: str) -> KerasTensor:
        return ops.conv_transpose(
            inputs,
            self.kernel,
            list(self.strides),
            self.padding,
            self.output_padding,
            data_format,
            self.dilation_rate,
        )
