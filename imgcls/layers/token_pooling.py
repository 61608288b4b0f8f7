"""From tokens to one vector."""

from typing import Any

import keras
from keras import KerasTensor, ops
from typing_extensions import override

MODES = ("token", "average", "max")


@keras.saving.register_keras_serializable("imgcls")
class TokenPooling(keras.layers.Layer):
    """The class token, or the average or maximum of the patch tokens.

    Args:
        mode: "token", the first token; "average" or "max" of those after the first `prefix`.
        prefix: Tokens that are no patches: class token and registers.

    Input shape:
        (B, T, C).

    Output shape:
        (B, C).

    Raises:
        ValueError: For another mode.

    Example:
        >>> TokenPooling("average", prefix=1)(keras.ops.array([[[9.0], [1.0], [3.0]]])).numpy().tolist()
        [[2.0]]
    """

    def __init__(self, mode: str = "token", prefix: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if mode not in MODES:
            raise ValueError(f"mode is {mode!r}; expected one of {', '.join(MODES)}.")
        self.mode = mode
        self.prefix = prefix

    @override
    def call(self, inputs: KerasTensor) -> KerasTensor:
        if self.mode == "token":
            return inputs[:, 0]
        pool = ops.mean if self.mode == "average" else ops.max
        return pool(inputs[:, self.prefix :], axis=1)

    @override
    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape[0], input_shape[2]

    @override
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mode": self.mode, "prefix": self.prefix}
