"""Multi-head self-attention."""

from typing import Any

import keras
import tensorflow as tf
from keras import KerasTensor, initializers, layers, ops, regularizers
from typing_extensions import override

from imgcls.layers.known_size import known


@keras.saving.register_keras_serializable("imgcls")
class SelfAttention(keras.layers.Layer):
    """Every token becomes a mixture of the values of all tokens, weighed by how its query meets their keys.

    Queries, keys and values of all heads come of one fully connected layer, "qkv", with the kernel (C, 3C) as in
    published weight files; "projection", (C, C), follows the mixture.

    Args:
        num_heads: Parts of the channels that attend by themselves; divides C.
        kernel_initializer: Of both kernels, as Keras takes it.
        kernel_regularizer: Of both kernels, as Keras takes it.

    Input shape:
        (B, T, C).

    Output shape:
        As the input's.

    Raises:
        ValueError: If the heads do not divide the channels.

    Reference:
        Vaswani et al., Attention Is All You Need, 2017, section 3.2.

    Example:
        >>> SelfAttention(num_heads=2)(keras.ops.ones((1, 5, 8))).shape
        TensorShape([1, 5, 8])
    """

    def __init__(
        self,
        num_heads: int,
        kernel_initializer: str | initializers.Initializer = "glorot_uniform",
        kernel_regularizer: str | regularizers.Regularizer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.num_heads = num_heads
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)

    @override
    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = known(input_shape[-1], "number of channels")
        if channels % self.num_heads:
            raise ValueError(f"{self.num_heads} heads do not divide {channels} channels; expected a divisor of them.")
        self.depth = channels // self.num_heads
        self.qkv = self._connected(3 * channels, "qkv")
        self.projection = self._connected(channels, "projection")
        for each in (self.qkv, self.projection):
            each.build((None, channels))

    def _connected(self, units: int, name: str) -> layers.Dense:
        return layers.Dense(
            units,
            kernel_initializer=self.kernel_initializer.clone(),
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name=name,
        )

    @override
    def call(self, inputs: KerasTensor) -> KerasTensor:
        tokens, channels = inputs.shape[1:]
        rows = ops.reshape(inputs, (-1, channels))  # whose products TensorFlow computes together with the bias
        parts = (
            ops.reshape(each, (-1, tokens, self.num_heads, self.depth))
            for each in ops.split(self.qkv(rows), 3, axis=-1)
        )
        query, key, value = (ops.transpose(each, (0, 2, 1, 3)) for each in parts)  # (B, heads, T, depth)
        scores = tf.matmul(query * self.depth**-0.5, key, transpose_b=True)
        mixture = ops.transpose(ops.matmul(ops.softmax(scores), value), (0, 2, 1, 3))
        return ops.reshape(self.projection(ops.reshape(mixture, (-1, channels))), (-1, tokens, channels))

    @override
    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    @override
    def get_config(self) -> dict[str, Any]:
        own = {
            "num_heads": self.num_heads,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
        }
        return {**super().get_config(), **own}
