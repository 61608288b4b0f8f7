"""Keras' convolutions, with the bias on the channels in both layouts, on devices without channels_first too.

Keras 3.15 on TensorFlow guesses the axis of a bias from its length: in channels_first, where an output is as wide as it
has channels, it adds the bias along the width, and the gradient of the bias is wrong too. `ChannelBias` adds it itself.
"""

import keras
from keras import layers, ops

from imgcls.data_format import CHANNELS_FIRST
from imgcls.layers.native_layout import in_native_layout

register = keras.saving.register_keras_serializable("imgcls")


class ChannelBias:
    """Makes a Keras convolution add its bias along the channels, and compute in channels_first on every device.

    Arguments, weights and config are those of the Keras class; `convolve` is what it computes before the bias.
    Input and output: (B, H, W, C), or (B, C, H, W) in channels_first.
    """

    def call(self, inputs):
        if self.data_format != CHANNELS_FIRST:
            return super().call(inputs)
        outputs = in_native_layout(self.convolve, inputs, self.data_format)
        if self.use_bias:
            outputs = outputs + ops.reshape(self.bias, (1, -1, 1, 1))  # the tensor's own +: ops.add guesses the axis
        return outputs if self.activation is None else self.activation(outputs)


@register
class Conv2D(ChannelBias, layers.Conv2D):
    """`keras.layers.Conv2D` with the bias on the channels."""

    def convolve(self, inputs, data_format):
        return ops.conv(inputs, self.kernel, list(self.strides), self.padding, data_format, self.dilation_rate)


@register
class DepthwiseConv2D(ChannelBias, layers.DepthwiseConv2D):
    """`keras.layers.DepthwiseConv2D` with the bias on the channels."""

    def convolve(self, inputs, data_format):
        return ops.depthwise_conv(inputs, self.kernel, self.strides, self.padding, data_format, self.dilation_rate)


@register
class SeparableConv2D(ChannelBias, layers.SeparableConv2D):
    """`keras.layers.SeparableConv2D` with the bias on the channels."""

    def convolve(self, inputs, data_format):
        kernels = self.depthwise_kernel, self.pointwise_kernel
        return ops.separable_conv(inputs, *kernels, self.strides, self.padding, data_format, self.dilation_rate)


@register
class Conv2DTranspose(ChannelBias, layers.Conv2DTranspose):
    """`keras.layers.Conv2DTranspose` with the bias on the channels."""

    def convolve(self, inputs, data_format):
        return ops.conv_transpose(
            inputs,
            self.kernel,
            list(self.strides),
            self.padding,
            self.output_padding,
            data_format,
            self.dilation_rate,
        )
