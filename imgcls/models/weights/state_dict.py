"""PyTorch state dicts of other projects' networks, laid into ours."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from imgcls.counted import counted
from imgcls.framework_internals import producer
from imgcls.layers import PositionEmbedding
from imgcls.models.cost import cost_of_network
from imgcls.models.registry import Architecture, ArrayName, StateDictNames, list_models
from imgcls.models.registry import find_architecture as find
from imgcls.models.weights.pixels import Pixels, timm_pixels
from imgcls.models.weights.position_interpolation import for_grid
from imgcls.models.weights.safetensors_file import read_safetensors_file
from imgcls.models.weights.torch_file import read_torch_file

READERS = {
    ".pth": read_torch_file,
    ".pt": read_torch_file,
    ".bin": read_torch_file,
    ".safetensors": read_safetensors_file,
}
VARIABLES = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}
IGNORED = ("num_batches_tracked",)  # a counter, which inference and training do without
MOST_NAMED = 12  # names that an error prints of each list


@dataclass(frozen=True)
class StateDict:
    """A file that was read.

    Attributes:
        path: Of the file.
        arrays: By the name in the file.
        names: How the file's project names the layers.
        pixels: How the network was given images, where that is known of the file itself.
    """

    path: Path
    arrays: Mapping[str, np.ndarray]
    names: StateDictNames
    pixels: Pixels | None = None

    @property
    def wiring(self) -> Mapping[str, Any]:
        """Fields of `imgcls.models.wiring.Wiring` in which their network differs from ours."""
        return self.names.wiring

    @property
    def mean(self) -> tuple[float, ...]:
        """Of the pixels, in [0, 255], that the weights were trained with."""
        return self.pixels.mean if self.pixels else self.names.mean

    @property
    def std(self) -> tuple[float, ...]:
        """Of the pixels, in [0, 255], that the weights were trained with."""
        return self.pixels.std if self.pixels else self.names.std

    @property
    def preprocessing(self) -> Mapping[str, object]:
        """Fields of `imgcls.data.images.preprocessing.Preprocessing`, where the file says them."""
        return self.pixels.preprocessing if self.pixels else {}

    def pixels_sentence(self) -> str:
        """Which pixels are taken where nothing says it of a file, and how to have others; empty where it is known.

        Only timm has files with several means and deviations.
        """
        if self.pixels or "timm" not in self.names.project:
            return ""
        mean, std = (", ".join(f"{value:g}" for value in values) for values in (self.mean, self.std))
        return (
            f"Nothing says with which pixels {self.path.name} was trained: no config.json of timm lies beside it, and "
            f"timm has no weights of its name. Taken are the mean {mean} and the deviation {std}. If that is wrong, "
            "put timm's config.json beside the file, or give the file the name that timm has for it."
        )

    @property
    def num_classes(self) -> int:
        """Of the file's head; 0 if it has none."""
        head = self.arrays.get(f"{self.names.layer('logits')}.weight")
        return 0 if head is None else len(head)


@dataclass(frozen=True)
class Report:
    """What a state dict filled.

    Attributes:
        path: Of the file.
        project: Whose names it speaks.
        matched: (our variable, their name).
        missed: Our variables that the file has nothing for.
        left_over: Their names that nothing of ours took.
    """

    path: Path
    project: str
    matched: tuple[tuple[str, str], ...]
    missed: tuple[str, ...]
    left_over: tuple[str, ...]

    def sentence(self) -> str:
        """File, project, and how many arrays matched, were missed and were left over."""
        return (
            f"{self.path.name} ({self.project}): {counted(len(self.matched), 'array')} matched, "
            f"{len(self.missed)} missed, {len(self.left_over)} left over."
        )


def is_state_dict(weights: str | Path) -> bool:
    """Whether the path ends as a file with a PyTorch state dict does."""
    return Path(weights).suffix in READERS


