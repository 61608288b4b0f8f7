"""The class token of vision transformers, and registers."""

from typing import Any

import keras
from keras import KerasTensor, initializers, ops
from typing_extensions import override

TOKEN_DEVIATION = 0.02  # of the learned tokens at the start: Dosovitskiy et al.'s code


@keras.saving.register_keras_serializable("imgcls")
class ClassToken(keras.layers.Layer):
    """Puts a learned token before the others, whose place in the last layer stands for the image.

    Args:
        registers: Further learned tokens between the class token and the others, which gather what the network
            remembers and are read by nobody.

    Input shape:
        (B, T, C).

    Output shape:
        (B, 1 + registers + T, C).

    Attributes:
        token: (1, 1, C).
        register_tokens: (1, registers, C); None without registers.

    Reference:
        Dosovitskiy et al., An Image is Worth 16x16 Words, 2021, section 3.1.
        Darcet et al., Vision Transformers Need Registers, 2024.

    Example:
        >>> ClassToken(registers=4)(keras.ops.ones((2, 9, 8))).shape
        TensorShape([2, 14, 8])
    """

    def __init__(self, registers: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.registers = registers

    @override
    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = input_shape[-1]
        self.token = self._learned("token", 1, channels)
        self.register_tokens = self._learned("register_tokens", self.registers, channels) if self.registers else None

    def _learned(self, name: str, tokens: int, channels: int | None) -> keras.Variable:
        initializer = initializers.TruncatedNormal(stddev=TOKEN_DEVIATION)
        return self.add_weight(name=name, shape=(1, tokens, channels), initializer=initializer)

    @override
    def call(self, inputs: KerasTensor) -> KerasTensor:
        learned = [self.token] if self.register_tokens is None else [self.token, self.register_tokens]
        batch = ops.shape(inputs)[0]
        return ops.concatenate([*(ops.repeat(each, batch, axis=0) for each in learned), inputs], axis=1)

    @override
    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, tokens, channels = input_shape
        return batch, None if tokens is None else 1 + self.registers + tokens, channels

    @override
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "registers": self.registers}
