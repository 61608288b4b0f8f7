"""What a network costs, from formulas, without building it: the wiring that only counts.

MACs are multiply-accumulate operations, each a multiplication and an addition: 1 MAC is 2 FLOPs.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Unpack

from typing_extensions import override

from imgcls.counted import counted
from imgcls.data_format import CHANNELS_LAST
from imgcls.models.network_options import NetworkKeywords, NetworkOptions
from imgcls.models.receptive_field import ReceptiveField, Seen, joined, slid
from imgcls.models.registry import Architecture, find_architecture
from imgcls.models.window import Window, pair
from imgcls.models.wiring import GATE_KERNEL, Sides, Wiring, sides

FLOAT_BYTES = 4


@dataclass(frozen=True)
class SymbolicTensor:
    """What the wiring of costs has in place of a tensor.

    Attributes:
        shape: (height, width, channels), (tokens, channels) or (features,), without the batch.
        fields: The receptive fields of its first position along height and width; None where it sees everything.
    """

    shape: tuple[int, ...]
    fields: Seen


@dataclass(frozen=True)
class LayerCost:
    """One layer of a network.

    Attributes:
        name: Of the layer.
        kind: What it computes, in words.
        shape: Of its output, (height, width, channels), (tokens, channels) or (features,).
        parameters: Trainable numbers.
        macs: MACs for one image, of convolutions and dense layers only; None where they are unknown.
        fields: The receptive fields of its output; see `SymbolicTensor`.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    macs: int | None
    fields: Seen