def check_takes_state_dicts(architecture: Architecture, weights: str | Path) -> None:
    """Raise ValueError, before anything is read or downloaded, if no PyTorch project has the architecture.

    Args:
        architecture: The network that is to start from them.
        weights: What the user called them.
    """
    if architecture.is_foreign:
        own = "an .h5 file that model.save_weights wrote, or " if ".h5" in architecture.weights else ""
        raise ValueError(
            f"{weights} are weights of PyTorch, and {architecture.name} is a Keras model. Expected {own}the "
            ".keras file of a classifier that imgcls saved of it; --weights own keeps those that the model has."
        )
    if not architecture.state_dicts:
        known = [name for name in list_models() if find(name).state_dicts]
        alike = [name for name in known if name.startswith(architecture.name)]
        have = f"They have {' and '.join(alike)}" if alike else f"These they have: {_some(known)}"
        raise ValueError(f"No PyTorch project has the {architecture.name} of this table. {have}.")


def read_state_dict(architecture: Architecture, path: Path, named: str = "", pixels: Pixels | None = None) -> StateDict:
    """Read a file and find out which of the architecture's dialects it speaks.

    Args:
        architecture: The network that is to start from it.
        path: The file. What a config of timm beside it says of images holds, else what its name says.
        named: What its source calls it, where the file has another name.
        pixels: How the network was given images, where the source says it.

    Raises:
        ValueError: For a file of another kind or another network, and where the architecture knows no dialect.
        FileNotFoundError: If there is no such file.
    """
    check_takes_state_dicts(architecture, named or path)
    if not path.is_file():
        raise FileNotFoundError(f"No weight file at {path}. Expected a {path.suffix} file with a PyTorch state dict.")
    arrays = {name.removeprefix("module."): array for name, array in READERS[path.suffix](path).items()}
    dialects = [names for names in architecture.state_dicts if names.file_mark in (named or path.name)]
    if not dialects:
        marks = " or ".join(repr(names.file_mark) for names in architecture.state_dicts)
        raise ValueError(f"Weights of {architecture.name} have {marks} in their name; {named or path.name} has not.")
    shares = [(_overlap(architecture, names, names.prepare(arrays)), bool(names.file_mark)) for names in dialects]
    best, (share, _) = max(zip(dialects, shares, strict=True), key=lambda candidate: candidate[1])
    if share < 0.5:
        raise ValueError(
            f"{path} is not a {architecture.name}: {share:.0%} of the layers are there by their names in "
            f"{best.project}. It begins with {', '.join(list(arrays)[:5])}."
        )
    _check_finite(arrays, path)
    return StateDict(path, best.prepare(arrays), best, pixels or timm_pixels(path, named))


def _check_finite(arrays: Mapping[str, np.ndarray], path: Path) -> None:
    """Raise ValueError for arrays with NaN or infinity."""
    if wrong := [name for name, array in arrays.items() if not np.isfinite(array).all()]:
        raise ValueError(
            f"{path} has numbers that are not finite in {', '.join(wrong[:MOST_NAMED])}. Download it again, or name "
            "another file."
        )


def _overlap(architecture: Architecture, names: StateDictNames, arrays: Mapping[str, np.ndarray]) -> float:
    """The share of names in which the file and the network agree."""
    layers = [layer.name for layer in cost_of_network(architecture, names.wiring).layers if layer.parameters]
    parts = [part for layer in layers for part in _parts(names.layer(layer)) if not isinstance(part, ArrayName)]
    expected = {f"{part}.weight" for part in parts}
    found = {name for name in arrays if name.endswith(".weight")}
    return len(expected & found) / max(len(expected | found), 1)


def _parts(name: str | tuple[str, ...]) -> tuple[str, ...]:
    return (name,) if isinstance(name, str) else tuple(name)


