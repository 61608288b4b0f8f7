"""Scales of channels multiplied into the layer beside them: the same answers with less to compute."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np

from imgcls import layers
from imgcls.data_format import CHANNELS_LAST
from imgcls.framework_internals import graph_nodes, producer
from imgcls.models.folding import without_layers
from imgcls.models.recursion import deep_networks

_CONVOLUTIONS = (keras.layers.Conv2D, layers.Conv2D, layers.PointwiseConv2D)


@deep_networks()
def fold_scales(model: keras.Model) -> keras.Model:
    """The same network for prediction, whose scales of channels are in the kernels of the layers beside them.

    A layer scale multiplies the outputs of the layer before it. What a layer normalization multiplies its channels by
    and adds to them can be done by the layer behind it.

    Args:
        model: A network in channels_last. Its weights stay as they are.

    Returns:
        A network with weights of its own; `model` itself where there is nothing to fold. Where the layer beside it is
        a fully connected one or a convolution without padding, in float32 and with no other reader or input, a
        `LayerScale` becomes an `Identity` of the same name, and a `LayerNormalization` neither scales nor shifts. The
        embedding is as before.

    Example:
        >>> from imgcls.models import build_model
        >>> model = build_model("convnext_atto", (32, 32, 3), num_classes=2)
        >>> len(model.weights), len(fold_scales(model).weights)
        (128, 86)
    """
    weights: dict[str, Sequence[np.ndarray]] = {}
    scales, normalizations = set(), {}
    for layer, beside in _foldable(model):
        kernel, bias = weights.get(beside.name) or _kernel_and_bias(beside)
        gamma = 1.0 if layer.gamma is None else np.asarray(layer.gamma, np.float64)
        if type(layer) is layers.LayerScale:
            scales.add(layer.name)
            weights[beside.name] = [kernel * gamma, bias * gamma]
        else:
            normalizations[layer.name] = _without_scale(layer)
            shift = np.asarray(layer.beta, np.float64) @ kernel  # of each place of the kernel
            bias = bias + shift.reshape(-1, kernel.shape[-1]).sum(axis=0)
            weights[beside.name] = [kernel * np.reshape(gamma, (-1, 1)), bias]
    if not weights:
        return model
    rounded = {name: [each.astype(np.float32) for each in both] for name, both in weights.items()}
    return without_layers(model, scales, rounded, normalizations)


def _foldable(model: keras.Model) -> Iterator[tuple[keras.layers.Layer, keras.layers.Layer]]:
    """Each layer that scales, and the one that can do it; where one does it for two, the first on the way first."""
    nodes = graph_nodes(model)
    calls = Counter(node.operation.name for node in nodes)
    readers: dict[int, list[Any]] = {id(tensor): [None] for tensor in model.outputs}
    for node in nodes:
        for tensor in node.input_tensors:
            readers.setdefault(id(tensor), []).append(node.operation)
    for node in nodes:
        layer = node.operation
        if type(layer) is layers.LayerScale:
            tensor = node.input_tensors[0]
            beside, _ = producer(tensor)
        elif type(layer) is layers.LayerNormalization and layer.center:
            tensor = node.outputs[0]
            beside = readers[id(tensor)][0]
        else:
            continue
        alone = beside is not None and calls[beside.name] == calls[layer.name] == len(readers[id(tensor)]) == 1
        if not alone or layer.name == "embedding":  # which is read by what judges it
            continue
        if _takes_scales(beside) and layer.compute_dtype == beside.compute_dtype == "float32":
            yield layer, beside


def _takes_scales(layer: Any) -> bool:
    """Whether it multiplies all channels of a position by a kernel, and nothing but positions of the input."""
    if type(layer) in _CONVOLUTIONS:
        unpadded = layer.padding == "valid" or layer.kernel_size == (1, 1)
        fits = unpadded and layer.groups == 1 and layer.data_format == CHANNELS_LAST
    else:
        fits = type(layer) is keras.layers.Dense
    return fits and layer.activation is keras.activations.linear


def _kernel_and_bias(layer: keras.layers.Layer) -> list[np.ndarray]:
    kernel, *biases = (np.asarray(weight, np.float64) for weight in layer.get_weights())
    return [kernel, biases[0] if biases else np.zeros(kernel.shape[-1])]


def _without_scale(layer: keras.layers.Layer) -> layers.LayerNormalization:
    return layers.LayerNormalization.from_config({**layer.get_config(), "scale": False, "center": False})
