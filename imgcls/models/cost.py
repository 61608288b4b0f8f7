"""What a network costs, from formulas, without building it: the wiring that only counts.

For each axis with `size` positions, a kernel of `k` and a stride of `s`:

    out = floor((size + padding - k) / s) + 1

where "same" padding makes out = ceil(size / s), and puts the odd zero at the end.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Unpack

from imgcls.counted import counted
from imgcls.models.network_options import NetworkKeywords, NetworkOptions
from imgcls.models.receptive_field import ReceptiveField, Seen, joined, slid
from imgcls.models.registry import Architecture, find_architecture
from imgcls.models.wiring import GATE_KERNEL, Wiring, pair

FLOAT_BYTES = 4


@dataclass(frozen=True)
class Spot:
    """A place in the network.

    shape: (height, width, channels) or (features,). fields: None where everything is seen.
    """

    shape: tuple[int, ...]
    fields: Seen


@dataclass(frozen=True)
class Row:
    """One layer. parameters: trainable; multiply_adds: for one image, of convolutions and dense layers only; None where
    they are unknown."""

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    multiply_adds: int | None
    fields: Seen


@dataclass(frozen=True)
class Description:
    """A network at one image size. input_shape: (height, width, channels)."""

    name: str
    input_shape: tuple[int, int, int]
    rows: list[Row]

    @property
    def parameters(self) -> int:
        """Trainable numbers."""
        return sum(row.parameters for row in self.rows)

    @property
    def multiply_adds(self) -> int:
        """Of all layers where they are known."""
        return sum(row.multiply_adds or 0 for row in self.rows)

    @property
    def uncounted(self) -> list[str]:
        """The layers whose multiply-adds are unknown."""
        return [row.name for row in self.rows if row.multiply_adds is None]

    @property
    def activation_bytes(self) -> int:
        """Of the outputs of all layers for one image in float32: what training keeps for the gradient."""
        return FLOAT_BYTES * sum(math.prod(row.shape) for row in self.rows)


def describe(
    name: str,
    input_shape: tuple[int, int, int] | None = None,
    num_classes: int | None = None,
    *,
    options: NetworkOptions | None = None,
    **keywords: Unpack[NetworkKeywords],
) -> Description:
    """What `build_model` with the same arguments would build, without building it.

    Args:
        name: An architecture of `list_models()`, or a Python file that adds one.
        input_shape: (height, width, channels); by default the paper's.
        num_classes: By default the paper's.
        options: What is chosen of the network.
        **keywords: Fields of `NetworkOptions` that replace those of `options`.

    Raises:
        ValueError: For an unknown name, or a size that is too small.
        TypeError: For a keyword that is no option.

    Example:
        >>> describe("resnet50").parameters
        25557032
    """
    options = (options or NetworkOptions()).changed(**keywords)
    return described(find_architecture(name), options.to_wiring(), input_shape, num_classes)


def described(
    architecture: Architecture,
    wiring: Mapping[str, object],
    input_shape: tuple[int, int, int] | None = None,
    num_classes: int | None = None,
) -> Description:
    """An architecture with some fields of `imgcls.models.wiring.Wiring` changed; see `describe`."""
    height, width, channels = input_shape or (architecture.image_size, architecture.image_size, architecture.channels)
    net = Sketch(**{**architecture.wiring, **wiring})
    x = Spot((height, width, channels), (ReceptiveField(), ReceptiveField()))
    x = architecture.build(net, x)
    x = architecture.head(net, x) if architecture.head else net.to_vector(x, name="embedding")
    net.logits(net.dropped(x, name="dropout"), num_classes or architecture.num_classes, name="logits")
    return Description(architecture.name, (height, width, channels), net.rows)


@dataclass(frozen=True)
class Sketch(Wiring):
    """Counts one layer a call; `rows` is the table, `applied` the layers that `apply` was given."""

    rows: list[Row] = field(default_factory=list)
    applied: list = field(default_factory=list)

    def _row(self, name, kind, shape, fields, parameters=0, multiply_adds=0) -> Spot:
        if any(row.name == name for row in self.rows):
            raise ValueError(f"Two layers are called {name!r}; each needs a name of its own.")
        self.rows.append(Row(name, kind, tuple(shape), parameters, multiply_adds, fields))
        return Spot(tuple(shape), fields)

    def _slide(self, x: Spot, kernel, strides: int, padding: str, name: str) -> tuple[tuple[int, int], Seen]:
        """Height and width after a kernel slid over `x`, and what is seen."""
        self._check_map(x, name)
        sizes = []
        for size, k in zip(x.shape[:2], kernel, strict=True):
            out = -(-size // strides) if padding == "same" else (size - k) // strides + 1
            if out < 1:
                raise ValueError(
                    f"{name} slides a kernel of {k} over {counted(size, 'position')}; the images are too small for "
                    "this network. Choose a larger --image-size."
                )
            sizes.append(out)
        return tuple(sizes), slid(x.fields, x.shape[:2], sizes, kernel, pair(strides), padding)

    def _check_map(self, x: Spot, name: str) -> None:
        if len(x.shape) != 3:
            raise ValueError(f"{name} got {_shown(x)}; expected a feature map, (height, width, channels).")

    def channels(self, x: Spot) -> int:
        return x.shape[-1]

    def zero_pad(self, x, zeros, *, name):
        self._check_map(x, name)
        height, width, channels = x.shape
        shape = (height + 2 * zeros[0], width + 2 * zeros[1], channels)
        fields = x.fields
        if isinstance(fields, tuple):
            fields = tuple(seen.through(1, 1, zero) for seen, zero in zip(fields, zeros, strict=True))
        return self._row(name, "zero padding", shape, fields)

    def _conv(self, x, filters, kernel, strides, padding, groups, bias, name):
        (height, width), fields = self._slide(x, kernel, strides, padding, name)
        if x.shape[-1] % groups or filters % groups:
            raise ValueError(
                f"{name} has {groups} groups for {x.shape[-1]} channels and {filters} filters; both must "
                "be multiples of the groups."
            )
        weights = math.prod(kernel) * x.shape[-1] // groups * filters
        kind = f"convolution {kernel[0]}x{kernel[1]}" + (f" in {groups} groups" if groups > 1 else "")
        shape = (height, width, filters)
        return self._row(name, kind, shape, fields, weights + bias * filters, weights * height * width)

    def _depthwise(self, x, kernel, strides, padding, bias, name):
        (height, width), fields = self._slide(x, kernel, strides, padding, name)
        weights = math.prod(kernel) * x.shape[-1]
        kind = f"depthwise convolution {kernel[0]}x{kernel[1]}"
        shape = (height, width, x.shape[-1])
        return self._row(name, kind, shape, fields, weights + bias * x.shape[-1], weights * height * width)

    def _pool(self, x, kind, size, strides, padding, name):
        (height, width), fields = self._slide(x, (size, size), strides, padding, name)
        return self._row(name, f"{kind} pooling {size}x{size}", (height, width, x.shape[-1]), fields)

    def _act(self, x, activation, name):
        learned = x.shape[-1] if activation == "prelu" else 0  # one slope a channel
        return self._row(name, activation, x.shape, x.fields, learned)

    def _norm(self, x, name):
        return self._row(name, f"{self.normalization} normalisation", x.shape, x.fields, self._scales() * x.shape[-1])

    def _scales(self) -> int:
        return 1 + self.norm_scale

    def _dropout(self, x, rate, name):
        return self._row(name, "dropout", x.shape, x.fields)

    def _stochastic_depth(self, x, rate, name):
        return self._row(name, "stochastic depth", x.shape, x.fields)

    def dense(self, x, units, *, name, bias=True):
        if len(x.shape) != 1:
            raise ValueError(
                f"{name} got a feature map, {_shown(x)}; expected a vector, as net.flatten and "
                "net.global_pool give one."
            )
        weights = x.shape[-1] * units
        return self._row(name, "dense", (units,), None, weights + bias * units, weights)

    def flatten(self, x, *, name):
        return self._row(name, "flatten", (math.prod(x.shape),), None)

    def global_pool(self, x, kind, *, name):
        self._check_map(x, name)
        return self._row(name, f"global {kind} pooling", x.shape[-1:], None)

    def add(self, x, other, *, name):
        if x.shape != other.shape:
            raise ValueError(f"{name} adds {_shown(x)} and {_shown(other)}; expected equal shapes.")
        return self._row(name, "sum", x.shape, joined([x.fields, other.fields]))

    def scale(self, x, factor, *, name):
        return self._row(name, f"times {factor}", x.shape, x.fields)

    def concat(self, branches: Sequence[Spot], *, name):
        if len({branch.shape[:-1] for branch in branches}) != 1:
            shapes = " and ".join(_shown(branch) for branch in branches)
            raise ValueError(f"{name} joins {shapes}; expected equal heights and widths.")
        shape = (*branches[0].shape[:-1], sum(branch.shape[-1] for branch in branches))
        return self._row(name, "concatenation", shape, joined([branch.fields for branch in branches]))

    def squeeze_excite(self, x, reduced, *, name, activation="relu", gate="sigmoid"):
        channels = x.shape[-1]
        weights = 2 * channels * reduced
        return self._row(name, "squeeze, excite", x.shape, x.fields, weights + channels + reduced, weights)

    def local_response_norm(self, x, *, name, radius, bias, alpha, beta):
        return self._row(name, "local response norm.", x.shape, x.fields)

    def parameter_free_shortcut(self, x, filters, strides, *, name):
        (height, width), fields = self._slide(x, (1, 1), strides, "valid", name)
        return self._row(name, "shortcut", (height, width, filters), fields)

    def highway_gate(self, transformed, x, *, name):
        (height, width), seen = self._slide(x, pair(GATE_KERNEL), 1, "same", name)
        channels = x.shape[-1]
        weights = GATE_KERNEL**2 * channels**2
        fields = joined([transformed.fields, seen])
        return self._row(name, "highway gate", x.shape, fields, weights + channels, weights * height * width)

    def oriented_gradients(self, x, *, name):
        cells = [size // 8 for size in x.shape[:2]]  # 9 orientations, cells of 8x8 pixels, blocks of 3x3 cells
        if min(cells) < 3:
            raise ValueError(f"{name} needs 24x24 pixels at the least, not {x.shape[0]}x{x.shape[1]}.")
        return self._row(name, "oriented gradients", ((cells[0] - 2) * (cells[1] - 2) * 81,), None)

    def auxiliary(self, logits, others, weight, *, name):
        return self._row(name, "auxiliary heads", logits.shape, None)

    def logits(self, x, num_classes, *, name):
        return self.dense(x, num_classes, name=name)

    def apply(self, layer, x):
        from imgcls.models.layer_cost import cost_of, shape_after  # import Keras, as whoever made the layer has

        inputs = list(x) if isinstance(x, list | tuple) else [x]
        shapes = [spot.shape for spot in inputs]
        shape = shape_after(layer, shapes if isinstance(x, list | tuple) else shapes[0])
        cost = cost_of(layer, shapes, [spot.fields for spot in inputs], shape)
        self.applied.append(layer)
        times = sum(other is layer for other in self.applied)
        parameters = sum(math.prod(weight.shape) for weight in layer.trainable_weights) if times == 1 else 0
        name = layer.name if times == 1 else f"{layer.name} ({times})"  # the same weights once more
        return self._row(name, type(layer).__name__, shape, cost.fields, parameters, cost.multiply_adds)


def _shown(spot: Spot) -> str:
    return "x".join(map(str, spot.shape))
