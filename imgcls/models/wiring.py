"""The operations that architectures are written with, and the settings that all networks share.

There are two wirings: `KerasWiring` makes Keras layers, `CostWiring` counts what they would cost. An architecture does
not know which one it has: it calls the methods of `Wiring` on `x` and gets back what comes next.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from imgcls.models.window import Window, pair
from imgcls.nearest_name import nearest_name

NORMALIZATIONS = ("batch", "group", "layer", "channel", "none")
POOLINGS = ("average", "max", "token", "none")
GATE_KERNEL = 3  # pixels, of a highway gate

Tensor = TypeVar("Tensor")  # what a wiring's operations take and return
KernelSize = int | tuple[int, int]  # square, or (height, width)
Padding = str | int | tuple[int, int]  # "same", "valid", or zeros on each side
Sides = tuple[tuple[int, int], tuple[int, int]]  # (top, bottom), (left, right)


@dataclass(frozen=True)
class Wiring(ABC, Generic[Tensor]):
    """The operations of one network, with the settings that they have in common.

    Each operation takes `x` (B, H, W, C, or B, C, H, W in channels_first) and returns the next one. Its keyword `name`
    is the name of the layer.

    Attributes:
        data_format: Layout, "channels_last" or "channels_first".
        activation: Where the architecture names no other.
        every_activation: Replaces all activations, named or not.
        normalization: "batch", "group" (32 groups), "layer" (one group), "channel" (layer normalization over the
            channels of each position, as transformers and ConvNeXt have it), or "none", where convolutions get a bias.
        norm_epsilon: Of every normalization.
        norm_momentum: Of every batch normalization.
        norm_scale: Whether a normalization has a scale besides the shift.
        padding: Of strided layers with padding "same": "same" pads as TensorFlow does, more at the end; "symmetric"
            pads as PyTorch does.
        dropout: Dropout rate in [0, 1) before the classifier and where the architecture has dropout of its own.
        drop_path: Drop path rate (stochastic depth) in [0, 1) of the last residual branch; earlier ones have less.
        initializer: Kernel initializer, by a name that `imgcls.layers.initializer` knows. he_uniform has the variance
            of he_normal and is drawn six times faster, which is half of the time to build a large network.
        regularizer: Kernel regularizer, by a name that `imgcls.layers.regularizer` knows.
        regularizer_strength: Factor of the regularizer.
        pooling: How a feature map becomes the embedding: "average" or "max"; of tokens also "token", the class token;
            "none" keeps the map.
        auxiliary_heads: Whether networks that have them get their auxiliary classifiers.
        branches: The feature maps that auxiliary classifiers stand on; filled by `branch_off`.
    """

    data_format: str = "channels_last"
    activation: str = "relu"
    every_activation: str | None = None
    normalization: str = "batch"
    norm_epsilon: float = 1e-3
    norm_momentum: float = 0.99
    norm_scale: bool = True
    padding: str = "same"
    dropout: float = 0.0
    drop_path: float = 0.0
    initializer: str = "he_uniform"
    regularizer: str | None = None
    regularizer_strength: float = 1e-4
    pooling: str = "average"
    auxiliary_heads: bool = False
    branches: list[Tensor] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name, values in (("normalization", NORMALIZATIONS), ("pooling", POOLINGS)):
            if getattr(self, name) not in values:
                raise ValueError(f"{name} is {getattr(self, name)!r}; expected one of {', '.join(values)}.")
        for name in ("dropout", "drop_path"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; expected a share from 0 to below 1.")

    def __getattr__(self, name: str) -> object:
        """Name the operations there are where an architecture calls one that there is not."""
        if name.startswith("_"):
            raise AttributeError(name)
        nearest = nearest_name(name.lower(), operations(), cutoff=0.5)
        hint = f" Did you mean net.{nearest}?" if nearest else ""
        there_are = ", ".join(operations())
        raise AttributeError(
            f"net has no method {name!r}.{hint} It has {there_are}. Any other layer: net.apply(layer, x)."
        )

    # What architectures call most

    def conv_norm_act(
        self,
        x: Tensor,
        filters: int,
        kernel_size: KernelSize,
        strides: int = 1,
        *,
        name: str,
        activation: str | None = None,
        **conv: Any,
    ) -> Tensor:
        """Convolution, normalization, activation.

        Args:
            x: A feature map.
            filters: Channels of the output.
            kernel_size: Of a square, or (height, width).
            strides: Along both axes.
            name: Of the activation; the others have it with the ending _conv or _norm.
            activation: Where the paper has another one than in the rest of the network.
            **conv: Further arguments of `conv`.
        """
        x = self.conv(x, filters, kernel_size, strides, name=f"{name}_conv", **conv)
        return self.act(self.norm(x, name=f"{name}_norm"), activation, name=name)

    def conv(
        self,
        x: Tensor,
        filters: int,
        kernel_size: KernelSize,
        strides: int = 1,
        *,
        name: str,
        padding: Padding = "same",
        groups: int = 1,
        bias: bool | None = None,
    ) -> Tensor:
        """Convolution.

        Args:
            x: A feature map.
            filters: Channels of the output.
            kernel_size: Of a square, or (height, width).
            strides: Along both axes.
            name: Of the layer.
            padding: "same", "valid", or a number of zeros on each side.
            groups: Parts of the channels that are convolved by themselves.
            bias: By default only without a normalization, which would take it away again.
        """
        x, window = self._window(x, kernel_size, strides, padding, name)
        return self._conv(x, filters, window, groups=groups, bias=self._has_bias(bias), name=name)

    def depthwise(
        self,
        x: Tensor,
        kernel_size: KernelSize,
        strides: int = 1,
        *,
        name: str,
        padding: Padding = "same",
        bias: bool | None = None,
    ) -> Tensor:
        """Convolution of each channel by itself; the arguments are those of `conv`."""
        x, window = self._window(x, kernel_size, strides, padding, name)
        return self._depthwise(x, window, bias=self._has_bias(bias), name=name)

    def max_pool(self, x: Tensor, size: int, strides: int, *, name: str, padding: Padding = "valid") -> Tensor:
        """The maximum of each window of `size` by `size` positions.

        Besides those of `conv` there is the padding "ceil": the last windows reach over the end and leave out no row.
        """
        x, window = self._window(x, size, strides, padding, name)
        return self._pool(x, "max", window, name=name)

    def average_pool(self, x: Tensor, size: int, strides: int, *, name: str, padding: Padding = "valid") -> Tensor:
        """The average of each window of `size` by `size` positions."""
        x, window = self._window(x, size, strides, padding, name)
        return self._pool(x, "average", window, name=name)

    def channel_split(self, x: Tensor, parts: int, *, name: str) -> list[Tensor]:
        """The channels in `parts` equal parts, in their order; the layers end in _1, _2 and so on."""
        count = self.channels(x) // parts
        return [self._channel_slice(x, part * count, count, name=f"{name}_{part + 1}") for part in range(parts)]

    def act(self, x: Tensor, activation: str | None = None, *, name: str) -> Tensor:
        """The network's activation, or `activation` where the paper has another one at this place."""
        return self._act(x, self.activation_at(activation), name=name)

    def activation_at(self, activation: str | None) -> str:
        """The name of the activation that `act` has for `activation`."""
        return self.every_activation or activation or self.activation

    def norm(self, x: Tensor, *, name: str) -> Tensor:
        """The network's normalization."""
        return x if self.normalization == "none" else self._norm(x, name=name)

    def dropped(self, x: Tensor, *, name: str) -> Tensor:
        """Dropout in training."""
        return self._dropout(x, self.dropout, name=name) if self.dropout else x

    def stochastic(self, x: Tensor, position: float, *, name: str) -> Tensor:
        """The end of a residual branch, which drop path (stochastic depth) skips for some images in training.

        Args:
            x: The branch.
            position: Of the block in the network, 0 at the first, 1 at the last.
            name: Of the layer.
        """
        rate = self.drop_path * position
        return self._stochastic_depth(x, rate, name=name) if rate else x

    def to_vector(self, x: Tensor, *, name: str, prefix: int | None = None) -> Tensor:
        """Pool over height and width, as `pooling` says.

        Args:
            x: A feature map, or tokens.
            name: Of the layer.
            prefix: Of tokens: how many before the patches are class token and registers. None for a feature map.

        Raises:
            ValueError: If a feature map is to give a class token.
        """
        kind = "average" if self.pooling == "none" else self.pooling
        if prefix is not None:
            return self.token_pool(x, kind, prefix, name=name)
        if kind == "token":
            raise ValueError('pooling is "token", and this network has no class token; expected "average" or "max".')
        return self.global_pool(x, kind, name=name)

    def to_normalized_vector(self, x: Tensor, *, name: str, prefix: int | None = None) -> Tensor:
        """`to_vector` and the normalization behind it, which has the name, for networks that end in one."""
        if self.normalization == "none":
            return self.to_vector(x, name=name, prefix=prefix)
        return self.norm(self.to_vector(x, name=f"{name}_pool", prefix=prefix), name=name)

    def dense_act(self, x: Tensor, units: int, *, name: str, activation: str | None = None) -> Tensor:
        """Fully connected layer and activation."""
        return self.act(self.dense(x, units, name=f"{name}_dense"), activation, name=name)

    def branch_off(self, x: Tensor) -> None:
        """Mark a feature map that an auxiliary head is to stand on."""
        if self.auxiliary_heads:
            self.branches.append(x)

    def _window(
        self, x: Tensor, kernel_size: KernelSize, strides: int, padding: Padding, name: str
    ) -> tuple[Tensor, Window]:
        """The window, and `x` with zeros of our own where Keras' padding would be another than is asked for."""
        window = Window(pair(kernel_size), pair(strides))
        if padding == "same" and strides > 1 and self.padding == "symmetric":
            padding = (window.kernel[0] // 2, window.kernel[1] // 2)
        if isinstance(padding, str):
            return x, replace(window, padding=padding)
        zeros = pair(padding)
        return (self.zero_pad(x, zeros, name=f"{name}_pad") if any(zeros) else x), window

    def _has_bias(self, bias: bool | None) -> bool:
        return self.normalization == "none" if bias is None else bias

    # The operations that each wiring makes in its own way

    @abstractmethod
    def channels(self, x: Tensor) -> int:
        """The number of channels of a feature map."""

    @abstractmethod
    def size(self, x: Tensor) -> tuple[int, int]:
        """(height, width) of a feature map."""

    @abstractmethod
    def zero_pad(self, x: Tensor, zeros: tuple[int, int] | Sides, *, name: str) -> Tensor:
        """Zeros above and below, left and right; ((top, bottom), (left, right)) where the two sides differ."""

    @abstractmethod
    def crop(self, x: Tensor, cut: Sides, *, name: str) -> Tensor:
        """Without the first and last rows and columns: ((top, bottom), (left, right))."""

    @abstractmethod
    def _channel_slice(self, x: Tensor, start: int, count: int, *, name: str) -> Tensor: ...

    @abstractmethod
    def channel_shuffle(self, x: Tensor, groups: int, *, name: str) -> Tensor:
        """The first channel of each of `groups` equal groups, then the second of each, and so on."""

    @abstractmethod
    def _conv(self, x: Tensor, filters: int, window: Window, *, groups: int, bias: bool, name: str) -> Tensor: ...

    @abstractmethod
    def _depthwise(self, x: Tensor, window: Window, *, bias: bool, name: str) -> Tensor: ...

    @abstractmethod
    def _pool(self, x: Tensor, kind: str, window: Window, *, name: str) -> Tensor: ...

    @abstractmethod
    def _act(self, x: Tensor, activation: str, *, name: str) -> Tensor: ...

    @abstractmethod
    def _norm(self, x: Tensor, *, name: str) -> Tensor: ...

    @abstractmethod
    def _dropout(self, x: Tensor, rate: float, *, name: str) -> Tensor: ...

    @abstractmethod
    def _stochastic_depth(self, x: Tensor, rate: float, *, name: str) -> Tensor: ...

    @abstractmethod
    def dense(self, x: Tensor, units: int, *, name: str, bias: bool = True) -> Tensor:
        """Fully connected layer on vectors (B, features), or on each of the tokens (B, T, features)."""

    @abstractmethod
    def flatten(self, x: Tensor, *, name: str) -> Tensor:
        """All numbers of a feature map as one vector, in the same order in both layouts."""

    @abstractmethod
    def global_pool(self, x: Tensor, kind: str, *, name: str) -> Tensor:
        """The average or maximum over height and width: a vector. kind: "average" or "max"."""

    @abstractmethod
    def add(self, x: Tensor, other: Tensor, *, name: str) -> Tensor:
        """The sum of two branches."""

    @abstractmethod
    def scale(self, x: Tensor, factor: float, *, name: str) -> Tensor:
        """All numbers times a constant."""

    @abstractmethod
    def concat(self, branches: Sequence[Tensor], *, name: str) -> Tensor:
        """The channels of all branches, in this order."""

    @abstractmethod
    def squeeze_excite(
        self, x: Tensor, reduced: int, *, name: str, activation: str = "relu", gate: str = "sigmoid"
    ) -> Tensor:
        """Each channel times a gate that is computed from the averages of all channels."""

    @abstractmethod
    def local_response_norm(
        self, x: Tensor, *, name: str, radius: int, bias: float, alpha: float, beta: float
    ) -> Tensor:
        """Each number divided by a power of the squares of its neighbours in `radius` channels to either side."""

    @abstractmethod
    def parameter_free_shortcut(self, x: Tensor, filters: int, strides: int, *, name: str) -> Tensor:
        """Every `strides`-th row and column, and zeros for the channels that are missing."""

    @abstractmethod
    def highway_gate(self, transformed: Tensor, x: Tensor, *, name: str) -> Tensor:
        """transformed · T + x · (1 - T), where T is a 3x3 convolution of x between 0 and 1."""

    @abstractmethod
    def oriented_gradients(self, x: Tensor, *, name: str) -> Tensor:
        """Histogram of oriented gradients: a vector."""

    @abstractmethod
    def pointwise(self, x: Tensor, filters: int, *, name: str) -> Tensor:
        """1x1 convolution with a bias: a fully connected layer on each position."""

    @abstractmethod
    def global_response_norm(self, x: Tensor, *, name: str) -> Tensor:
        """Each channel scaled by its norm over the map against that of the others, and added to what it was."""

    @abstractmethod
    def layer_scale(self, x: Tensor, initial_value: float, *, name: str) -> Tensor:
        """Each channel times a learned factor that starts from `initial_value`; ends a residual branch."""

    # Tokens: rows (B, T, C), which are the same in both layouts

    @abstractmethod
    def tokens(self, x: Tensor, *, name: str) -> Tensor:
        """The positions of a feature map as tokens, row by row."""

    @abstractmethod
    def tokens_to_map(self, x: Tensor, grid: tuple[int, int], *, name: str) -> Tensor:
        """The last tokens as a feature map of this height and width again."""

    @abstractmethod
    def class_token(self, x: Tensor, registers: int = 0, *, name: str) -> Tensor:
        """A learned token, and `registers` further ones, before the others."""

    @abstractmethod
    def position_embedding(self, x: Tensor, grid: tuple[int, int], *, name: str) -> Tensor:
        """A learned vector added to each token. grid: height and width of the map that the last tokens are."""

    @abstractmethod
    def self_attention(self, x: Tensor, heads: int, *, name: str) -> Tensor:
        """Every token as a mixture of all tokens, by `heads` parts of the channels."""

    @abstractmethod
    def token_pool(self, x: Tensor, kind: str, prefix: int, *, name: str) -> Tensor:
        """A vector of tokens. kind: "token", the first; "average" or "max" of all but the first `prefix`."""

    @abstractmethod
    def auxiliary(self, logits: Tensor, others: Sequence[Tensor], weight: float, *, name: str) -> Tensor:
        """`logits`, with auxiliary classifiers beside it that count `weight` in training."""

    @abstractmethod
    def logits(self, x: Tensor, num_classes: int, *, name: str) -> Tensor:
        """The scores of the classes, in float32."""

    @abstractmethod
    def apply(self, layer: Any, x: Tensor | Sequence[Tensor]) -> Tensor:
        """Any other Keras layer. It must know the layout itself."""

    @abstractmethod
    def keras_model(self, model: Any, x: Tensor) -> Tensor:
        """The layers of a functional Keras model in channels_last, each by itself, as new ones."""


def sides(zeros: tuple[int, int] | Sides) -> Sides:
    """((top, bottom), (left, right)) of what may be given as one number for both sides of an axis."""
    height, width = zeros
    return pair(height), pair(width)


def operations() -> list[str]:
    """The names of all methods that an architecture may call, sorted."""
    return [name for name in dir(Wiring) if not name.startswith("_") and callable(getattr(Wiring, name))]
