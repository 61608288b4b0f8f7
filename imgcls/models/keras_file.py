"""A classifier as a .keras file that anyone with Keras can open.

Some of our layers do in inference what a layer of Keras does. Where all of a network's layers do, the file holds those
of Keras, which opens it without imgcls. Beside them it holds our own in `imgcls.json`, with the names of the classes
and the preprocessing, for `load`. Other files hold our layers, which Keras knows once imgcls has been imported.
"""

import json
import zipfile
from pathlib import Path

import keras
import numpy as np

from imgcls import layers
from imgcls.data_format import CHANNELS_LAST
from imgcls.models.recursion import deep_networks

OURS = "imgcls.json"  # the config of the model with our own layers, as Keras writes it
SAME_ARGUMENTS = {  # in channels_last, where a bias is added along the last axis by both
    layers.Conv2D: keras.layers.Conv2D,
    layers.Conv2DTranspose: keras.layers.Conv2DTranspose,
    layers.DepthwiseConv2D: keras.layers.DepthwiseConv2D,
    layers.SeparableConv2D: keras.layers.SeparableConv2D,
    layers.BatchNormalization: keras.layers.BatchNormalization,
}


class _HasNone(Exception):
    """A layer has no twin among those of Keras."""


@deep_networks()
def save(model: keras.Model, path: Path) -> None:
    """Write the model, without an optimiser. Raises OSError if it cannot be written."""
    model = keras.Model(model.inputs, model.outputs, name=model.name)  # what was compiled would be written too
    try:
        twin = keras.models.clone_model(model, clone_function=_twin)
    except _HasNone:
        model.save(path)
        return
    twin.set_weights(model.get_weights())
    twin.save(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(OURS, json.dumps(keras.saving.serialize_keras_object(model)))


@deep_networks()
def load(path: Path) -> keras.Model:
    """Read what `save` wrote, or any .keras file. Raises what Keras raises."""
    with zipfile.ZipFile(path) as archive:
        ours = json.loads(archive.read(OURS)) if OURS in archive.namelist() else None
    if ours is None:
        return keras.models.load_model(path, compile=False)
    model = keras.saving.deserialize_keras_object(ours)
    model.load_weights(path)
    return model


def _twin(layer: keras.layers.Layer) -> keras.layers.Layer:
    """A layer of Keras that does the same in inference, with the same weights. Raises `_HasNone` if there is none."""
    kind, config = type(layer), layer.get_config()
    if kind.__module__.split(".")[0] == "keras":
        return kind.from_config(config)
    if getattr(layer, "data_format", CHANNELS_LAST) != CHANNELS_LAST:
        raise _HasNone
    shared = {name: config[name] for name in ("name", "dtype")}
    if kind in SAME_ARGUMENTS:
        return SAME_ARGUMENTS[kind].from_config(config)
    if kind is layers.StochasticDepth:
        one_a_sample = (None, *(1 for _ in layer.output.shape[1:]))
        return keras.layers.Dropout(layer.rate, noise_shape=one_a_sample, seed=layer.seed, **shared)
    if kind is layers.PixelStandardization:
        channels = layer.output.shape[-1]
        mean, std = ([*values] * (channels // len(values)) for values in (layer.mean, layer.std))
        variance = [float(np.float32(value) ** 2) for value in std]  # whose root is again the deviation, to the bit
        return keras.layers.Normalization(mean=mean, variance=variance, **shared)
    if kind is layers.ClassProbabilities and layer.temperature == 1.0 and layer.activation == "softmax":
        return keras.layers.Softmax(**shared)
    raise _HasNone
