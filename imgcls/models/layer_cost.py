"""What a Keras layer that `net.apply` was given costs and sees, by its kind; unknown for a kind that is not listed.

Kinds are those of keras.layers and imgcls.layers. A layer of the user's own, or one that changes how a listed one
computes, is unknown: nothing is guessed.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from imgcls import layers as ours
from imgcls.framework_internals import graph_nodes
from imgcls.models.foreign.flat_graph import on_tensor
from imgcls.models.receptive_field import UNKNOWN, Seen, joined, slid
from imgcls.models.window import Window, pair

Shape = tuple[int, ...]

HOMES = ("keras", "imgcls")  # packages whose layers compute what their kind says


@dataclass(frozen=True)
class Cost:
    """What one layer adds to the cost of a network.

    Attributes:
        macs: MACs for one image; None if unknown.
        fields: The receptive fields of its output; see `imgcls.models.cost.SymbolicTensor`.
    """

    macs: int | None
    fields: Seen


def cost_of(layer: keras.layers.Layer, shapes: Sequence[Shape], seen: Sequence[Seen], out: Shape) -> Cost:
    """The cost of a built layer.

    Args:
        layer: The layer.
        shapes: Of each of its inputs, without batch.
        seen: The receptive fields of each of its inputs.
        out: The shape of its output, without batch.
    """
    if isinstance(layer, keras.Sequential):
        return _of_sequence(layer, shapes[0], seen[0])
    if type(layer).call.__module__.split(".")[0] in HOMES:
        for kinds, rule in RULES:
            if isinstance(layer, kinds):
                return rule(layer, shapes[0], seen, out)
    return Cost(None, UNKNOWN)


def costs_of_model(model: keras.Model, shape: Shape, seen: Seen) -> Iterator[tuple[keras.layers.Layer, Shape, Cost]]:
    """Each layer of a flat model in the order of its graph, with the shape of its output and what it costs.

    Args:
        model: In channels_last; its layers are not changed.
        shape: Of an image, (height, width, channels).
        seen: The receptive fields of the images.
    """
    images = keras.Input(shape)
    graph = keras.Model(images, on_tensor(model, images))
    fields: dict[int, Seen] = {id(images): seen}
    for node in graph_nodes(graph):
        if node.input_tensors:
            before = [fields[id(tensor)] for tensor in node.input_tensors]
            shapes, out = [tuple(each.shape[1:]) for each in node.input_tensors], tuple(node.outputs[0].shape[1:])
            cost = cost_of(node.operation, shapes, before, out)
            fields |= {id(tensor): cost.fields for tensor in node.outputs}
            yield node.operation, out, cost


def shape_after(layer: keras.layers.Layer, shape: Shape | list[Shape]) -> Shape:
    """The shape that a layer, which is built for it, makes of a shape, or of several; all without batch."""
    if isinstance(shape, list):
        return tuple(layer([_symbolic(one) for one in shape]).shape[1:])
    return tuple(layer(_symbolic(shape)).shape[1:])


def _symbolic(shape: Shape) -> keras.KerasTensor:
    return keras.KerasTensor((None, *shape))


def _of_sequence(model: keras.Sequential, shape: Shape, seen: Seen) -> Cost:
    counted = []
    for layer in model.layers:
        out = shape_after(layer, shape)
        cost = cost_of(layer, [shape], [seen], out)
        counted.append(cost.macs)
        shape, seen = out, cost.fields
    return Cost(None if None in counted else sum(macs or 0 for macs in counted), seen)


def _as_it_was(layer: Any, shape: Shape, seen: Sequence[Seen], out: Shape) -> Cost:
    return Cost(0, seen[0])


def _normalized(layer: Any, shape: Shape, seen: Sequence[Seen], out: Shape) -> Cost:
    """Statistics over an axis of the image see all of it."""
    axes = [layer.axis] if isinstance(layer.axis, int) else list(layer.axis)
    only_channels = {axis % (len(shape) + 1) for axis in axes} == {len(shape)}
    return Cost(0, seen[0] if only_channels else None)


def _sliding(layer: Any, shape: Shape, seen: Sequence[Seen], out: Shape) -> Cost:
    kernel = getattr(layer, "kernel_size", None) or layer.pool_size
    spread = [(k - 1) * d + 1 for k, d in zip(pair(kernel), pair(getattr(layer, "dilation_rate", 1)), strict=True)]
    kernels = sum(math.prod(weight.shape) for weight in layer.weights if len(weight.shape) == 4)
    fields = slid(seen[0], shape[:2], out[:2], Window((spread[0], spread[1]), pair(layer.strides), layer.padding))
    return Cost(kernels * out[0] * out[1], fields)


def _dense(layer: Any, shape: Shape, seen: Sequence[Seen], out: Shape) -> Cost:
    positions = math.prod(out[:-1])
    return Cost(math.prod(layer.kernel.shape) * positions, seen[0] if len(out) > 1 else None)


def _attended(layer: Any, shape: Shape, seen: Sequence[Seen], out: Shape) -> Cost:
    tokens, channels = shape
    return Cost(4 * tokens * channels**2 + 2 * tokens**2 * channels, None)


def _transposed(layer: Any, shape: Shape, seen: Sequence[Seen], out: Shape) -> Cost:
    return Cost(math.prod(layer.kernel.shape) * shape[0] * shape[1], UNKNOWN)


def _gated(layer: Any, shape: Shape, seen: Sequence[Seen], out: Shape) -> Cost:
    return Cost(sum(math.prod(weight.shape) for weight in layer.weights if len(weight.shape) > 1), seen[0])


def _padded(layer: Any, shape: Shape, seen: Sequence[Seen], out: Shape) -> Cost:
    sides = (
        layer.padding if isinstance(layer, layers.ZeroPadding2D) else [[-n for n in side] for side in layer.cropping]
    )
    if not isinstance(seen[0], tuple):
        return Cost(0, seen[0])
    height, width = (field.through(1, 1, side[0]) for field, side in zip(seen[0], sides, strict=True))
    return Cost(0, (height, width))


def _blurred(layer: Any, shape: Shape, seen: Sequence[Seen], out: Shape) -> Cost:
    if not isinstance(seen[0], tuple):
        return Cost(None, seen[0])
    k, before = layer.kernel_size, (layer.kernel_size - 1) // 2
    height, width = (field.through(k, layer.strides, before) for field in seen[0])
    return Cost(k * k * math.prod(out), (height, width))


def _every_few(layer: Any, shape: Shape, seen: Sequence[Seen], out: Shape) -> Cost:
    return Cost(0, slid(seen[0], shape[:2], out[:2], Window((1, 1), pair(layer.strides))))


def _highway(layer: Any, shape: Shape, seen: Sequence[Seen], out: Shape) -> Cost:
    gate = slid(seen[1], shape[:2], out[:2], Window(pair(layer.kernel_size), padding="same"))
    kernel = layer.kernel_size**2 * shape[-1] ** 2
    return Cost(kernel * out[0] * out[1], joined([seen[0], gate]))


def _whitened(layer: Any, shape: Shape, seen: Sequence[Seen], out: Shape) -> Cost:
    macs = math.prod(layer.components_.shape) * (math.prod(out[:-1]) if len(out) == 3 else 1)
    if layer.mode == "channels":
        return Cost(macs, seen[0])
    if layer.mode == "image":
        return Cost(macs, None)
    return Cost(macs, slid(seen[0], shape[:2], out[:2], Window(pair(layer.patch_size), pair(layer.strides))))


def _merged(layer: Any, shape: Shape, seen: Sequence[Seen], out: Shape) -> Cost:
    return Cost(0, joined(seen))


def _everything(layer: Any, shape: Shape, seen: Sequence[Seen], out: Shape) -> Cost:
    return Cost(0, None)


def _rearranged(layer: Any, shape: Shape, seen: Sequence[Seen], out: Shape) -> Cost:
    return Cost(0, None if len(out) == 1 else UNKNOWN)


RULES: tuple[tuple[tuple[type, ...], Callable[..., Cost]], ...] = (
    ((layers.Conv2DTranspose,), _transposed),
    (
        (layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D, layers.MaxPooling2D, layers.AveragePooling2D),
        _sliding,
    ),
    ((layers.Dense,), _dense),
    (
        (layers.GlobalMaxPooling2D, layers.GlobalAveragePooling2D, layers.GlobalAveragePooling1D, layers.Flatten),
        _everything,
    ),
    ((layers.ZeroPadding2D, layers.Cropping2D), _padded),
    ((layers.LayerNormalization, layers.RMSNormalization), _normalized),
    (
        (
            layers.BatchNormalization, layers.GroupNormalization, layers.Normalization, layers.UnitNormalization,
            layers.Activation, layers.ReLU, layers.LeakyReLU, layers.PReLU, layers.ELU, layers.Softmax,
            layers.Dropout, layers.SpatialDropout2D, layers.GaussianDropout, layers.GaussianNoise, layers.AlphaDropout,
            layers.Rescaling, layers.Identity, layers.ActivityRegularization,
            ours.PReLU, ours.RReLU, ours.StochasticDepth, ours.LocalResponseNormalization,
        ),
        _as_it_was,
    ),
    (
        (ours.PixelStandardization, ours.LayoutChange, ours.ChannelPooling, ours.Maxout, ours.ChannelShuffle,
         ours.ChannelSlice, ours.ReversedChannels),
        _as_it_was,
    ),
    ((ours.SqueezeExcitation,), _gated),
    (
        (
            ours.LayerNormalization, ours.LayerScale, ours.GlobalResponseNormalization, ours.MapToTokens,
            ours.TokensToMap, ours.ClassToken, ours.PositionEmbedding,
        ),
        _as_it_was,
    ),
    ((ours.SelfAttention,), _attended),
    ((ours.TokenPooling,), _everything),
    ((ours.HighwayGate,), _highway),
    ((ours.ParameterFreeShortcut,), _every_few),
    ((ours.BlurPooling2D,), _blurred),
    ((ours.PCAWhitening,), _whitened),
    (
        (layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum,
         layers.Concatenate),
        _merged,
    ),
    ((layers.Reshape, layers.Permute, layers.UpSampling2D), _rearranged),
)  # fmt: skip
