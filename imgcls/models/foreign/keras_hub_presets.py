"""The image backbones of KerasHub, from a preset's folder on the disk or by the preset's name."""

import importlib
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras

from imgcls.models.foreign.as_architecture import ModelSource, Shape, as_architecture
from imgcls.models.foreign.packages import PACKAGES
from imgcls.models.network_config import check_classes
from imgcls.models.registry import Architecture

CONFIG, WEIGHTS = "config.json", "model.weights.h5"  # of a preset's folder
NOT_COPIED = ("ViTPatchingAndEmbedding", "DeiTEmbeddings", "DeiTEncoder")  # of KerasHub; by their configs
_FOUND: dict[tuple[str, float], Architecture] = {}  # by preset and the time of its config


def architecture_of_preset(preset: str) -> Architecture:
    """The architecture called `keras_hub:<preset>`, where the preset is a folder or the name of one that is downloaded.

    Raises:
        ValueError: If KerasHub is not installed, if the folder is no preset, or if its model cannot be used.
        ConnectionError: If a preset cannot be downloaded.
    """
    if find_spec("keras_hub") is None:
        raise ValueError(f"--model keras_hub:{preset} needs KerasHub: pip install {PACKAGES['keras_hub']}")
    folder = Path(preset)
    key = str(folder.resolve()) if folder.is_dir() else preset, _time(folder)
    if key not in _FOUND:
        if folder.is_dir():
            _check_folder(folder)
        _FOUND[key] = _architecture(preset)
    return _FOUND[key]


def _architecture(preset: str) -> Architecture:
    model, folder = backbone(preset), Path(preset)
    shape = _image_shape(model, preset)
    has_weights = not folder.is_dir() or (folder / WEIGHTS).is_file()
    named = f"keras_hub:{preset}"

    def make(shape: Shape) -> keras.Model:
        return backbone(preset, has_weights)

    return as_architecture(
        ModelSource(
            named,
            f"keras_hub_{folder.name}",
            make,
            image_size=shape[0] or 0,
            channels=shape[-1] or 3,
            has_weights=has_weights,
            replaced=readable,
        )
    )


def readable(layer: keras.layers.Layer) -> keras.layers.Layer:
    """The layer, or one of ours that computes the same, in place of one that its own config does not make again."""
    if type(layer).__name__ not in NOT_COPIED:
        return layer
    from imgcls.models.foreign.keras_hub_layers import copyable  # imports KerasHub

    return copyable(layer)


def backbone(preset: str, has_weights: bool = False) -> keras.Model:
    """The backbone of a preset.

    Args:
        preset: Folder or name.
        has_weights: Whether it gets the weights of the preset.

    Raises:
        ValueError: If it is no backbone.
        ConnectionError: If it cannot be downloaded.
    """
    hub: Any = importlib.import_module("keras_hub")
    try:
        model: keras.Model = hub.models.Backbone.from_preset(preset, load_weights=has_weights)
    except Exception as error:  # of KerasHub, and of the libraries that download
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
        if Path(preset).is_dir():
            raise ValueError(f"KerasHub cannot read the preset {preset} ({first}).") from error
        raise ConnectionError(
            f"There is no folder {preset}, and KerasHub cannot download a preset of that name "
            f"({type(error).__name__}). Download it elsewhere and name its folder: --model keras_hub:FOLDER."
        ) from error
    return model


def _image_shape(model: keras.Model, preset: str) -> tuple[int | None, ...]:
    shape = model.inputs[0].shape[1:] if len(model.inputs) == 1 else ()
    if len(shape) != 3:
        raise ValueError(f"keras_hub:{preset} is no backbone of images; its inputs are {list(model.input_names)}.")
    return tuple(shape)


def _check_folder(folder: Path) -> None:
    """Raise ValueError unless a folder is a preset whose classes only compute."""
    importlib.import_module("keras_hub")  # whose classes are looked up
    try:
        config = json.loads((folder / CONFIG).read_text("utf-8"))
        check_classes({name: config[name] for name in ("module", "class_name", "registered_name", "config")})
    except (OSError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(
            f"{folder} is no preset of KerasHub ({error}). Expected a folder that backbone.save_to_preset wrote."
        ) from error
    except ValueError as error:
        raise ValueError(f"The preset {folder} is not opened: {error}.") from error


def _time(folder: Path) -> float:
    config = folder / CONFIG
    return config.stat().st_mtime if config.is_file() else 0.0