def load_state_dict(model: keras.Model, state: StateDict, with_head: bool = True) -> Report:
    """Fill `model`, and report what filled what.

    Args:
        model: A classifier of the state dict's architecture.
        state: The file.
        with_head: Whether the last layer is filled, where the file has as many classes as the model.

    Raises:
        ValueError: With both lists, before any weight is changed, if anything else is missing, left over, or of
            another shape.
    """
    left = {name for name in state.arrays if not name.endswith(IGNORED)}
    fills, missed, wrong = [], [], []
    head = state.names.layer("logits")
    outputs = {layer.name: layer for layer in model.layers}.get("logits")
    other_head = outputs is None or not with_head or outputs.units != state.num_classes
    for layer in model.layers:
        if layer.name == "logits" and other_head:
            continue
        for variable, name in _variables(layer, state.names):
            array = state.arrays.get(name)
            if array is None:
                missed.append(variable.path)
                continue
            left.discard(name)
            array = in_keras_order(array, layer, variable)
            if isinstance(layer, PositionEmbedding):
                array = for_grid(array, layer)
            if array.shape != tuple(variable.shape):
                wrong.append(_difference(name, array, layer, variable))
            if name.endswith("running_mean") and (bias := _bias_before(layer, state)) in left:
                left.discard(bias)
                array = array - state.arrays[bias]
            fills.append((variable, name, array))
    if other_head:
        left = {name for name in left if name.rpartition(".")[0] != head}
    if missed or left or wrong:
        raise ValueError(
            f"{state.path} does not fit {model.name}. Missing in the file: {_some(missed)}. Left over in the file: "
            f"{_some(sorted(left))}. Of another shape: {_some(wrong)}. No weight was changed."
        )
    for variable, _, array in fills:
        variable.assign(array)
    matched = tuple((variable.path, name) for variable, name, _ in fills)
    ours = tuple(variable.path for variable in outputs.weights) if outputs is not None and other_head else ()
    theirs = tuple(name for name in state.arrays if name.rpartition(".")[0] == head) if other_head else ()
    return Report(state.path, state.names.project, matched, ours, theirs)


def _difference(name: str, array: np.ndarray, layer: keras.layers.Layer, variable: keras.Variable) -> str:
    """What the file has and what the network has, in words where it is the size of patches."""
    if layer.name == "patches_conv" and array.ndim == 4 and array.shape[0] != variable.shape[0]:
        theirs, ours = array.shape[0], variable.shape[0]
        return f"the file has patches of {theirs} pixels ({name}), the network of {ours}; take a network of its size"
    return f"{name} gives {array.shape}, {variable.path} expects {tuple(variable.shape)}"


def _variables(layer: keras.layers.Layer, names: StateDictNames) -> list[tuple[keras.Variable, str]]:
    """Each variable of a layer and its name in the file; layers of several parts hold kernel and bias of each."""
    if not layer.weights:
        return []
    places = _parts(names.layer(layer.name))
    each = max(len(layer.weights) // len(places), 1)
    return [(variable, _array_name(places[i // each], variable)) for i, variable in enumerate(layer.weights)]


def _array_name(place: str, variable: keras.Variable) -> str:
    return place if isinstance(place, ArrayName) else f"{place}.{VARIABLES[_kind(variable)]}"


def _bias_before(norm: keras.layers.Layer, state: StateDict) -> str:
    """The name of the bias of the convolution before a normalisation, which we have none of.

    To subtract it from the mean that the normalisation subtracts comes to the same as to add it before.
    """
    convolution, _ = producer(norm.input)
    return f"{state.names.layer(convolution.name)}.bias" if convolution.weights else ""


def _kind(variable: keras.Variable) -> str:
    return next(kind for kind in VARIABLES if variable.name.endswith(kind))


def in_keras_order(array: np.ndarray, layer: keras.layers.Layer, variable: keras.Variable) -> np.ndarray:
    """Kernels from (out, in, height, width) to Keras' order, dense matrices transposed, vectors and tokens as they are.

    A matrix after a Flatten reads (channels, height, width) in PyTorch and (height, width, channels) in Keras.
    """
    if array.ndim < 2:
        return array
    if len(variable.shape) in (1, 3):  # a factor a channel, or learned tokens
        return array.reshape(variable.shape) if array.size == math.prod(variable.shape) else array
    if len(variable.shape) == 2:
        before, _ = producer(layer.input)
        if isinstance(before, keras.layers.Flatten) and len(before.input.shape) == 4:
            height, width, channels = spatial_shape(before)
            if array.size == len(array) * height * width * channels:
                array = array.reshape(len(array), channels, height, width).transpose(0, 2, 3, 1)
        return array.reshape(len(array), -1).T
    if array.ndim == 2:
        array = array[:, :, None, None]
    depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
    return array.transpose((2, 3, 0, 1) if depthwise else (2, 3, 1, 0))


def spatial_shape(flatten: keras.layers.Flatten) -> tuple[int, int, int]:
    """Height, width and channels of what a Flatten gets."""
    _, *shape = flatten.input.shape
    return tuple(shape) if flatten.data_format == "channels_last" else (*shape[1:], shape[0])


def _some(names: list[str]) -> str:
    if not names:
        return "none"
    rest = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")
