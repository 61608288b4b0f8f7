"""What every form of a network for prediction must keep: its answers, and the weights of the network it is made of."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf


def images_for(model: keras.Model) -> np.ndarray:
    return np.random.default_rng(1).uniform(0, 255, (2, *model.input_shape[1:])).astype("float32")


def check(form: Callable[[keras.Model], keras.Model], model: keras.Model) -> keras.Model:
    """The form of the network, whose outputs are the same."""
    before = model.get_weights()
    made = form(model)
    found, expected = (tf.function(each)(images_for(model), training=False).numpy() for each in (made, model))
    np.testing.assert_allclose(found, expected, atol=1e-5 * max(1.0, float(np.abs(expected).max())))
    for weight, was in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, was)
    return made
