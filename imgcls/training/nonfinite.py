"""Where in a network the first number is not finite."""

import keras
import numpy as np
import tensorflow as tf

from imgcls.training.trainer_variables import as_array


def origin_of_nonfinite(network: keras.Model, pixels: tf.Tensor) -> str:
    """Name the layer where, going forward, the first number is not finite.

    Args:
        network: from pixels to logits.
        pixels: (B, H, W, C), of float32 or uint8, that the network was trained on when it happened.

    Returns:
        The end of a sentence that begins with what happened.
    """
    pixels = tf.cast(pixels, tf.float32)
    if not bool(tf.reduce_all(tf.math.is_finite(pixels))):
        return "it began in the pixels."
    layers = [layer for layer in network.layers if not isinstance(layer, keras.layers.InputLayer)]
    every = keras.Model(network.inputs, [layer.output for layer in layers])
    for layer, output in zip(layers, every(pixels, training=True), strict=True):
        if not all(bool(tf.reduce_all(tf.math.is_finite(x))) for x in keras.tree.flatten(output)):
            broken = [v.path for v in layer.trainable_variables if not np.isfinite(as_array(v)).all()]
            whose = f", whose weights {broken[0]!r} are not finite" if broken else ""
            return f"it began in the output of layer {layer.name!r}{whose}."
    return "it began in the gradient; every layer's output was finite."
