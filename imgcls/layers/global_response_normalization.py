"""Global response normalization: channels compete by how strong they are over the whole map."""

from typing import Any

import keras
from keras import KerasTensor, ops
from typing_extensions import override

from imgcls.data_format import CHANNELS_LAST, channel_axis, spatial_axes


@keras.saving.register_keras_serializable("imgcls")
class GlobalResponseNormalization(keras.layers.Layer):
    """x + gamma · x · N + beta, where N is each channel's norm over the map divided by the mean of these norms.

    gamma and beta start from 0, where the layer changes nothing. The norms are float32 in every precision.

    Args:
        epsilon: Added to the mean of the norms.
        data_format: Layout of the input.

    Input shape:
        (B, H, W, C), or (B, C, H, W) in channels_first.

    Output shape:
        As the input's.

    Attributes:
        gamma: (C,).
        beta: (C,).

    Reference:
        Woo et al., ConvNeXt V2: Co-designing and Scaling ConvNets with Masked Autoencoders, 2023, section 3.

    Example:
        >>> GlobalResponseNormalization()(keras.ops.ones((1, 2, 2, 3))).numpy().max().item()
        1.0
    """

    def __init__(self, epsilon: float = 1e-6, data_format: str = CHANNELS_LAST, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.epsilon = epsilon
        self.data_format = data_format
        self.axis = channel_axis(data_format)

    @override
    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = input_shape[self.axis]
        self.gamma = self.add_weight(name="gamma", shape=(channels,), initializer="zeros", autocast=False)
        self.beta = self.add_weight(name="beta", shape=(channels,), initializer="zeros")
        self.channel_shape = (-1, channels, 1, 1) if self.axis == 1 else (-1, 1, 1, channels)

    @override
    def call(self, inputs: KerasTensor) -> KerasTensor:
        x = ops.cast(inputs, "float64" if self.compute_dtype == "float64" else "float32")
        squares = ops.sum(ops.square(x), axis=spatial_axes(self.data_format))
        norms = ops.sqrt(ops.maximum(squares, 1e-30))  # the root has no slope at 0
        share = norms / (ops.mean(norms, axis=-1, keepdims=True) + self.epsilon)
        factor = 1.0 + self.gamma * share
        factor = ops.reshape(ops.cast(factor, self.compute_dtype), self.channel_shape)
        return inputs * factor + ops.reshape(self.beta, self.channel_shape)

    @override
    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    @override
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon, "data_format": self.data_format}
