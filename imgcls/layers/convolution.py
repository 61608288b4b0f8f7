"""Keras' convolutions, with the bias on the channels in both layouts.

Keras 3.15 on TensorFlow guesses the axis of a bias from its length: in channels_first, where an output is as wide as it
has channels, it adds the bias along the width, and the gradient of the bias is wrong too. `ChannelBias` adds it itself.
"""

import keras
from keras import layers, ops

from imgcls.data_format import CHANNELS_FIRST

register = keras.saving.register_keras_serializable("imgcls")


class ChannelBias:
    """Makes a Keras convolution add its bias along the channels.

    Arguments, weights and config are those of the Keras class; `convolve` is what it computes before the bias.
    Input and output: (B, H, W, C), or (B, C, H, W) in channels_first.
    """

    def call(self, inputs):
        if self.data_format != CHANNELS_FIRST or not self.use_bias:
            return super().call(inputs)
        outputs = self.convolve(inputs)
        outputs = outputs + ops.reshape(self.bias, (1, -1, 1, 1))  # the tensor's own +: ops.add would guess the axis
        return outputs if self.activation is None else self.activation(outputs)


@register
class Conv2D(ChannelBias, layers.Conv2D):
    """`keras.layers.Conv2D` with the bias on the channels."""

    def convolve(self, inputs):
        return self.convolution_op(inputs, self.kernel)


@register
class DepthwiseConv2D(ChannelBias, layers.DepthwiseConv2D):
    """`keras.layers.DepthwiseConv2D` with the bias on the channels."""

    def convolve(self, inputs):
        return ops.depthwise_conv(inputs, self.kernel, self.strides, self.padding, self.data_format, self.dilation_rate)


@register
class SeparableConv2D(ChannelBias, layers.SeparableConv2D):
    """`keras.layers.SeparableConv2D` with the bias on the channels."""

    def convolve(self, inputs):
        kernels = self.depthwise_kernel, self.pointwise_kernel
        return ops.separable_conv(inputs, *kernels, self.strides, self.padding, self.data_format, self.dilation_rate)


@register
class Conv2DTranspose(ChannelBias, layers.Conv2DTranspose):
    """`keras.layers.Conv2DTranspose` with the bias on the channels."""

    def convolve(self, inputs):
        return ops.conv_transpose(
            inputs,
            self.kernel,
            list(self.strides),
            self.padding,
            self.output_padding,
            self.data_format,
            self.dilation_rate,
        )
