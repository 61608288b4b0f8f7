"""The engine that is always there: TensorFlow."""

from collections.abc import Callable, Mapping

import keras
import numpy as np
import tensorflow as tf

from imgcls.engines.engine import Engine, Outputs, fill_up


class TensorFlowEngine(Engine):
    """Keras models of the same pixels, compiled by TensorFlow.

    Args:
        models: By the name of their output. Each takes pixels (B, height, width, channels), float32 in [0, 255].
        batch_size: The largest batch that will come; smaller ones are filled up, so that TensorFlow compiles one size.
            None takes every size.
    """

    name = "TensorFlow"

    def __init__(self, models: Mapping[str, keras.Model], batch_size: int | None = None) -> None:
        self.outputs = tuple(models)
        self.device = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
        self.batch_size = batch_size
        self.function = network_function(models, batch_size)

    def predict(self, pixels: np.ndarray) -> Outputs:
        """Compute the network on a batch, as `Engine.predict` describes it."""
        size = self.batch_size or max(1, len(pixels))  # fused operations of TensorFlow 2.21 fail on a batch of none
        found = self.function(tf.constant(fill_up(pixels, size), tf.float32))
        return {name: tensor.numpy()[: len(pixels)] for name, tensor in found.items()}


def network_function(
    models: Mapping[str, keras.Model], batch_size: int | None = None
) -> Callable[[tf.Tensor], dict[str, tf.Tensor]]:
    """The function of TensorFlow that computes several models of the same pixels.

    Args:
        models: By the name of their output; all take pixels of the same shape.
        batch_size: The only size that the function takes; None for every size.

    Returns:
        A `tf.function` from pixels to the outputs by name.
    """
    shape = next(iter(models.values())).input_shape[1:]
    pixels = tf.TensorSpec((batch_size, *shape), tf.float32, "pixels")
    function: Callable[[tf.Tensor], dict[str, tf.Tensor]] = tf.function(
        joined(models), input_signature=[pixels], autograph=False
    )
    return function


def joined(models: Mapping[str, keras.Model]) -> Callable[[tf.Tensor], dict[str, tf.Tensor]]:
    """All models in one; what they share, as parts of one network do, is computed once."""
    first, *others = models.values()
    if any(model.input is not first.input for model in others):
        return lambda pixels: {name: model(pixels, training=False) for name, model in models.items()}
    network = keras.Model(first.input, {name: model.output for name, model in models.items()})
    return lambda pixels: network(pixels, training=False)
