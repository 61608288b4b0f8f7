"""Padding that mirrors the image at its border."""

import keras
from keras import ops

from imgcls.data_format import spatial_axes


@keras.saving.register_keras_serializable("imgcls")
class ReflectPadding2D(keras.layers.ZeroPadding2D):
    """`keras.layers.ZeroPadding2D` with the pixels mirrored at the border, which itself is not repeated, for zeros.

    Input and output: (B, H, W, C), or (B, C, H, W) in channels_first.
    padding: pixels, less than the height and the width of the input, for all sides, ((top, bottom), (left, right)), or
        (top and bottom, left and right).
    """

    def build(self, input_shape):
        for axis, padding in zip(spatial_axes(self.data_format), self.padding, strict=True):
            if input_shape[axis] is not None and max(padding) >= input_shape[axis]:
                raise ValueError(
                    f"padding is {self.padding} for an input of shape {tuple(input_shape)}; expected less than its "
                    "height and width."
                )

    def call(self, inputs):
        padding = [(0, 0)] * 4
        for axis, both_sides in zip(spatial_axes(self.data_format), self.padding, strict=True):
            padding[axis] = both_sides
        return ops.pad(inputs, padding, mode="reflect")
