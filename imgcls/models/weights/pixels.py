"""How a network of timm was given images: as the file beside its weights says, else by the weights' name."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from imgcls.models.weights.make_timm_pixels import TABLE

LARGEST = 255.0  # of a pixel; timm's figures are shares of it
INTERPOLATIONS = ("bilinear", "bicubic", "nearest")  # that `imgcls.data.images.preprocessing` has as well


@dataclass(frozen=True)
class Pixels:
    """What the images of a network look like.

    Attributes:
        mean: Of each channel, in [0, 255].
        std: Standard deviation of each channel.
        preprocessing: Fields of `imgcls.data.images.preprocessing.Preprocessing`.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    preprocessing: Mapping[str, object]


def timm_pixels(path: Path, name: str = "") -> Pixels | None:
    """What timm's config.json beside a weight file says, else the mean and deviation that timm has for the name.

    Args:
        path: The weight file, beside which the config has the name config.json, or the file's name and .json.
        name: What timm calls the weights, such as "resnet50.a1_in1k"; by default the file or its folder is called so.

    Returns:
        None where there is no config, and timm has no weights of the name.

    Raises:
        ValueError: The config is there and cannot be read.
    """
    return _beside(path) or next(filter(None, map(_of_name, (name, path.stem, path.parent.name))), None)


def _beside(path: Path) -> Pixels | None:
    places = [path.with_suffix(".json"), path.with_name("config.json")]
    config = next((place for place in places if place.is_file()), None)
    if config is None:
        return None
    try:
        values = json.loads(config.read_text("utf-8"))
        return _read(values["pretrained_cfg"]) if "pretrained_cfg" in values else None
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{config} is no config of timm that can be read ({error}). Download it again, or remove it."
        ) from error


def _of_name(name: str) -> Pixels | None:
    found = next((row for row in _table() if name in row["names"]), None)
    return Pixels(_of_channels(found["mean"]), _of_channels(found["std"]), {}) if found else None


@cache
def _table() -> list[dict[str, Any]]:
    table: list[dict[str, Any]] = json.loads(TABLE.read_text("utf-8"))
    return table


def _of_channels(shares: Iterable[Any]) -> tuple[float, ...]:
    return tuple(LARGEST * float(share) for share in shares)


def _read(values: Mapping[str, Any]) -> Pixels:
    mean, std = _of_channels(values["mean"]), _of_channels(values["std"])
    preprocessing: dict[str, object] = {"resize": "crop", "crop_share": float(values.get("crop_pct") or 1.0)}
    if values.get("interpolation") in INTERPOLATIONS:
        preprocessing["interpolation"] = values["interpolation"]
    return Pixels(mean, std, preprocessing)
