"""How a network goes over a photo of any size: in one pass, or window by window."""

from dataclasses import dataclass
from typing import Any, Literal

import keras
from keras import layers

from imgcls import layers as ours
from imgcls.explain.network import Network
from imgcls.framework_internals import graph_nodes, producer
from imgcls.models.receptive_field import Fields
from imgcls.models.recursion import deep_networks

Way = Literal["one pass", "windows"]
ONE_PASS: Way = "one pass"
WINDOWS: Way = "windows"
OPENINGS = {  # what ends the feature maps, and what it becomes over a larger map
    layers.GlobalAveragePooling2D: "global average pooling becomes average pooling",
    layers.GlobalMaxPooling2D: "global max pooling becomes max pooling",
    layers.Flatten: "the dense layer behind Flatten becomes a convolution",
}
OF_ALL_POSITIONS = {  # layers whose answer at a position depends on all of the image, and what it depends on
    ours.SqueezeExcitation: "gates of averages over the whole image",
    ours.GlobalResponseNormalization: "norms of channels over the whole image",
    layers.GroupNormalization: "statistics of the whole image",
    layers.LayerNormalization: "statistics of the whole image",
}


@dataclass(frozen=True)
class SlidingPlan:
    """How a network goes over a photo.

    Attributes:
        way: "one pass": every layer slides over the whole photo, so that neighboring windows share their work.
            "windows": each window is cut out and classified by itself.
        why: The reason, as a sentence.
        window: Height and width of the pixels that one answer is about.
        stride: Pixels from one answer to the next, down and to the right; the closest that there are.
        positions: Height and width of the last feature map of one window; (1, 1) for windows.
        fields: What the first position of that map sees, along height and width; None for windows.
    """

    way: Way
    why: str
    window: tuple[int, int]
    stride: tuple[int, int]
    positions: tuple[int, int] = (1, 1)
    fields: Fields | None = None


@deep_networks()
def sliding_plan(network: Network) -> SlidingPlan:
    """Which way a network goes over a photo, and why.

    One pass is possible where each layer up to the last feature map looks at a neighborhood, and where pooling or
    `Flatten` ends the maps. Squeeze-and-excitation and group normalization look at all of the image: in a larger one
    they would answer by what stands elsewhere in it, so their networks are given windows.

    Args:
        network: The classifier.

    Reference:
        Sermanet et al., OverFeat, 2013, section 3.5, and Long et al., Fully Convolutional Networks for Semantic
        Segmentation, 2015, section 3.1, for dense layers as convolutions.

    Example:
        >>> from imgcls.models import build_model
        >>> plan = sliding_plan(Network(build_model("lenet5", num_classes=10)))
        >>> plan.way, plan.stride
        ('one pass', (4, 4))
    """
    nodes = classifying_nodes(network)
    openings = head_openings(nodes)
    why_not = _obstacle(network, nodes, openings)
    if why_not:
        return SlidingPlan(WINDOWS, f"{network.name} is given windows: {why_not}.", network.size, _steps(network))
    ends = _map_before(network, openings[0])
    fields, (rows, columns, _) = ends.fields, ends.shape
    why = (
        f"{network.name} goes over the photo in one pass: every layer up to {ends.name} slides, and "
        f"{OPENINGS[type(openings[0].operation)]} over the {rows}x{columns} positions of a window."
    )
    stride = (fields[0].stride, fields[1].stride)
    return SlidingPlan(ONE_PASS, why, network.size, stride, (rows, columns), fields)


def as_windows(plan: SlidingPlan, share: float) -> SlidingPlan:
    """The same network window by window.

    Args:
        plan: Of either way.
        share: Of the window's height and width from one window to the next.
    """
    stride = (max(1, round(plan.window[0] * share)), max(1, round(plan.window[1] * share)))
    why = plan.why if plan.way == WINDOWS else "Each window is classified by itself, as was asked for."
    return SlidingPlan(WINDOWS, why, plan.window, stride)


def classifying_nodes(network: Network) -> list[Any]:
    """The calls of layers from the pixels to the logits, each after those that it depends on."""
    part = keras.Model(network.model.input, network.model.get_layer("logits").output)
    return [node for node in graph_nodes(part) if node.input_tensors]


def head_openings(nodes: list[Any]) -> list[Any]:
    """Those among them that make vectors of maps."""
    return [node for node in nodes if _rank(node.input_tensors[0]) == 4 and _rank(node.outputs[0]) == 2]


def _rank(tensor: keras.KerasTensor) -> int:
    return len(tensor.shape)


def _steps(network: Network) -> tuple[int, int]:
    return max(1, network.size[0] // 4), max(1, network.size[1] // 4)


def _obstacle(network: Network, nodes: list[Any], openings: list[Any]) -> str:
    """Why the network cannot go over a larger photo in one pass, as a clause; empty if it can."""
    if not network.maps:
        return "it has no layer whose output has height and width"
    for node in nodes:
        if _rank(node.outputs[0]) == 4:
            reason = _needs_all(node.operation)
            if reason:
                return f"{node.operation.name} has {reason}, which are others in a larger image"
    for each in network.maps:
        if not isinstance(each.fields, tuple):
            sees = "sees the whole image at once" if each.fields is None else "computes what is not known here"
            return f"{each.name} ({each.kind}) {sees}"
    for node in openings:
        if type(node.operation) not in OPENINGS:
            return f"{node.operation.name} ({type(node.operation).__name__}) takes maps of one size only"
    before = {_map_before(network, node) for node in openings}
    if not before or None in before:
        return "nothing between its pixels and its dense layers slides"
    names = [node.operation.name for node in nodes]
    twice = next((name for name in names if names.count(name) > 1), "")
    if twice:
        return f"its layer {twice} is called more than once"
    return "its answer is made of more than one feature map" if len(before) > 1 else ""


def _needs_all(layer: Any) -> str:
    """What in a layer depends on the size of the image; empty if nothing does."""
    for kind, reason in OF_ALL_POSITIONS.items():
        if isinstance(layer, kind) and not (kind is layers.LayerNormalization and _over_channels(layer)):
            return reason
    if isinstance(layer, layers.PReLU) and max(layer.alpha.shape[:2]) > 1:
        return "slopes for each place of the image"
    if isinstance(layer, keras.Sequential):
        return next((reason for part in layer.layers if (reason := _needs_all(part))), "")
    return ""


def _over_channels(layer: Any) -> bool:
    axes = [layer.axis] if isinstance(layer.axis, int) else list(layer.axis)
    return axes in ([-1], [3])


def _map_before(network: Network, node: Any) -> Any:
    """The feature map that goes into a node; None where these are the pixels."""
    name = producer(node.input_tensors[0])[0].name
    return next((each for each in network.maps if each.name == name), None)
