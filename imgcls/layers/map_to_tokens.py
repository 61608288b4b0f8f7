"""Feature maps as rows of tokens, and back."""

from typing import Any

import keras
from keras import KerasTensor, ops
from typing_extensions import override

from imgcls.data_format import CHANNELS_FIRST, CHANNELS_LAST, channel_axis, check_data_format, spatial_axes


@keras.saving.register_keras_serializable("imgcls")
class MapToTokens(keras.layers.Layer):
    """The positions of a map as tokens: row by row, the same ones in both layouts.

    Args:
        data_format: Layout of the input.

    Input shape:
        (B, H, W, C), or (B, C, H, W) in channels_first.

    Output shape:
        (B, H·W, C).

    Example:
        >>> MapToTokens()(keras.ops.ones((1, 2, 3, 4))).shape
        TensorShape([1, 6, 4])
    """

    def __init__(self, data_format: str = CHANNELS_LAST, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = check_data_format(data_format)

    @override
    def call(self, inputs: KerasTensor) -> KerasTensor:
        _, tokens, channels = self.compute_output_shape(inputs.shape)
        if self.data_format == CHANNELS_FIRST:
            return ops.transpose(ops.reshape(inputs, (-1, channels, tokens)), (0, 2, 1))
        return ops.reshape(inputs, (-1, tokens, channels))

    @override
    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        height, width = (input_shape[axis] for axis in spatial_axes(self.data_format))
        tokens = None if height is None or width is None else height * width
        return input_shape[0], tokens, input_shape[channel_axis(self.data_format)]

    @override
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": self.data_format}


@keras.saving.register_keras_serializable("imgcls")
class TokensToMap(keras.layers.Layer):
    """The tokens of a map in their places; class token and registers before them are left out.

    Args:
        grid: Height and width of the map.
        data_format: Layout of the output.

    Input shape:
        (B, T, C) with at least H·W tokens, of which the last H·W count.

    Output shape:
        (B, H, W, C), or (B, C, H, W) in channels_first.

    Example:
        >>> TokensToMap(grid=(2, 3))(keras.ops.ones((1, 7, 4))).shape
        TensorShape([1, 2, 3, 4])
    """

    def __init__(self, grid: tuple[int, int], data_format: str = CHANNELS_LAST, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.grid = (int(grid[0]), int(grid[1]))
        self.data_format = check_data_format(data_format)

    @override
    def call(self, inputs: KerasTensor) -> KerasTensor:
        height, width = self.grid
        maps = ops.reshape(inputs[:, inputs.shape[1] - height * width :], (-1, height, width, inputs.shape[2]))
        return ops.transpose(maps, (0, 3, 1, 2)) if self.data_format == CHANNELS_FIRST else maps

    @override
    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, _, channels = input_shape
        sizes = (channels, *self.grid) if self.data_format == CHANNELS_FIRST else (*self.grid, channels)
        return batch, *sizes

    @override
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "grid": self.grid, "data_format": self.data_format}
