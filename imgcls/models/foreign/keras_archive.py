"""Any .keras file as a network. What could run a stranger's program in it is refused before Keras opens it."""

import json
import re
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import keras

from imgcls.checksums import sha256_of
from imgcls.models.foreign.as_architecture import ModelSource, as_architecture
from imgcls.models.foreign.feature_network import check_kind
from imgcls.models.network_config import check_classes
from imgcls.models.registry import Architecture
from imgcls.models.weights.file_check import LAYERS, model_of_classifier

FIRST_LAYER = re.compile(r"Example error message for object (<.*>):")
SHAPES = re.compile(r"variable\.shape=(\(.*?\)), Received: value\.shape=(\(.*?\))\. Target variable: <\w+ path=(\S+),")
FILES = 8  # architectures of files that are kept


def architecture_of_file(path: str | Path) -> Architecture:
    """The architecture of a .keras file, as it is now; read once.

    Raises:
        ValueError: If the file is damaged, holds a classifier of imgcls, or a model that cannot be used.
        FileNotFoundError: If there is no such file.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"No file at {path}. Expected a .keras file, as model.save('my_net.keras') writes it.")
    return _architecture(path.resolve(), sha256_of(path))


def read_keras_file(path: Path) -> keras.Model:
    """Open a .keras file in Keras' safe mode. Raises ValueError for what is damaged, ours, or not allowed."""
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
            config = {name: config[name] for name in ("module", "class_name", "registered_name", "config")}
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is no .keras file as Keras 3 writes it ({error}). Save the model again.") from error
    _check_not_ours(config, path)
    try:
        check_classes(config)
    except ValueError as error:
        raise ValueError(
            f"{path} is not opened: {error}. For layers and models of your own, write a .py file with a function under "
            "@keras_model(...): docs/guides/networks.md shows it."
        ) from error
    try:
        model: keras.Model = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises many for what does not fit
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ValueError(f"Keras cannot open {path} ({first[:200]}). Save the model again.") from error
    return model


@lru_cache(FILES)
def _architecture(path: Path, checksum: str) -> Architecture:
    model = read_keras_file(path)
    return as_architecture(source_of(model, str(path), lambda _: read_keras_file(path)))


def source_of(model: Any, named: str, make: Any, preprocessing: str = "") -> ModelSource:
    """The source of one Keras model, of which `make` gives another copy."""
    check_kind(model, named)
    shape = model.inputs[0].shape[1:]
    channels = shape[-1] if shape[-1] in (1, 3) else shape[0]
    sizes = {size for size in shape if size != channels}
    if len(sizes) > 1:
        raise ValueError(f"{named} takes images of {'x'.join(map(str, shape))}; expected a square, or any size.")
    return ModelSource(
        named,
        model.name,
        make,
        image_size=(sizes or {None}).pop() or 0,
        channels=channels,
        preprocessing=preprocessing,
        with_weights={".h5": lambda shape, path: with_weight_file(make(shape), path)},
    )


def with_weight_file(model: keras.Model, path: Path | None) -> keras.Model:
    """The model with the weights of an .h5 file. Raises ValueError if they do not fit."""
    if path is None or not path.is_file():
        raise FileNotFoundError(f"No weight file at {path}. Expected an .h5 file that model.save_weights wrote.")
    try:
        model.load_weights(path)
    except Exception as error:  # Keras and h5py raise many
        raise ValueError(f"{path} does not hold the weights of {model.name} ({_misfit(error)}).") from error
    return model


def _misfit(error: Exception) -> str:
    """What does not fit, in one line; of several layers the first, which Keras names in the second line or below."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    shapes, layer = SHAPES.search(str(error)), FIRST_LAYER.search(lines[0])
    if shapes:
        expected, found, variable = shapes.groups()
        return f"{variable} is {expected} in the model and {found} in the file"
    if layer and len(lines) > 1:
        return f"{layer[1]}: {lines[1].rstrip('.')}"[:300]
    return lines[0][:200].rstrip(".")


def _check_not_ours(config: Any, path: Path) -> None:
    try:
        names = {layer["name"] for layer in config["config"]["layers"]}
    except (KeyError, TypeError):
        return
    if names >= LAYERS:
        name = config["config"].get("name")
        raise ValueError(
            f"{path} is a classifier that imgcls saved, of the network {name}. {model_of_classifier(path, name)}"
        )
