"""Branches of one input merged into one convolution: the same answers with less to compute.

Ding et al., RepVGG: Making VGG-style ConvNets Great Again, 2021, section 3.3 (structural re-parameterization).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from imgcls import layers
from imgcls.data_format import CHANNELS_LAST
from imgcls.framework_internals import graph_nodes, inputs_of_call, producer
from imgcls.models.folding import without_layers
from imgcls.models.recursion import deep_networks

_CONVOLUTIONS = (keras.layers.Conv2D, layers.Conv2D)
_NORMALIZATIONS = (keras.layers.BatchNormalization, layers.BatchNormalization)


@dataclass(frozen=True)
class _Branch:
    """A linear layer on the way from a block's input to its sum.

    Attributes:
        layer: A convolution, or a normalization of the input itself.
        source: The block's input.
        is_centered: Whether the middle of the kernel lies on each `strides`-th position of the input, from the first.
    """

    layer: keras.layers.Layer
    source: keras.KerasTensor
    is_centered: bool

    @property
    def size(self) -> int:
        """Of the kernel, in pixels; 1 of a normalization."""
        return 1 if type(self.layer) in _NORMALIZATIONS else int(self.layer.kernel_size[0])

    @property
    def sliding(self) -> tuple[Any, ...]:
        """What convolutions must have in common to be merged."""
        return (1, 1) if type(self.layer) in _NORMALIZATIONS else tuple(self.layer.strides)


@deep_networks()
def merge_branches(model: keras.Model) -> keras.Model:
    """The same network for prediction, with one convolution in place of parallel ones that are summed.

    Args:
        model: A network in channels_last, as `imgcls.models.folding.fold_batch_normalization` leaves it. Its weights
            stay as they are.

    Returns:
        A network with weights of its own; `model` itself where there is nothing to merge. The widest convolution of
        each sum keeps its name, the sum becomes an `Identity` of the same name, and the other branches are gone.

    Example:
        >>> from imgcls.models import build_model
        >>> from imgcls.models.folding import fold_batch_normalization
        >>> model = fold_batch_normalization(build_model("repvgg_a0", (32, 32, 3), num_classes=2))
        >>> len(model.weights), len(merge_branches(model).weights)
        (158, 46)
    """
    sums = _mergeable(model)
    if not sums:
        return model
    gone = {name for names, _ in sums for name in names}
    weights = {branches[0].layer.name: _merged(branches) for _, branches in sums}
    return without_layers(model, gone, weights)


def _mergeable(model: keras.Model) -> list[tuple[list[str], list[_Branch]]]:
    """(names of the sums, branches, the widest first) of each group that one convolution can replace."""
    nodes = graph_nodes(model)
    readers = Counter(id(tensor) for tensor in [*(t for node in nodes for t in node.input_tensors), *model.outputs])
    calls = Counter(node.operation.name for node in nodes)
    found: list[tuple[list[str], list[_Branch]]] = []
    taken: set[str] = set()
    for node in reversed(nodes):  # the outermost sum first
        if type(node.operation) is keras.layers.Add and node.operation.name not in taken:
            names, tensors = _summed(node.operation, readers)
            branches = [_branch(tensor, readers) for tensor in tensors]
            if all(calls[name] == 1 for name in names) and _go_together(branches, calls):
                found.append((names, [branch for branch in branches if branch]))
                taken |= set(names)
    return found


def _summed(operation: Any, readers: Counter[int]) -> tuple[list[str], list[keras.KerasTensor]]:
    """The names of a sum and of the sums that only it reads, and all that they add."""
    names: list[str] = [operation.name]
    tensors: list[keras.KerasTensor] = []
    for tensor in inputs_of_call(operation, 0):
        before, _ = producer(tensor)
        if type(before) is keras.layers.Add and readers[id(tensor)] == 1:
            inner_names, inner = _summed(before, readers)
            names, tensors = names + inner_names, tensors + inner
        else:
            tensors.append(tensor)
    return names, tensors


def _branch(tensor: keras.KerasTensor, readers: Counter[int]) -> _Branch | None:
    """The branch that ends in a tensor; None if it is none that can be merged."""
    layer, call = producer(tensor)
    while type(layer) is keras.layers.Identity and readers[id(tensor)] == 1:
        (tensor,) = inputs_of_call(layer, call)
        layer, call = producer(tensor)
    if readers[id(tensor)] != 1 or getattr(layer, "compute_dtype", "") != "float32":
        return None
    if type(layer) in _NORMALIZATIONS and layer.axis in (-1, 3):
        return _Branch(layer, inputs_of_call(layer, call)[0], is_centered=True)
    if type(layer) in _CONVOLUTIONS and _is_plain(layer):
        return _convolution(layer, inputs_of_call(layer, call)[0])
    return None


def _is_plain(layer: keras.layers.Layer) -> bool:
    square, odd = len(set(layer.kernel_size)) == 1, layer.kernel_size[0] % 2 == 1
    linear = layer.activation is keras.activations.linear
    return square and odd and linear and layer.data_format == CHANNELS_LAST and set(layer.dilation_rate) == {1}


def _convolution(layer: keras.layers.Layer, source: keras.KerasTensor) -> _Branch:
    zeros, before = layer.kernel_size[0] // 2, producer(source)
    if layer.padding == "valid" and type(before[0]) is keras.layers.ZeroPadding2D and zeros:
        is_centered = before[0].padding == ((zeros, zeros), (zeros, zeros))
        return _Branch(layer, inputs_of_call(*before)[0], is_centered)
    return _Branch(layer, source, zeros == 0 or (layer.padding == "same" and set(layer.strides) == {1}))


def _go_together(branches: Sequence[_Branch | None], calls: Counter[str]) -> bool:
    """Whether the first is the widest, and one convolution in its place can do what all do."""
    first = branches[0]
    return (
        first is not None
        and type(first.layer) in _CONVOLUTIONS
        and all(
            branch is not None
            and branch.source is first.source
            and branch.is_centered
            and branch.size <= first.size
            and branch.sliding == first.sliding
            and calls[branch.layer.name] == 1
            and getattr(branch.layer, "groups", first.layer.groups) == first.layer.groups
            for branch in branches
        )
    )


def _merged(branches: Sequence[_Branch]) -> list[np.ndarray]:
    """The kernel and the bias that do what all branches did; computed in float64."""
    shape = branches[0].layer.kernel.shape
    kernel, bias = np.zeros(shape), np.zeros(shape[-1])
    for branch in branches:
        ours, added = _kernel_and_bias(branch.layer, shape)
        border = (shape[0] - len(ours)) // 2
        kernel[border : border + len(ours), border : border + len(ours)] += ours
        bias += added
    return [kernel.astype(np.float32), bias.astype(np.float32)]


def _kernel_and_bias(layer: keras.layers.Layer, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    if type(layer) in _CONVOLUTIONS:
        kernel, *biases = (np.asarray(weight, np.float64) for weight in layer.get_weights())
        return kernel, biases[0] if biases else np.zeros(shape[-1])
    factor = 1 / np.sqrt(np.asarray(layer.moving_variance, np.float64) + layer.epsilon)
    factor = factor * np.asarray(layer.gamma) if layer.scale else factor
    shift = np.asarray(layer.beta) if layer.center else 0.0
    kernel = np.zeros((1, 1, *shape[2:]))
    kernel[0, 0, np.arange(shape[-1]) % shape[2], np.arange(shape[-1])] = factor  # each channel of its own group
    return kernel, shift - np.asarray(layer.moving_mean, np.float64) * factor
