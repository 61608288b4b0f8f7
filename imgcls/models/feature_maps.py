"""The feature maps of a classifier that was built, and what each of their positions sees."""

import math
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from imgcls import layers as ours
from imgcls.data_format import CHANNELS_LAST
from imgcls.framework_internals import graph_nodes
from imgcls.layers import MapToTokens, SelfAttention, TokenPooling
from imgcls.models.layer_cost import cost_of
from imgcls.models.receptive_field import ReceptiveField, Seen
from imgcls.models.recursion import deep_networks

PASSED_OVER = (  # what only reduces, drops or rearranges a map, so that the map before it says more
    layers.MaxPooling2D, layers.AveragePooling2D, layers.Dropout, layers.SpatialDropout2D, layers.ZeroPadding2D,
    layers.Cropping2D, layers.Rescaling, layers.Permute, layers.Identity, ours.CeilMaxPooling2D, ours.ChannelShuffle,
    ours.ChannelSlice,
)  # fmt: skip


Grid = tuple[int, int]  # height and width, in positions


@dataclass(frozen=True)
class FeatureMap:
    """The output of a layer that still has height and width: a map, or tokens of which the last ones are a map's.

    Attributes:
        name: Of the layer.
        kind: Its class, such as "Conv2D".
        shape: (height, width, channels).
        fields: The receptive fields of its first position; see `imgcls.models.cost.SymbolicTensor`.
        prefix: Tokens before those of the patches, such as the class token; None where the output is a map itself.
    """

    name: str
    kind: str
    shape: tuple[int, int, int]
    fields: Seen
    prefix: int | None = None

    @property
    def units(self) -> int:
        """The number of its channels."""
        return self.shape[2]

    def window(self, row: int, column: int, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """The pixels that a position sees: left, top, right and bottom, the last two not included.

        It reaches over the border of the image where the network sees padding; all of the image where the network sees
        all, and where nothing is known.

        Args:
            row: Of the position.
            column: Of the position.
            size: Height and width of the image.
        """
        if not isinstance(self.fields, tuple):
            return 0, 0, size[1], size[0]
        height, width = self.fields
        left, top = width.first + column * width.stride, height.first + row * height.stride
        return left, top, left + width.size, top + height.size


@deep_networks()
def feature_maps(model: keras.Model) -> list[FeatureMap]:
    """The feature maps between the pixels and the logits, in the order in which they are computed.

    Args:
        model: A classifier in channels_last, as `imgcls.models.classifier.in_channels_last` gives it.

    Raises:
        ValueError: The model is in channels_first.
    """
    if model.get_layer("standardization").data_format != CHANNELS_LAST:
        raise ValueError("The model is in channels_first; expected channels_last, as `in_channels_last` gives it.")
    part = keras.Model(model.input, model.get_layer("logits").output)
    seen: dict[int, Seen] = {id(part.inputs[0]): (ReceptiveField(), ReceptiveField())}
    grids: dict[int, Grid] = {}
    found: dict[str, FeatureMap] = {}
    for node in graph_nodes(part):
        if not node.input_tensors:
            continue
        fields, grid = _seen_after(node, seen), _grid_after(node, grids)
        for tensor in node.outputs:
            seen[id(tensor)] = fields
            grids.update({id(tensor): grid} if grid else {})
        shape, name = tuple(node.outputs[0].shape[1:]), node.operation.name
        if grid:
            prefix = shape[0] - math.prod(grid)
            found.setdefault(name, FeatureMap(name, type(node.operation).__name__, (*grid, shape[1]), fields, prefix))
        elif len(shape) == 3 and None not in shape and name != "standardization":
            found.setdefault(name, FeatureMap(name, type(node.operation).__name__, shape, fields))
    return list(found.values())


def _grid_after(node: Any, grids: dict[int, Grid]) -> Grid | None:
    """Height and width of the map that the last tokens of a layer's output are; None for an output of another kind."""
    tensor, shape = node.input_tensors[0], tuple(node.outputs[0].shape[1:])
    if isinstance(node.operation, MapToTokens):
        return (tensor.shape[1], tensor.shape[2]) if None not in shape else None
    grid = grids.get(id(tensor))
    return grid if grid and len(shape) == 2 and shape[0] >= math.prod(grid) else None


def _seen_after(node: Any, seen: dict[int, Seen]) -> Seen:
    shapes = [tuple(tensor.shape[1:]) for tensor in node.input_tensors]
    out = tuple(node.outputs[0].shape[1:])
    return cost_of(node.operation, shapes, [seen[id(tensor)] for tensor in node.input_tensors], out).fields


@deep_networks()
def last_feature_map(model: keras.Model) -> FeatureMap | None:
    """The map that says where the network sees what it answers by; None for a network without one.

    It is the last one before height and width are gone, without the pooling behind it. A map of one position has no
    place to show, so an earlier one is taken then. Where a class token answers, the patch tokens count up to the last
    attention, which reads them: the map is the one that goes into it.

    Args:
        model: A classifier in channels_last.
    """
    kinds = {each.__name__ for each in PASSED_OVER}
    maps = [each for each in _that_count(model) if min(each.shape[:2]) > 1 and each.kind not in kinds]
    return maps[-1] if maps else None


def _that_count(model: keras.Model) -> list[FeatureMap]:
    """The maps whose positions the answer depends on."""
    maps = feature_maps(model)
    by_class_token = any(isinstance(layer, TokenPooling) and layer.mode == "token" for layer in model.layers)
    attention = [place for place, each in enumerate(maps) if each.kind == SelfAttention.__name__]
    return maps[: attention[-1]] if by_class_token and attention else maps
