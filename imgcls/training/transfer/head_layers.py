"""The head of a classifier as a part of its network: another one on features of all depths, and the head alone."""

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
    last = model.get_layer("probabilities")
    x = keras.layers.Normalization(mean=mean, variance=variance, dtype="float32", name="depth_standardization")(
        body.output
    )
    logits = keras.layers.Dense(len(last.class_names), dtype="float32", name="logits")(x)
    probabilities = ClassProbabilities(last.class_names, activation=last.activation, name="probabilities")(logits)
    return keras.Model(model.input, probabilities, name=model.name)


def head_part(model: keras.Model) -> keras.Model:
    """From features to logits: the layers that are trained where the features come from the cache."""
    names = {layer.name for layer in model.layers}
    bottom = model.get_layer("depth_features" if "depth_features" in names else "embedding").output
    return keras.Model(bottom, model.get_layer("logits").output, name=f"{model.name}_head")
