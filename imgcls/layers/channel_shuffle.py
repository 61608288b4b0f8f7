"""The channels of several groups, mixed."""

from typing import Any

import keras
from keras import KerasTensor
from typing_extensions import override

from imgcls.data_format import channel_axis, check_data_format
from imgcls.layers.known_size import known


@keras.saving.register_keras_serializable("imgcls")
class ChannelShuffle(keras.layers.Layer):
    """The first channel of each group, then the second of each, and so on.

    Args:
        groups: Equal parts of the channels.
        data_format: Layout of the input.

    Input shape:
        (B, H, W, C), or (B, C, H, W) in channels_first.

    Output shape:
        As the input's.

    Raises:
        ValueError: If the channels are no multiple of the groups.

    Reference:
        Zhang et al., ShuffleNet: An Extremely Efficient Convolutional Neural Network for Mobile Devices, 2018,
        section 3.1.

    Example:
        >>> ChannelShuffle(2)(keras.ops.reshape(keras.ops.arange(4), (1, 1, 1, 4))).numpy().ravel().tolist()
        [0, 2, 1, 3]
    """

    def __init__(self, groups: int, data_format: str = "channels_last", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.groups = groups
        self.data_format = check_data_format(data_format)

    @override
    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = known(input_shape[channel_axis(self.data_format)], "number of channels")
        if channels % self.groups:
            raise ValueError(f"{channels} channels are no multiple of {self.groups} groups.")

    @override
    def call(self, inputs: KerasTensor) -> KerasTensor:
        axis = channel_axis(self.data_format) % 4
        shape = keras.ops.shape(inputs)
        groups = (self.groups, shape[axis] // self.groups)
        parts = keras.ops.reshape(inputs, (-1, *shape[1:axis], *groups, *shape[axis + 1 :]))
        return keras.ops.reshape(keras.ops.swapaxes(parts, axis, axis + 1), (-1, *shape[1:]))

    @override
    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    @override
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "groups": self.groups, "data_format": self.data_format}
