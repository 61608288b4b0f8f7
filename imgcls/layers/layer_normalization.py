"""Layer normalization over the channels of each position."""

from typing import Any

import keras
from keras import KerasTensor, ops
from typing_extensions import override

from imgcls.data_format import CHANNELS_LAST, channel_axis


@keras.saving.register_keras_serializable("imgcls")
class LayerNormalization(keras.layers.Layer):
    """Brings the channels of each position to mean 0 and variance 1, then scales and shifts each channel.

    As `keras.layers.LayerNormalization` over the channels, which knows its axis and no layout. The statistics are
    float32 in every precision.

    Args:
        epsilon: Added to the variance.
        scale: Whether channels are scaled besides being shifted.
        data_format: Layout of maps; tokens (B, T, C) and vectors (B, C) have the channels last in both.

    Input shape:
        (B, H, W, C), or (B, C, H, W) in channels_first, or (B, T, C), or (B, C).

    Output shape:
        As the input's.

    Attributes:
        gamma: (C,), the scale; None without one.
        beta: (C,), the shift.

    Reference:
        Ba et al., Layer Normalization, 2016.

    Example:
        >>> LayerNormalization()(keras.ops.array([[-2.0, 2.0]])).numpy().round(3).tolist()
        [[-1.0, 1.0]]
    """

    def __init__(
        self, epsilon: float = 1e-6, scale: bool = True, data_format: str = CHANNELS_LAST, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.epsilon = epsilon
        self.scale = scale
        self.data_format = data_format
        self.map_axis = channel_axis(data_format)
        self.autocast = False  # Keras would round a float32 input before the statistics

    @override
    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.axis = self.map_axis if len(input_shape) == 4 else -1
        channels = (input_shape[self.axis],)
        self.gamma = self.add_weight(name="gamma", shape=channels, initializer="ones") if self.scale else None
        self.beta = self.add_weight(name="beta", shape=channels, initializer="zeros")

    @override
    def call(self, inputs: KerasTensor) -> KerasTensor:
        x = ops.cast(inputs, "float32")
        centered = x - ops.mean(x, axis=self.axis, keepdims=True)
        variance = ops.mean(ops.square(centered), axis=self.axis, keepdims=True)
        outputs = centered * ops.rsqrt(variance + self.epsilon)
        if self.gamma is not None:
            outputs = outputs * self._along_channels(self.gamma)
        return ops.cast(outputs + self._along_channels(self.beta), self.compute_dtype)

    def _along_channels(self, weight: keras.Variable) -> KerasTensor:
        values = ops.cast(weight, "float32")
        return ops.reshape(values, (1, -1, 1, 1)) if self.axis == 1 else values

    @override
    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    @override
    def get_config(self) -> dict[str, Any]:
        own = {"epsilon": self.epsilon, "scale": self.scale, "data_format": self.data_format}
        return {**super().get_config(), **own}
