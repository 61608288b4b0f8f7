"""Subsampling after a blur, so that a shifted image gives a shifted output."""

from typing import Any

import keras
import numpy as np
from keras import KerasTensor, ops
from typing_extensions import override

from imgcls.data_format import channel_axis, spatial_axes
from imgcls.layers.known_size import known
from imgcls.layers.native_layout import in_native_layout


@keras.saving.register_keras_serializable("imgcls")
class BlurPooling2D(keras.layers.Layer):
    """Blur with a binomial kernel, then every `strides`-th pixel.

    Stands after a dense (stride 1) maximum pooling, convolution or activation, in place of their stride. The border is
    mirrored.

    Args:
        kernel_size: Pixels, 2 to 7; the paper's Rect-2, Tri-3 and Bin-5 are 2, 3 and 5.
        strides: Along both axes.
        data_format: Layout of the input.

    Input shape:
        (B, H, W, C), or (B, C, H, W) in channels_first; more than kernel_size / 2 pixels in height and width.

    Output shape:
        As the input's, with ceil(H / strides) rows and ceil(W / strides) columns.

    Raises:
        ValueError: For a kernel_size outside 2 to 7.

    Reference:
        Zhang, Making Convolutional Networks Shift-Invariant Again, 2019.

    Example:
        >>> BlurPooling2D(kernel_size=3)(keras.ops.ones((1, 8, 8, 4))).shape
        TensorShape([1, 4, 4, 4])
    """

    def __init__(
        self, kernel_size: int = 3, strides: int = 2, data_format: str = "channels_last", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if not 2 <= kernel_size <= 7:
            raise ValueError(f"kernel_size is {kernel_size}; expected 2 to 7 pixels.")
        self.kernel_size = kernel_size
        self.strides = strides
        self.axis = channel_axis(data_format)
        self.data_format = data_format

    @override
    def build(self, input_shape: tuple[int | None, ...]) -> None:
        row = np.ones(1)
        for _ in range(self.kernel_size - 1):
            row = np.convolve(row, (0.5, 0.5))
        kernel = np.outer(row, row)[:, :, None, None]
        self.kernel = np.repeat(kernel, known(input_shape[self.axis], "number of channels"), axis=2)

    @override
    def call(self, inputs: KerasTensor) -> KerasTensor:
        padding = [(0, 0)] * 4
        for axis in spatial_axes(self.data_format):
            padding[axis] = ((self.kernel_size - 1) // 2, self.kernel_size // 2)
        kernel = ops.cast(self.kernel, inputs.dtype)
        return in_native_layout(
            lambda images, data_format: ops.depthwise_conv(images, kernel, self.strides, "valid", data_format),
            ops.pad(inputs, padding, mode="reflect"),
            self.data_format,
        )

    @override
    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        shape = list(input_shape)
        for axis in spatial_axes(self.data_format):
            size = shape[axis]
            shape[axis] = None if size is None else -(-size // self.strides)
        return tuple(shape)

    @override
    def get_config(self) -> dict[str, Any]:
        own = {"kernel_size": self.kernel_size, "strides": self.strides, "data_format": self.data_format}
        return {**super().get_config(), **own}
