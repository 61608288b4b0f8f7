"""The rectifier whose slope below zero is learned, one slope a channel."""

from typing import Any

import keras
from keras import KerasTensor, initializers, ops, regularizers
from typing_extensions import override

from imgcls.data_format import channel_axis


@keras.saving.register_keras_serializable("imgcls")
class PReLU(keras.layers.Layer):
    """x where x is positive, alpha · x elsewhere, with one learned alpha for each channel.

    Keras' own PReLU has a weight of another shape in each layout; this one has the shape (C,) in both, so the same
    weights fit both.

    Args:
        alpha_initializer: As Keras takes it; by default the paper's 0.25.
        alpha_regularizer: As Keras takes it; none in the paper, because a penalty pushes the slope to that of ReLU.
        data_format: Layout of the input.

    Input shape:
        (B, H, W, C), or (B, C, H, W) in channels_first, or (B, T, C), or (B, C).

    Output shape:
        As the input's.

    Reference:
        He et al., Delving Deep into Rectifiers, 2015.

    Example:
        >>> PReLU()(keras.ops.array([[-4.0, 4.0]])).numpy().tolist()
        [[-1.0, 4.0]]
    """

    def __init__(
        self,
        alpha_initializer: str | initializers.Initializer | None = None,
        alpha_regularizer: str | regularizers.Regularizer | None = None,
        data_format: str = "channels_last",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer) or initializers.Constant(0.25)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.map_axis = channel_axis(data_format)
        self.data_format = data_format

    @override
    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.axis = self.map_axis if len(input_shape) == 4 else -1
        self.alpha = self.add_weight(
            name="alpha",
            shape=(input_shape[self.axis],),
            initializer=self.alpha_initializer,
            regularizer=self.alpha_regularizer,
        )
        shape = [1] * len(input_shape)
        shape[self.axis] = -1
        self.alpha_shape = tuple(shape)

    @override
    def call(self, inputs: KerasTensor) -> KerasTensor:
        return ops.relu(inputs) - ops.reshape(self.alpha, self.alpha_shape) * ops.relu(-inputs)

    @override
    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    @override
    def get_config(self) -> dict[str, Any]:
        own = {
            "alpha_initializer": initializers.serialize(self.alpha_initializer),
            "alpha_regularizer": regularizers.serialize(self.alpha_regularizer),
            "data_format": self.data_format,
        }
        return {**super().get_config(), **own}
