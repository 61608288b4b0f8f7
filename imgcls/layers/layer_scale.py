"""Layer scale: one learned factor a channel at the end of a residual branch."""

from typing import Any

import keras
from keras import KerasTensor, ops
from typing_extensions import override

from imgcls.data_format import CHANNELS_LAST, channel_axis


@keras.saving.register_keras_serializable("imgcls")
class LayerScale(keras.layers.Layer):
    """Multiplies each channel by a learned factor that starts near 0, so that a deep network starts near the identity.

    Args:
        initial_value: That all factors start from.
        data_format: Layout of maps; tokens have the channels last in both.

    Input shape:
        (B, H, W, C), or (B, C, H, W) in channels_first, or (B, T, C).

    Output shape:
        As the input's.

    Attributes:
        gamma: (C,), the factors.

    Reference:
        Touvron et al., Going Deeper with Image Transformers, 2021, section 2.

    Example:
        >>> LayerScale(0.5)(keras.ops.array([[[2.0, 4.0]]])).numpy().tolist()
        [[[1.0, 2.0]]]
    """

    def __init__(self, initial_value: float = 1e-6, data_format: str = CHANNELS_LAST, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.initial_value = initial_value
        self.data_format = data_format
        self.map_axis = channel_axis(data_format)

    @override
    def build(self, input_shape: tuple[int | None, ...]) -> None:
        axis = self.map_axis if len(input_shape) == 4 else -1
        initializer = keras.initializers.Constant(self.initial_value)
        self.gamma = self.add_weight(name="gamma", shape=(input_shape[axis],), initializer=initializer)
        self.gamma_shape = (1, -1, 1, 1) if axis == 1 else (-1,)

    @override
    def call(self, inputs: KerasTensor) -> KerasTensor:
        return inputs * ops.reshape(self.gamma, self.gamma_shape)

    @override
    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    @override
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "initial_value": self.initial_value, "data_format": self.data_format}
