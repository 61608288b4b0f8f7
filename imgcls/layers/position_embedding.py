"""Learned position embeddings."""

from typing import Any

import keras
from keras import KerasTensor, initializers
from typing_extensions import override

from imgcls.layers.class_token import TOKEN_DEVIATION


@keras.saving.register_keras_serializable("imgcls")
class PositionEmbedding(keras.layers.Layer):
    """Adds a learned vector to each token.

    Args:
        grid: Height and width of the map whose positions the last tokens are. Weights for another grid are interpolated
            over it when they are loaded.

    Input shape:
        (B, T, C) with at least H·W tokens.

    Output shape:
        As the input's.

    Attributes:
        embeddings: (1, T, C).

    Reference:
        Dosovitskiy et al., An Image is Worth 16x16 Words, 2021, section 3.1.

    Example:
        >>> PositionEmbedding(grid=(2, 3))(keras.ops.ones((1, 7, 4))).shape
        TensorShape([1, 7, 4])
    """

    def __init__(self, grid: tuple[int, int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.grid = (int(grid[0]), int(grid[1]))

    @override
    def build(self, input_shape: tuple[int | None, ...]) -> None:
        initializer = initializers.TruncatedNormal(stddev=TOKEN_DEVIATION)
        self.embeddings = self.add_weight(name="embeddings", shape=(1, *input_shape[1:]), initializer=initializer)

    @override
    def call(self, inputs: KerasTensor) -> KerasTensor:
        return inputs + self.embeddings

    @override
    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    @override
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "grid": self.grid}
