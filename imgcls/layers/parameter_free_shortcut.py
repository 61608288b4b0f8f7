"""The shortcut without parameters of the CIFAR residual networks."""

from typing import Any

import keras
from keras import KerasTensor
from typing_extensions import override

from imgcls.data_format import channel_axis, check_data_format, spatial_axes
from imgcls.layers.known_size import known


@keras.saving.register_keras_serializable("imgcls")
class ParameterFreeShortcut(keras.layers.Layer):
    """Identity shortcut that subsamples and fills new channels with zeros.

    Args:
        filters: Channels of the output, not fewer than those of the input.
        strides: Every how many rows and columns one is kept.
        data_format: Layout of the input.

    Input shape:
        (B, H, W, C), or (B, C, H, W) in channels_first.

    Output shape:
        As the input's, with `filters` channels and every `strides`-th row and column. The new channels are zero and
        stand in equal parts before and after the old ones.

    Raises:
        ValueError: If the input has more than `filters` channels.

    Reference:
        He et al., Deep Residual Learning for Image Recognition, 2015, sections 3.3 and 4.2, option A.

    Example:
        >>> ParameterFreeShortcut(filters=32, strides=2)(keras.ops.ones((1, 8, 8, 16))).shape
        TensorShape([1, 4, 4, 32])
    """

    def __init__(self, filters: int, strides: int = 1, data_format: str = "channels_last", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.strides = strides
        self.data_format = check_data_format(data_format)

    @override
    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = known(input_shape[channel_axis(self.data_format)], "number of channels")
        if channels > self.filters:
            raise ValueError(f"filters is {self.filters}, fewer than the {channels} channels of the input.")

    @override
    def call(self, inputs: KerasTensor) -> KerasTensor:
        missing = self.filters - inputs.shape[channel_axis(self.data_format)]
        index = [slice(None)] * 4
        padding = [(0, 0)] * 4
        for axis in spatial_axes(self.data_format):
            index[axis] = slice(None, None, self.strides)
        padding[channel_axis(self.data_format)] = (missing // 2, missing - missing // 2)
        return keras.ops.pad(inputs[tuple(index)], padding)

    @override
    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        shape = list(input_shape)
        shape[channel_axis(self.data_format)] = self.filters
        for axis in spatial_axes(self.data_format):
            size = shape[axis]
            shape[axis] = None if size is None else -(-size // self.strides)
        return tuple(shape)

    @override
    def get_config(self) -> dict[str, Any]:
        own = {"filters": self.filters, "strides": self.strides, "data_format": self.data_format}
        return {**super().get_config(), **own}
