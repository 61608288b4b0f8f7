"""Some channels of a feature map that follow each other."""

from typing import Any

import keras
import tensorflow as tf
from keras import KerasTensor
from typing_extensions import override

from imgcls.data_format import channel_axis, check_data_format
from imgcls.layers.known_size import known


@keras.saving.register_keras_serializable("imgcls")
class ChannelSlice(keras.layers.Layer):
    """The channels from number `start` on.

    The gradient of `x[..., a:b]` takes TensorFlow seven times as long on a processor as that of its own slice.

    Args:
        start: The first channel, counted from 0.
        count: The number of channels.
        data_format: Layout of the input.

    Input shape:
        (B, H, W, C), or (B, C, H, W) in channels_first.

    Output shape:
        As the input's, with `count` channels.

    Raises:
        ValueError: If the input has fewer channels.

    Example:
        >>> ChannelSlice(start=2, count=2)(keras.ops.ones((1, 8, 8, 4))).shape
        TensorShape([1, 8, 8, 2])
    """

    def __init__(self, start: int, count: int, data_format: str = "channels_last", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start = start
        self.count = count
        self.data_format = check_data_format(data_format)

    @override
    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = known(input_shape[channel_axis(self.data_format)], "number of channels")
        if self.start + self.count > channels:
            raise ValueError(f"The input has {channels} channels; expected {self.start + self.count} or more.")

    @override
    def call(self, inputs: KerasTensor) -> KerasTensor:
        start, size = [0] * 4, [-1] * 4  # -1: all
        start[channel_axis(self.data_format)], size[channel_axis(self.data_format)] = self.start, self.count
        return tf.slice(inputs, start, size)

    @override
    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        shape = list(input_shape)
        shape[channel_axis(self.data_format)] = self.count
        return tuple(shape)

    @override
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "start": self.start, "count": self.count, "data_format": self.data_format}