@dataclass(frozen=True)
class NetworkCost:
    """A network at one image size.

    Attributes:
        name: Of the architecture.
        input_shape: (height, width, channels).
        layers: All layers, in order.
    """

    name: str
    input_shape: tuple[int, int, int]
    layers: list[LayerCost]

    @property
    def parameters(self) -> int:
        """Trainable numbers."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def macs(self) -> int:
        """MACs for one image, of all layers where they are known."""
        return sum(layer.macs or 0 for layer in self.layers)

    @property
    def flops(self) -> int:
        """FLOPs for one image, two for each MAC."""
        return 2 * self.macs

    @property
    def uncounted(self) -> list[str]:
        """The names of the layers whose MACs are unknown."""
        return [layer.name for layer in self.layers if layer.macs is None]

    @property
    def activation_bytes(self) -> int:
        """Of the outputs of all layers for one image in float32: what training keeps for the gradient."""
        return FLOAT_BYTES * sum(math.prod(layer.shape) for layer in self.layers)


def describe(
    name: str,
    input_shape: tuple[int, int, int] | None = None,
    num_classes: int | None = None,
    *,
    options: NetworkOptions | None = None,
    **keywords: Unpack[NetworkKeywords],
) -> NetworkCost:
    """What the network that `build_model` makes of the same arguments costs, without building it.

    Args:
        name: An architecture of `list_models()`, or a Python file that adds one.
        input_shape: (height, width, channels); by default the paper's.
        num_classes: By default the paper's.
        options: What is chosen of the network.
        **keywords: Fields of `NetworkOptions` that replace those of `options`.

    Returns:
        The cost of each layer and of all together.

    Raises:
        ValueError: For an unknown name, or a size that is too small.
        TypeError: For a keyword that is no option.

    Example:
        >>> describe("resnet50").parameters
        25557032
        >>> describe("resnet20", (32, 32, 3), 10).macs
        40551040
    """
    options = (options or NetworkOptions()).changed(**keywords)
    return cost_of_network(find_architecture(name), options.to_wiring(), input_shape, num_classes)


def cost_of_network(
    architecture: Architecture,
    wiring: Mapping[str, Any],
    input_shape: tuple[int, int, int] | None = None,
    num_classes: int | None = None,
) -> NetworkCost:
    """An architecture with some fields of `imgcls.models.wiring.Wiring` changed; see `describe`."""
    if wiring.get("pooling") == "none":  # a classifier takes a vector
        wiring = {name: value for name, value in wiring.items() if name != "pooling"}
    height, width, channels = input_shape or (architecture.image_size, architecture.image_size, architecture.channels)
    net = CostWiring(**{**architecture.wiring, **wiring, "data_format": CHANNELS_LAST})
    x = SymbolicTensor((height, width, channels), (ReceptiveField(), ReceptiveField()))
    x = architecture.build(net, x)
    x = architecture.head(net, x) if architecture.head else net.to_vector(x, name="embedding")
    net.logits(net.dropped(x, name="dropout"), num_classes or architecture.num_classes, name="logits")
    return NetworkCost(architecture.name, (height, width, channels), net.layers)


@dataclass(frozen=True)
class CostWiring(Wiring[SymbolicTensor]):
    """Counts one layer a call.

    Attributes:
        layers: The costs of all layers so far.
        names: Of the same.
        applied: The Keras layers that `apply` was given.
    """

    layers: list[LayerCost] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    applied: list[Any] = field(default_factory=list)

    def _layer(
        self, name: str, kind: str, shape: Sequence[int], fields: Seen, parameters: int = 0, macs: int | None = 0
    ) -> SymbolicTensor:
        if name in self.names:
            raise ValueError(f"Two layers are called {name!r}; each needs a name of its own.")
        self.names.add(name)
        self.layers.append(LayerCost(name, kind, tuple(shape), parameters, macs, fields))
        return SymbolicTensor(tuple(shape), fields)

    def _slide(self, x: SymbolicTensor, window: Window, name: str) -> tuple[tuple[int, int], Seen]:
        """Height and width after a window slid over `x`, and what is seen."""
        self._check_map(x, name)
        sizes = window.positions((x.shape[0], x.shape[1]))
        for size, k, out in zip(x.shape[:2], window.kernel, sizes, strict=True):
            if out < 1:
                raise ValueError(
                    f"{name} slides a kernel of {k} over {counted(size, 'position')}; the images are too small for "
                    "this network. Choose a larger --image-size."
                )
        return sizes, slid(x.fields, x.shape[:2], sizes, window)

    def _check_map(self, x: SymbolicTensor, name: str) -> None:
        if len(x.shape) != 3:
            raise ValueError(f"{name} got {_shown(x)}; expected a feature map, (height, width, channels).")

    def _check_tokens(self, x: SymbolicTensor, name: str) -> None:
        if len(x.shape) != 2:
            raise ValueError(f"{name} got {_shown(x)}; expected tokens, (tokens, channels), as net.tokens gives them.")

    @override
    def channels(self, x: SymbolicTensor) -> int:
        return x.shape[-1]

    @override
    def size(self, x: SymbolicTensor) -> tuple[int, int]:
        return x.shape[0], x.shape[1]

    @override
    def zero_pad(self, x: SymbolicTensor, zeros: tuple[int, int] | Sides, *, name: str) -> SymbolicTensor:
        return self._padded(x, sides(zeros), "zero padding", name)

    @override
    def crop(self, x: SymbolicTensor, cut: Sides, *, name: str) -> SymbolicTensor:
        (top, bottom), (left, right) = cut
        return self._padded(x, ((-top, -bottom), (-left, -right)), "cropping", name)

    def _padded(self, x: SymbolicTensor, added: Sides, kind: str, name: str) -> SymbolicTensor:
        self._check_map(x, name)
        (top, bottom), (left, right) = added
        height, width, channels = x.shape
        fields = x.fields
        if isinstance(fields, tuple):
            fields = fields[0].through(1, 1, top), fields[1].through(1, 1, left)
        return self._layer(name, kind, (height + top + bottom, width + left + right, channels), fields)

    @override
    def _channel_slice(self, x: SymbolicTensor, start: int, count: int, *, name: str) -> SymbolicTensor:
        if start + count > x.shape[-1]:
            raise ValueError(f"{name} takes channel {start + count} of {x.shape[-1]}.")
        return self._layer(name, "channel slice", (*x.shape[:-1], count), x.fields)

    @override
    def channel_shuffle(self, x: SymbolicTensor, groups: int, *, name: str) -> SymbolicTensor:
        if x.shape[-1] % groups:
            raise ValueError(f"{name} has {groups} groups for {x.shape[-1]} channels; expected a divisor of them.")
        return self._layer(name, "channel shuffle", x.shape, x.fields)

    @override
    def _conv(
        self, x: SymbolicTensor, filters: int, window: Window, *, groups: int, bias: bool, name: str
    ) -> SymbolicTensor:
        (height, width), fields = self._slide(x, window, name)
        if x.shape[-1] % groups or filters % groups:
            raise ValueError(
                f"{name} has {groups} groups for {x.shape[-1]} channels and {filters} filters; both must "
                "be multiples of the groups."
            )
        weights = math.prod(window.kernel) * x.shape[-1] // groups * filters
        kind = f"convolution {_size(window)}" + (f" in {groups} groups" if groups > 1 else "")
        shape = (height, width, filters)
        return self._layer(name, kind, shape, fields, weights + bias * filters, weights * height * width)

    @override
    def _depthwise(self, x: SymbolicTensor, window: Window, *, bias: bool, name: str) -> SymbolicTensor:
        (height, width), fields = self._slide(x, window, name)
        channels = x.shape[-1]
        weights = math.prod(window.kernel) * channels
        kind, shape = f"depthwise convolution {_size(window)}", (height, width, channels)
        return self._layer(name, kind, shape, fields, weights + bias * channels, weights * height * width)

    @override
    def _pool(self, x: SymbolicTensor, kind: str, window: Window, *, name: str) -> SymbolicTensor:
        sizes, fields = self._slide(x, window, name)
        return self._layer(name, f"{kind} pooling {_size(window)}", (*sizes, x.shape[-1]), fields)

    @override
    def _act(self, x: SymbolicTensor, activation: str, *, name: str) -> SymbolicTensor:
        learned = x.shape[-1] if activation == "prelu" else 0  # one slope a channel
        return self._layer(name, activation, x.shape, x.fields, learned)

    @override
    def _norm(self, x: SymbolicTensor, *, name: str) -> SymbolicTensor:
        scale_and_shift = (1 + self.norm_scale) * x.shape[-1]
        return self._layer(name, f"{self.normalization} normalisation", x.shape, x.fields, scale_and_shift)

    @override
    def _dropout(self, x: SymbolicTensor, rate: float, *, name: str) -> SymbolicTensor:
        return self._layer(name, "dropout", x.shape, x.fields)

    @override
    def _stochastic_depth(self, x: SymbolicTensor, rate: float, *, name: str) -> SymbolicTensor:
        return self._layer(name, "stochastic depth", x.shape, x.fields)

    @override
    def dense(self, x: SymbolicTensor, units: int, *, name: str, bias: bool = True) -> SymbolicTensor:
        if len(x.shape) > 2:
            raise ValueError(
                f"{name} got a feature map, {_shown(x)}; expected a vector, as net.flatten and "
                "net.global_pool give one, or tokens."
            )
        weights, tokens = x.shape[-1] * units, x.shape[:-1]
        fields = x.fields if tokens else None
        return self._layer(name, "dense", (*tokens, units), fields, weights + bias * units, weights * math.prod(tokens))

    @override
    def flatten(self, x: SymbolicTensor, *, name: str) -> SymbolicTensor:
        return self._layer(name, "flatten", (math.prod(x.shape),), None)

    @override
    def global_pool(self, x: SymbolicTensor, kind: str, *, name: str) -> SymbolicTensor:
        self._check_map(x, name)
        return self._layer(name, f"global {kind} pooling", x.shape[-1:], None)

    @override
    def add(self, x: SymbolicTensor, other: SymbolicTensor, *, name: str) -> SymbolicTensor:
        if x.shape != other.shape:
            raise ValueError(f"{name} adds {_shown(x)} and {_shown(other)}; expected equal shapes.")
        return self._layer(name, "sum", x.shape, joined([x.fields, other.fields]))

    @override
    def scale(self, x: SymbolicTensor, factor: float, *, name: str) -> SymbolicTensor:
        return self._layer(name, f"times {factor}", x.shape, x.fields)

    @override
    def concat(self, branches: Sequence[SymbolicTensor], *, name: str) -> SymbolicTensor:
        if len({branch.shape[:-1] for branch in branches}) != 1:
            shapes = " and ".join(_shown(branch) for branch in branches)
            raise ValueError(f"{name} joins {shapes}; expected equal heights and widths.")
        shape = (*branches[0].shape[:-1], sum(branch.shape[-1] for branch in branches))
        return self._layer(name, "concatenation", shape, joined([branch.fields for branch in branches]))

    @override
    def squeeze_excite(
        self, x: SymbolicTensor, reduced: int, *, name: str, activation: str = "relu", gate: str = "sigmoid"
    ) -> SymbolicTensor:
        channels = x.shape[-1]
        weights = 2 * channels * reduced
        return self._layer(name, "squeeze, excite", x.shape, x.fields, weights + channels + reduced, weights)

    @override
    def local_response_norm(
        self, x: SymbolicTensor, *, name: str, radius: int, bias: float, alpha: float, beta: float
    ) -> SymbolicTensor:
        return self._layer(name, "local response norm.", x.shape, x.fields)

    @override
    def parameter_free_shortcut(self, x: SymbolicTensor, filters: int, strides: int, *, name: str) -> SymbolicTensor:
        sizes, fields = self._slide(x, Window((1, 1), pair(strides)), name)
        return self._layer(name, "shortcut", (*sizes, filters), fields)

    @override
    def highway_gate(self, transformed: SymbolicTensor, x: SymbolicTensor, *, name: str) -> SymbolicTensor:
        (height, width), seen = self._slide(x, Window(pair(GATE_KERNEL), padding="same"), name)
        channels = x.shape[-1]
        weights = GATE_KERNEL**2 * channels**2
        fields = joined([transformed.fields, seen])
        return self._layer(name, "highway gate", x.shape, fields, weights + channels, weights * height * width)

    @override
    def oriented_gradients(self, x: SymbolicTensor, *, name: str) -> SymbolicTensor:
        cells = [size // 8 for size in x.shape[:2]]  # 9 orientations, cells of 8x8 pixels, blocks of 3x3 cells
        if min(cells) < 3:
            raise ValueError(f"{name} needs 24x24 pixels at the least, not {x.shape[0]}x{x.shape[1]}.")
        return self._layer(name, "oriented gradients", ((cells[0] - 2) * (cells[1] - 2) * 81,), None)

    @override
    def pointwise(self, x: SymbolicTensor, filters: int, *, name: str) -> SymbolicTensor:
        return self._conv(x, filters, Window((1, 1)), groups=1, bias=True, name=name)

    @override
    def global_response_norm(self, x: SymbolicTensor, *, name: str) -> SymbolicTensor:
        self._check_map(x, name)
        return self._layer(name, "global response norm.", x.shape, x.fields, 2 * x.shape[-1])

    @override
    def layer_scale(self, x: SymbolicTensor, initial_value: float, *, name: str) -> SymbolicTensor:
        return self._layer(name, "layer scale", x.shape, x.fields, x.shape[-1])

    @override
    def tokens(self, x: SymbolicTensor, *, name: str) -> SymbolicTensor:
        self._check_map(x, name)
        height, width, channels = x.shape
        return self._layer(name, "tokens", (height * width, channels), x.fields)

    @override
    def tokens_to_map(self, x: SymbolicTensor, grid: tuple[int, int], *, name: str) -> SymbolicTensor:
        self._check_tokens(x, name)
        return self._layer(name, "map of tokens", (*grid, x.shape[-1]), x.fields)

    @override
    def class_token(self, x: SymbolicTensor, registers: int = 0, *, name: str) -> SymbolicTensor:
        self._check_tokens(x, name)
        tokens, channels = x.shape
        added = 1 + registers
        kind = "class token" + (f", {counted(registers, 'register')}" if registers else "")
        return self._layer(name, kind, (added + tokens, channels), x.fields, added * channels)

    @override
    def position_embedding(self, x: SymbolicTensor, grid: tuple[int, int], *, name: str) -> SymbolicTensor:
        self._check_tokens(x, name)
        return self._layer(name, "position embedding", x.shape, x.fields, math.prod(x.shape))

    @override
    def self_attention(self, x: SymbolicTensor, heads: int, *, name: str) -> SymbolicTensor:
        self._check_tokens(x, name)
        tokens, channels = x.shape
        if channels % heads:
            raise ValueError(f"{name} has {heads} heads for {channels} channels; expected a divisor of them.")
        weights = 4 * channels**2  # query, key, value, and the projection
        macs = tokens * weights + 2 * tokens**2 * channels  # scores, and the mixture of the values
        return self._layer(
            name, f"self-attention, {counted(heads, 'head')}", x.shape, None, weights + 4 * channels, macs
        )

    @override
    def token_pool(self, x: SymbolicTensor, kind: str, prefix: int, *, name: str) -> SymbolicTensor:
        self._check_tokens(x, name)
        what = "class token" if kind == "token" else f"{kind} of the patch tokens"
        return self._layer(name, what, x.shape[-1:], None)

    @override
    def auxiliary(
        self, logits: SymbolicTensor, others: Sequence[SymbolicTensor], weight: float, *, name: str
    ) -> SymbolicTensor:
        return self._layer(name, "auxiliary heads", logits.shape, None)

    @override
    def logits(self, x: SymbolicTensor, num_classes: int, *, name: str) -> SymbolicTensor:
        return self.dense(x, num_classes, name=name)

    @override
    def apply(self, layer: Any, x: SymbolicTensor | Sequence[SymbolicTensor]) -> SymbolicTensor:
        from imgcls.models.layer_cost import cost_of, shape_after  # import Keras, as whoever made the layer has

        inputs = [x] if isinstance(x, SymbolicTensor) else list(x)
        shapes = [tensor.shape for tensor in inputs]
        shape = shape_after(layer, shapes[0] if isinstance(x, SymbolicTensor) else shapes)
        cost = cost_of(layer, shapes, [tensor.fields for tensor in inputs], shape)
        self.applied.append(layer)
        times = sum(other is layer for other in self.applied)
        parameters = sum(math.prod(weight.shape) for weight in layer.trainable_weights) if times == 1 else 0
        name = layer.name if times == 1 else f"{layer.name} ({times})"  # the same weights once more
        return self._layer(name, type(layer).__name__, shape, cost.fields, parameters, cost.macs)

    @override
    def keras_model(self, model: Any, x: SymbolicTensor) -> SymbolicTensor:
        from imgcls.models.layer_cost import costs_of_model  # imports Keras, as whoever made the model has

        for layer, shape, cost in costs_of_model(model, x.shape, x.fields):
            parameters = sum(math.prod(weight.shape) for weight in layer.trainable_weights)
            x = self._layer(layer.name, type(layer).__name__, shape, cost.fields, parameters, cost.macs)
        return x


def _size(window: Window) -> str:
    return "x".join(map(str, window.kernel))


def _shown(x: SymbolicTensor) -> str:
    return "x".join(map(str, x.shape))
