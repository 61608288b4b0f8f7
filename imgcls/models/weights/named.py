"""Weights by the name that torchvision or timm gives them: torchvision:IMAGENET1K_V2, timm:resnet50.a1_in1k.

The files are downloaded once, and kept. How the pixels were prepared comes with them.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imgcls.models.registry import Architecture
from imgcls.models.weights.download import Source, fetch
from imgcls.models.weights.torchvision_table import WEIGHTS as TORCHVISION_WEIGHTS

FOLDER = "IMGCLS_WEIGHTS"  # environment variable: the folder that weights are looked for and kept in
KERAS_HOME = "KERAS_HOME"  # Keras' own, whose folder is the default
TIMM, TORCHVISION = "timm", "torchvision"
COLLECTIONS = (TIMM, TORCHVISION)
TIMM_ADDRESS = "https://huggingface.co/timm"
TORCHVISION_ADDRESS = "https://download.pytorch.org/models"
CROP_MODES = {"center": "crop", "squash": "stretch"}  # timm's: ours
INTERPOLATIONS = ("bilinear", "bicubic", "nearest")
WHITE = 255.0


@dataclass(frozen=True)
class NamedWeights:
    """A file of weights, and the pixels that they were trained with.

    Attributes:
        path: Of the file.
        mean: Of the pixels, in [0, 255].
        std: Standard deviation of the same pixels.
        image_size: Height and width, in pixels.
        preprocessing: Fields of `imgcls.data.images.preprocessing.Preprocessing`.
        licence: What may be done with them, where the collection says it.
        source: Where they come from.
    """

    path: Path
    mean: tuple[float, ...]
    std: tuple[float, ...]
    image_size: int
    preprocessing: Mapping[str, object] = field(default_factory=dict)
    licence: str = ""
    source: str = ""


def is_named(weights: str | Path) -> bool:
    """Whether weights are called by a collection's name.

    Example:
        >>> is_named("timm:resnet50.a1_in1k"), is_named("resnet50.pth")
        (True, False)
    """
    return str(weights).partition(":")[0] in COLLECTIONS and ":" in str(weights)


def named_weights(architecture: Architecture, weights: str | Path) -> NamedWeights:
    """The weights of that name, downloaded unless they are here.

    Args:
        architecture: The network that is to start from them.
        weights: "timm:" or "torchvision:", and the collection's name.

    Raises:
        ValueError: The collection has no such weights of this network, or a file is not what it should be.
        FileNotFoundError: The server has no such file.
        ConnectionError: A file is not here and cannot be downloaded.
    """
    collection, _, name = str(weights).partition(":")
    known = architecture.published_as.get(collection, ())
    if not known:
        raise ValueError(
            f"{collection} has no {architecture.name} of this table. Choose another --model, or --weights none."
        )
    return _of_timm(architecture, known, name) if collection == TIMM else _of_torchvision(architecture, known[0], name)


def weights_folder() -> Path:
    """The folder that weights are looked for and kept in."""
    chosen = os.environ.get(FOLDER)
    home = Path(os.environ.get(KERAS_HOME) or Path.home() / ".keras")
    return Path(chosen) if chosen else home / "models" / "imgcls"


def _of_torchvision(architecture: Architecture, known: str, name: str) -> NamedWeights:
    rows = TORCHVISION_WEIGHTS.get(known, {})
    if name not in rows:
        there_are = ", ".join(f"{TORCHVISION}:{each}" for each in rows)
        raise ValueError(f"torchvision has no weights {name!r} of {architecture.name}. There are: {there_are}.")
    file, resized, cut, interpolation, (mean, std) = rows[name]
    digits = Path(file).stem.rpartition("-")[2]
    path = fetch(Source(f"{TORCHVISION_ADDRESS}/{file}", weights_folder() / file, digits))
    return NamedWeights(
        path,
        _in_pixels(mean),
        _in_pixels(std),
        cut,
        {"resize": "crop", "crop_share": cut / resized, "interpolation": interpolation},
        source=f"torchvision, {known}, {name}",
    )


def _of_timm(architecture: Architecture, known: tuple[str, ...], name: str) -> NamedWeights:
    if name.partition(".")[0] not in known or not name.replace(".", "").replace("-", "").isidentifier():
        raise ValueError(
            f"timm calls {architecture.name} {' or '.join(known)}; {name!r} is no name of its weights. Expected one "
            f"such as {TIMM}:{known[0]}.a_tag, as timm lists them."
        )
    folder, address = weights_folder(), f"{TIMM_ADDRESS}/{name}/resolve/main"
    config = fetch(Source(f"{address}/config.json", folder / f"{name}.json", is_checked=False))
    path = fetch(Source(f"{address}/model.safetensors", folder / f"{name}.safetensors"))
    return _as_configured(config, path, name)


def _as_configured(config: Path, path: Path, name: str) -> NamedWeights:
    """What timm's config says about the pixels."""
    try:
        settings = json.loads(config.read_text("utf-8"))["pretrained_cfg"]
        interpolation, crop = settings["interpolation"], settings.get("crop_mode", "center")
        if interpolation not in INTERPOLATIONS or crop not in CROP_MODES:
            raise ValueError(f"the interpolation {interpolation!r} with the crop {crop!r}")
        preprocessing = {
            "resize": CROP_MODES[crop],
            "crop_share": float(settings["crop_pct"]),
            "interpolation": interpolation,
        }
        mean, std, size = (settings[part] for part in ("mean", "std", "input_size"))
        licence = str(settings.get("license", ""))
        return NamedWeights(
            path, _in_pixels(mean), _in_pixels(std), int(size[-1]), preprocessing, licence, f"timm, {name}"
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{config} is no config of timm's weights that can be read ({error}). Remove it, so that it is downloaded "
            "again."
        ) from error


def _in_pixels(values: Any) -> tuple[float, ...]:
    """From [0, 1] to [0, 255]."""
    return tuple(WHITE * value for value in values)
