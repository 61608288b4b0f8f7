"""Weights by name, such as timm:resnet50.a1_in1k: the file in a folder of this machine, else the source's download."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from imgcls.models.weights import hugging_face, torchvision_files
from imgcls.models.weights.pixels import Pixels, timm_pixels
from imgcls.progress import ProgressFunction, no_progress

TIMM, TORCHVISION = "timm", "torchvision"
FOLDER = "IMGCLS_WEIGHTS"  # environment variable: a folder of weight files, which downloads go to as well
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class NamedWeights:
    """A name of weights.

    Attributes:
        source: "timm" or "torchvision".
        name: There, such as "resnet50.a1_in1k" or "IMAGENET1K_V2".
    """

    source: str
    name: str

    def __str__(self) -> str:
        return f"{self.source}:{self.name}"


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights.

    Attributes:
        path: Of the file.
        pixels: How its network was given images; None where nothing says it.
    """

    path: Path
    pixels: Pixels | None


def named_weights(weights: str | Path) -> NamedWeights | None:
    """What a name says; None for a path, and for names without a source such as "imagenet".

    Raises:
        ValueError: The source is known and the name cannot be one of it.

    Example:
        >>> named_weights("timm:resnet50.a1_in1k").name
        'resnet50.a1_in1k'
    """
    source, colon, name = str(weights).partition(":")
    if not colon or source not in (TIMM, TORCHVISION):
        return None
    if not NAME.fullmatch(name):
        raise ValueError(
            f"{weights} names no weights. Expected {source}: and a name, such as timm:resnet50.a1_in1k or "
            "torchvision:IMAGENET1K_V2."
        )
    return NamedWeights(source, name)


def is_weight_file(weights: str | Path) -> bool:
    """Whether it is the path of a file, and no name."""
    return named_weights(weights) is None and bool(Path(weights).suffix)


def weights_folder() -> Path:
    """Where weight files are looked for first, and downloads are kept: IMGCLS_WEIGHTS, else a folder of the user's."""
    named = os.environ.get(FOLDER)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(named) if named else Path(cache) / "imgcls" / "weights"


def find_weights(weights: NamedWeights, architecture: str, on_progress: ProgressFunction = no_progress) -> WeightsFile:
    """The file of these weights; timm's are downloaded if they are not on this machine.

    Args:
        weights: Their name.
        architecture: The network that is to start from them.
        on_progress: Receives the bytes that were downloaded, and how many there are.

    Raises:
        ValueError: The source has no such weights, or what was downloaded is damaged.
        FileNotFoundError: The file is not on this machine and cannot be downloaded from there.
        ConnectionError: The download failed; the sentence says what to fetch, and where to put it.
    """
    if weights.source == TORCHVISION:
        facts = torchvision_files.facts_of(architecture, weights.name)
        path = next((place for place in _torchvision_places(facts.file) if place.is_file()), None)
        if path is None:
            raise FileNotFoundError(
                f"{weights} of {architecture} is the file {facts.file}, which is neither in {weights_folder()} nor in "
                f"PyTorch's cache. Put it there: its address is torchvision.models.{facts.enum}.{weights.name}.url."
            )
        torchvision_files.check(path)
        return WeightsFile(path, facts.pixels)
    path = next((place for place in _timm_places(weights.name) if place.is_file()), None)
    path = path or hugging_face.download(weights.name, weights_folder() / TIMM, on_progress)
    return WeightsFile(path, timm_pixels(path, weights.name))


def _timm_places(name: str) -> Iterator[Path]:
    """Where timm's file may lie: as it is kept here, as the hub's repository has it, and in the hub's own cache."""
    folder = weights_folder()
    for suffix in (".safetensors", ".pth", ".bin"):
        yield folder / TIMM / f"{name}{suffix}"
        yield folder / f"{name}{suffix}"
    yield folder / TIMM / name / hugging_face.FILE
    yield folder / name / hugging_face.FILE
    yield from hugging_face.cached(name)


def _torchvision_places(file: str) -> Iterator[Path]:
    folder = weights_folder()
    torch = os.environ.get("TORCH_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "torch"
    yield folder / TORCHVISION / file
    yield folder / file
    yield Path(torch) / "hub" / "checkpoints" / file


def timm_weights_here() -> list[str]:
    """The names of timm's weights in the folder that IMGCLS_WEIGHTS names, sorted; none if it names none."""
    if not os.environ.get(FOLDER):
        return []
    found = set()
    for folder in (weights_folder() / TIMM, weights_folder()):
        files = [each for each in folder.glob("*") if each.suffix in (".safetensors", ".pth", ".bin")]
        found |= {each.stem for each in files}
        found |= {each.parent.name for each in folder.glob(f"*/{hugging_face.FILE}")}
    return sorted(name for name in found if NAME.fullmatch(name))


def torchvision_weights_here() -> list[tuple[str, str]]:
    """Network and name of torchvision's weights in the folder that IMGCLS_WEIGHTS names; none if it names none."""
    if not os.environ.get(FOLDER):
        return []
    places = (weights_folder() / TORCHVISION, weights_folder())
    found = []
    for network in torchvision_files.networks():
        for name in torchvision_files.names_of(network):
            file = torchvision_files.facts_of(network, name).file
            if any((place / file).is_file() for place in places):
                found.append((network, name))
    return found
