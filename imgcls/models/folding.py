"""Batch normalization multiplied into the convolution before it: the same answers with less to compute."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import keras
import numpy as np

from imgcls import layers
from imgcls.data_format import CHANNELS_LAST
from imgcls.framework_internals import graph_nodes, producer
from imgcls.models.recursion import deep_networks

_CONVOLUTIONS = (keras.layers.Conv2D, layers.Conv2D)  # no classes of one's own: what they do with a kernel is theirs
_DEPTHWISE = (keras.layers.DepthwiseConv2D, layers.DepthwiseConv2D)
_NORMALIZATIONS = (keras.layers.BatchNormalization, layers.BatchNormalization)


@deep_networks()
def fold_batch_normalization(model: keras.Model) -> keras.Model:
    """The same network for prediction, without the batch normalizations that a convolution can take over.

    In prediction a normalization multiplies each channel and adds to it, which the kernel and the bias of a convolution
    do as well. Keras 3.15 computes it by operations of their own, which TensorFlow fuses with no convolution:
    `benchmarks/folding.py` has what that costs.

    Args:
        model: A network in channels_last. Its weights stay as they are.

    Returns:
        A network with weights of its own. A normalization whose input is the output of a linear convolution that feeds
        nothing else, both in float32, becomes an `Identity` of the same name; the others stay.

    Example:
        >>> from imgcls.models import build_model
        >>> model = build_model("resnet20", num_classes=2)
        >>> len(model.weights), len(fold_batch_normalization(model).weights)
        (97, 40)
    """
    taken = _taken_over(model)
    weights = {name: _weights(model.get_layer(name), normalization) for name, normalization in taken.items()}
    return without_layers(model, {normalization.name for normalization in taken.values()}, weights)


def without_layers(
    model: keras.Model,
    gone: Collection[str],
    weights: Mapping[str, Sequence[np.ndarray]],
    others: Mapping[str, keras.layers.Layer] = MappingProxyType({}),
) -> keras.Model:
    """The same network with some layers left out, whose work the layers before have taken over.

    Args:
        model: The network.
        gone: The names of these layers; each becomes an `Identity` of its first input.
        weights: Kernel and bias of each convolution that has more to do, by its name; the others keep theirs.
        others: Layers that take the place of those of the same name.
    """

    def made(layer: keras.layers.Layer) -> keras.layers.Layer:
        copy: keras.layers.Layer
        if layer.name in gone:
            copy = keras.layers.Identity(name=layer.name)
        elif layer.name in others:
            copy = others[layer.name]
        else:
            config = layer.get_config()
            copy = type(layer).from_config({**config, "use_bias": True} if layer.name in weights else config)
        return copy

    def called(layer: keras.layers.Layer, *inputs: Any, **options: Any) -> Any:
        if layer.name not in gone:
            return layer(*inputs, **options)
        return layer(inputs[0][0] if isinstance(inputs[0], list) else inputs[0])  # an Identity takes no mask

    smaller = keras.models.clone_model(model, clone_function=made, call_function=called)
    for layer in smaller.layers:
        if layer.weights:
            layer.set_weights(
                weights[layer.name] if layer.name in weights else model.get_layer(layer.name).get_weights()
            )
    return smaller


def _taken_over(model: keras.Model) -> dict[str, keras.layers.BatchNormalization]:
    """The normalizations that can go, by the name of the convolution before."""
    nodes = graph_nodes(model)
    calls = Counter(node.operation.name for node in nodes)
    readers = Counter(id(tensor) for tensor in [*(t for node in nodes for t in node.input_tensors), *model.outputs])
    found = {}
    for node in nodes:
        if type(node.operation) not in _NORMALIZATIONS:
            continue
        tensor = node.input_tensors[0]
        before, _ = producer(tensor)
        alone = calls[before.name] == calls[node.operation.name] == readers[id(tensor)] == 1
        if alone and _can_take_over(before, node.operation):
            found[before.name] = node.operation
    return found


def _can_take_over(layer: keras.layers.Layer, normalization: keras.layers.BatchNormalization) -> bool:
    return (
        type(layer) in (*_CONVOLUTIONS, *_DEPTHWISE)
        and layer.activation is keras.activations.linear
        and layer.data_format == CHANNELS_LAST
        and normalization.axis in (-1, 3)
        and layer.compute_dtype == normalization.compute_dtype == "float32"
    )


def _weights(convolution: keras.layers.Layer, normalization: keras.layers.BatchNormalization) -> list[np.ndarray]:
    """The kernel and the bias that do what both layers did; computed in float64."""
    kernel, *biases = (np.asarray(weight, np.float64) for weight in convolution.get_weights())
    mean, variance = (
        np.asarray(each, np.float64) for each in (normalization.moving_mean, normalization.moving_variance)
    )
    factor = 1 / np.sqrt(variance + normalization.epsilon)
    if normalization.scale:
        factor = factor * np.asarray(normalization.gamma)
    bias = ((biases[0] if biases else 0.0) - mean) * factor
    if normalization.center:
        bias = bias + np.asarray(normalization.beta)
    by_channel = factor.reshape(kernel.shape[2:]) if type(convolution) in _DEPTHWISE else factor
    return [(kernel * by_channel).astype(np.float32), bias.astype(np.float32)]
