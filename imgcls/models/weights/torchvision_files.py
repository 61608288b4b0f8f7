"""The weight files of torchvision, from a table; a file's name holds the beginning of its checksum."""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from imgcls.checksums import sha256_of
from imgcls.models.weights.make_torchvision_table import TABLE
from imgcls.models.weights.pixels import LARGEST, Pixels
from imgcls.nearest_name import did_you_mean

CHECKSUM = re.compile(r"-([0-9a-f]{8,})\.pth$")

HEADLESS = ("IMAGENET1K_FEATURES",)  # whose dense layers are no numbers


@dataclass(frozen=True)
class TorchvisionFile:
    """What torchvision says of one weight file.

    Attributes:
        enum: The enumeration that it is of, such as "ResNet50_Weights".
        file: Its name.
        pixels: How images were prepared.
        image_size: Pixels of a side that the published accuracy holds for.
        top1: That accuracy on ImageNet, in percent.
    """

    enum: str
    file: str
    pixels: Pixels
    image_size: int
    top1: float


def facts_of(architecture: str, name: str) -> TorchvisionFile:
    """What the table says.

    Args:
        architecture: One of ours.
        name: Of its weights, such as "IMAGENET1K_V2".

    Raises:
        ValueError: torchvision has no such network, or no such weights of it.

    Example:
        >>> facts_of("resnet50_v1_5", "IMAGENET1K_V2").top1
        80.858
    """
    table = _table()
    if architecture not in table:
        raise ValueError(
            f"torchvision has no weights of {architecture}.{did_you_mean(architecture, table)} It has those of "
            f"{', '.join(table)}."
        )
    entry = table[architecture]
    if name not in entry["weights"]:
        raise ValueError(
            f"torchvision has no weights {name!r} of {architecture}. There are: {', '.join(entry['weights'])}."
        )
    facts = entry["weights"][name]
    mean, std = (tuple(LARGEST * share for share in facts[each]) for each in ("mean", "std"))
    preprocessing = {
        "resize": "crop",
        "crop_share": min(1.0, facts["image_size"] / facts["resize"]),
        "interpolation": facts["interpolation"],
    }
    return TorchvisionFile(
        entry["enum"], facts["file"], Pixels(mean, std, preprocessing), facts["image_size"], facts["top1"]
    )


def networks() -> list[str]:
    """Those of ours that torchvision has weights of."""
    return list(_table())


def names_of(architecture: str) -> list[str]:
    """The names of the weights of a whole network, the newest first; none if torchvision has no such network.

    Example:
        >>> names_of("resnet50_v1_5"), names_of("vgg16"), names_of("lenet5")
        (['IMAGENET1K_V2', 'IMAGENET1K_V1'], ['IMAGENET1K_V1'], [])
    """
    entry = _table().get(architecture, {"weights": {}})
    return sorted((name for name in entry["weights"] if name not in HEADLESS), reverse=True)


def check(path: Path) -> None:
    """Raise ValueError if a file is not what its name says."""
    announced = CHECKSUM.search(path.name)
    if announced and not sha256_of(path).startswith(announced[1]):
        raise ValueError(f"{path} is damaged: its SHA-256 does not begin with {announced[1]}. Fetch it again.")


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(TABLE.read_text("utf-8"))
    return table
