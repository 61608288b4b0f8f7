"""The head of a classifier as a part of its network: on features of all depths, with a hidden layer, and alone."""

import keras
import numpy as np

from imgcls.layers import ClassProbabilities
from imgcls.training.transfer.features import depth_features


def with_all_depths(model: keras.Model, mean: np.ndarray, variance: np.ndarray) -> keras.Model:
    """The classifier with a head on the features of all depths in place of that on the embedding.

    Args:
        model: the classifier.
        mean: (F,) of the features, which are standardized before the head.
        variance: (F,).
    """
    body, _ = depth_features(model)
    x = keras.layers.Normalization(mean=mean, variance=variance, dtype="float32", name="depth_standardization")(
        body.output
    )
    return _with_head(model, x)


def with_adaptation(model: keras.Model, units: int, dropout: float = 0.0) -> keras.Model:
    """The classifier with a hidden layer between the embedding and the head, both new.

    Args:
        model: the classifier.
        units: of the hidden layer, which has ReLU.
        dropout: rate, after the hidden layer.

    Reference:
        Oquab et al., Learning and Transferring Mid-Level Image Representations Using Convolutional Neural Networks,
        2014, section 3.2: the adaptation layers FCa, of 2048 units with ReLU, and FCb.
    """
    x = model.get_layer("embedding").output
    x = keras.layers.Dense(units, activation="relu", dtype="float32", name="adaptation")(x)
    if dropout:
        x = keras.layers.Dropout(dropout, dtype="float32", name="adaptation_dropout")(x)
    return _with_head(model, x)


def _with_head(model: keras.Model, x: keras.KerasTensor) -> keras.Model:
    """The classifier with a new head on x, which comes from its input."""
    last = model.get_layer("probabilities")
    logits = keras.layers.Dense(len(last.class_names), dtype="float32", name="logits")(x)
    probabilities = ClassProbabilities(last.class_names, activation=last.activation, name="probabilities")(logits)
    return keras.Model(model.input, probabilities, name=model.name)


def head_part(model: keras.Model) -> keras.Model:
    """From features to logits: the layers that are trained where the features come from the cache."""
    names = {layer.name for layer in model.layers}
    bottom = model.get_layer("depth_features" if "depth_features" in names else "embedding").output
    return keras.Model(bottom, model.get_layer("logits").output, name=f"{model.name}_head")
