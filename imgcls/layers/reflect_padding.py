"""Padding that mirrors the image at its border."""

import keras
from keras import KerasTensor, ops
from typing_extensions import override

from imgcls.data_format import spatial_axes


@keras.saving.register_keras_serializable("imgcls")
class ReflectPadding2D(keras.layers.ZeroPadding2D):
    """`keras.layers.ZeroPadding2D` with the pixels mirrored at the border, which itself is not repeated, for zeros.

    Its arguments are those of `ZeroPadding2D`; the padding must be less than the height and the width of the input.

    Input shape:
        (B, H, W, C), or (B, C, H, W) in channels_first.

    Output shape:
        As the input's, with more rows and columns.

    Raises:
        ValueError: If the input is not larger than the padding.

    Example:
        >>> ReflectPadding2D(1)(keras.ops.ones((1, 8, 8, 3))).shape
        TensorShape([1, 10, 10, 3])
    """

    @override
    def build(self, input_shape: tuple[int | None, ...]) -> None:
        for axis, padding in zip(spatial_axes(self.data_format), self.padding, strict=True):
            if input_shape[axis] is not None and max(padding) >= input_shape[axis]:
                raise ValueError(
                    f"padding is {self.padding} for an input of shape {tuple(input_shape)}; expected less than its "
                    "height and width."
                )

    @override
    def call(self, inputs: KerasTensor) -> KerasTensor:
        padding = [(0, 0)] * 4
        for axis, both_sides in zip(spatial_axes(self.data_format), self.padding, strict=True):
            padding[axis] = both_sides
        return ops.pad(inputs, padding, mode="reflect")
