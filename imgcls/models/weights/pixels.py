"""How a network of timm was given images, as the file beside its weights says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


def timm_pixels(path: Path) -> Pixels | None:
    """What the config.json of timm says that lies beside a weight file; None where there is none.

    Args:
        path: The weight file, beside which the config has the name config.json, or the file's name and .json.

    Raises:
        ValueError: The config is there and cannot be read.
    """
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


def _read(values: Mapping[str, Any]) -> Pixels:
    mean, std = (tuple(LARGEST * float(share) for share in values[name]) for name in ("mean", "std"))
    preprocessing: dict[str, object] = {"resize": "crop", "crop_share": float(values.get("crop_pct") or 1.0)}
    if values.get("interpolation") in INTERPOLATIONS:
        preprocessing["interpolation"] = values["interpolation"]
    return Pixels(mean, std, preprocessing)
