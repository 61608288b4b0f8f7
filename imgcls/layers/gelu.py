"""The Gaussian error linear unit."""

import math
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import KerasTensor, ops
from typing_extensions import override


@keras.saving.register_keras_serializable("imgcls")
class GELU(keras.layers.Activation):
    """x · Φ(x), with the distribution function Φ of the normal distribution: exact, not by a hyperbolic tangent.

    Keras computes it by the complementary error function, which takes about twice as long on a processor, in both
    directions, and which ONNX does not have.

    Input shape:
        Any.

    Output shape:
        As the input's.

    Reference:
        Hendrycks and Gimpel, Gaussian Error Linear Units, 2016.

    Example:
        >>> GELU()(keras.ops.array([-1.0, 0.0, 1.0])).numpy().round(3).tolist()
        [-0.159, 0.0, 0.841]
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(_gelu, **kwargs)

    @override
    def call(self, inputs: KerasTensor, training: bool | None = None) -> KerasTensor:
        if training and self.activation is _gelu:
            return _gelu_with_gradient(inputs)
        return self.activation(inputs)

    @override
    def get_config(self) -> dict[str, Any]:
        config: dict[str, Any] = super().get_config()
        del config["activation"]
        return config


def _gelu(x: KerasTensor) -> KerasTensor:
    return (x * 0.5) * (1.0 + ops.erf(x * math.sqrt(0.5)))  # as LiteRT knows it again


def _with_gradient(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """The same, and a gradient that keeps Φ(x) and computes nothing twice."""
    below = 0.5 + 0.5 * tf.math.erf(x * math.sqrt(0.5))

    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        density = tf.exp(-0.5 * x * x) * (1.0 / math.sqrt(2.0 * math.pi))
        return upstream * (below + x * density)

    return x * below, gradient


_gelu_with_gradient: Callable[[KerasTensor], KerasTensor] = tf.custom_gradient(_with_gradient)
