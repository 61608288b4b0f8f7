"""A classifier as a .keras file that anyone with Keras can open.

Some of our layers do in inference what a layer of Keras does. Where all of a network's layers do, the file holds those
of Keras, which opens it without imgcls. Beside them it holds our own in `imgcls.json`, with the names of the classes
and the preprocessing, and in `judgement.json` and `judgement.npz` what was fitted after training, for `load`. Other
files hold our layers, which Keras knows once imgcls has been imported.
"""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from imgcls import layers
from imgcls.data_format import CHANNELS_LAST
from imgcls.models.foreign.packages import built_when_called, import_packages
from imgcls.models.judged import judgement, temperature, with_judgement
from imgcls.models.recursion import deep_networks

OURS = "imgcls.json"  # the config of the model with our own layers, as Keras writes it
JUDGEMENT = "judgement.json"  # the config of the layer that Keras has no twin for
NUMBERS = "judgement.npz"  # its weights
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
    model = _plain(model)  # what was compiled would be written too
    layer = _judgement(model)
    plain = model if layer is None else with_judgement(model, temperature(model))
    try:
        twin = keras.models.clone_model(plain, clone_function=_twin)
    except _HasNone:
        model.save(path)
        return
    twin.set_weights(plain.get_weights())
    twin.save(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(OURS, json.dumps(keras.saving.serialize_keras_object(plain)))
        if layer is not None:
            archive.writestr(JUDGEMENT, json.dumps(layer.get_config()))
            archive.writestr(NUMBERS, _packed(layer.numbers()))


@deep_networks()
def load(path: Path) -> keras.Model:
    """Read what `save` wrote, or any .keras file. Raises what Keras raises."""
    with zipfile.ZipFile(path) as archive:
        import_packages(archive.read("config.json").decode())
        ours, config = (_json(archive, name) for name in (OURS, JUDGEMENT))
        numbers = archive.read(NUMBERS) if config else b""
    with built_when_called():
        if ours is None:
            return _plain(keras.models.load_model(path, compile=False))
        model = _plain(keras.saving.deserialize_keras_object(ours))
    model.load_weights(path)
    if config is None:
        return model
    layer = layers.Judgement.from_config(config)
    with np.load(io.BytesIO(numbers)) as arrays:
        layer.assign(dict(arrays))
    return with_judgement(model, temperature(model), layer)


def _plain(model: keras.Model) -> keras.Model:
    """From one tensor to one tensor, as it was built; Keras makes lists of them when it reads a file."""
    return keras.Model(model.inputs[0], model.outputs[0], name=model.name)


def _judgement(model: keras.Model) -> layers.Judgement | None:
    """The judgement of a classifier; None of a network without a head."""
    is_classifier = "probabilities" in {layer.name for layer in model.layers}
    return judgement(model) if is_classifier else None


def _packed(numbers: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **numbers)
    return file.getvalue()


def _json(archive: zipfile.ZipFile, name: str) -> dict[str, Any] | None:
    return json.loads(archive.read(name)) if name in archive.namelist() else None


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
    if kind is layers.ClassProbabilities:
        last = keras.layers.Activation(layer.activation, **shared)
        return last if layer.temperature == 1.0 else _scaled(1.0 / layer.temperature, last)
    raise _HasNone


def _scaled(scale: float, last: keras.layers.Layer) -> keras.layers.Layer:
    """A layer behind a scale, under the layer's own name."""
    scaled = keras.layers.Rescaling(scale, dtype=last.dtype, name="scale")
    both: keras.layers.Layer = keras.Sequential([scaled, last], name=last.name)
    return both
