"""Red, green, blue as blue, green, red."""

from typing import Any

import keras
from keras import KerasTensor
from typing_extensions import override

from imgcls.data_format import CHANNELS_LAST, channel_axis, check_data_format


@keras.saving.register_keras_serializable("imgcls")
class ReversedChannels(keras.layers.Layer):
    """The channels in the reverse order, for networks that were trained on images that OpenCV or Caffe read.

    Args:
        data_format: Layout of the input.

    Input shape:
        (B, H, W, C), or (B, C, H, W) in channels_first.

    Output shape:
        As the input's.

    Example:
        >>> ReversedChannels()(keras.ops.reshape(keras.ops.arange(3.0), (1, 1, 1, 3))).numpy().ravel().tolist()
        [2.0, 1.0, 0.0]
    """

    def __init__(self, data_format: str = CHANNELS_LAST, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = check_data_format(data_format)

    @override
    def call(self, inputs: KerasTensor) -> KerasTensor:
        axis = channel_axis(self.data_format)
        return keras.ops.take(inputs, list(reversed(range(inputs.shape[axis]))), axis=axis)

    @override
    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    @override
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": self.data_format}
