"""What all networks share: layout, normalisation, activation, padding, dropout. Architectures are written against it.

There are two of it: `KerasWiring` makes layers, `Sketch` only counts what they would cost. An architecture does not
know which: it calls the methods below on `x` and gets back what comes next.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

from imgcls.nearest_name import nearest_name

NORMALIZATIONS = ("batch", "group", "layer", "none")
POOLINGS = ("average", "max", "none")
GATE_KERNEL = 3  # pixels, of a highway gate


@dataclass(frozen=True)
class Wiring(ABC):
    """The layers of one network, with what they have in common already set.

    Each method takes `x` (B, H, W, C, or B, C, H, W in channels_first) and returns the next one.

    activation: where the architecture names no other. every_activation: in place of all of them, named or not.
    normalization: "batch", "group" (32 groups), "layer" (one group), or "none", where convolutions get a bias.
    norm_epsilon, norm_momentum: of every normalisation. norm_scale: whether it has a scale besides the shift.
    padding: of strided layers; "same" pads as TensorFlow does, more at the end; "symmetric" as PyTorch does.
    dropout: share in [0, 1) before the classifier and where the architecture has dropout of its own.
    drop_path: share in [0, 1) of the samples that the last residual branch drops; earlier ones drop less.
    initializer, regularizer: of every kernel; what `imgcls.layers` knows by name, the regularizer times
        `regularizer_strength`. he_uniform has the variance of
        he_normal and is drawn six times faster, which is half of the time to build a large network.
    pooling: how a feature map becomes the embedding: "average" or "max".
    auxiliary_heads: whether networks that have them get their further classifiers.
    branches: where those stand; filled by `branch_off`.
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
    branches: list = field(default_factory=list)

    def __post_init__(self):
        for name, values in (("normalization", NORMALIZATIONS), ("pooling", POOLINGS)):
            if getattr(self, name) not in values:
                raise ValueError(f"{name} is {getattr(self, name)!r}; expected one of {', '.join(values)}.")
        for name in ("dropout", "drop_path"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; expected a share from 0 to below 1.")

    def __getattr__(self, name: str):
        """Say what there is where an architecture asks for what there is not."""
        if name.startswith("_"):
            raise AttributeError(name)
        methods = [n for n in dir(Wiring) if not n.startswith("_") and callable(getattr(Wiring, n))]
        nearest = nearest_name(name.lower(), methods, cutoff=0.5)
        hint = f" Did you mean net.{nearest}?" if nearest else ""
        raise AttributeError(
            f"net has no method {name!r}.{hint} It has {', '.join(methods)}. Any other layer: net.apply(layer, x)."
        )

    # What architectures call most

    def conv_norm_act(self, x, filters: int, kernel_size, strides: int = 1, *, name: str, activation=None, **conv):
        """Convolution, normalisation, activation. The activation has the name; the others `name` and an ending."""
        x = self.conv(x, filters, kernel_size, strides, name=f"{name}_conv", **conv)
        return self.act(self.norm(x, name=f"{name}_norm"), activation, name=name)

    def conv(self, x, filters: int, kernel_size, strides: int = 1, *, name: str, padding="same", groups=1, bias=None):
        """Convolution with square or (height, width) kernels.

        padding: "same", "valid", or a number of zeros on each side.
        bias: by default only without a normalisation, which would take it away again.
        """
        x, padding = self._padded(x, kernel_size, strides, padding, name)
        bias = self.normalization == "none" if bias is None else bias
        return self._conv(x, filters, pair(kernel_size), strides, padding, groups, bias, name)

    def depthwise(self, x, kernel_size, strides: int = 1, *, name: str, padding="same", bias=None):
        """Convolution of each channel by itself."""
        x, padding = self._padded(x, kernel_size, strides, padding, name)
        bias = self.normalization == "none" if bias is None else bias
        return self._depthwise(x, pair(kernel_size), strides, padding, bias, name)

    def max_pool(self, x, size: int, strides: int, *, name: str, padding="valid"):
        x, padding = self._padded(x, size, strides, padding, name)
        return self._pool(x, "max", size, strides, padding, name)

    def average_pool(self, x, size: int, strides: int, *, name: str, padding="valid"):
        x, padding = self._padded(x, size, strides, padding, name)
        return self._pool(x, "average", size, strides, padding, name)

    def act(self, x, activation: str | None = None, *, name: str):
        """The network's activation, or `activation` where the paper has another one at this place."""
        return self._act(x, self.activation_at(activation), name)

    def activation_at(self, activation: str | None) -> str:
        return self.every_activation or activation or self.activation

    def norm(self, x, *, name: str):
        return x if self.normalization == "none" else self._norm(x, name)

    def dropped(self, x, *, name: str):
        """Dropout in training."""
        return self._dropout(x, self.dropout, name) if self.dropout else x

    def stochastic(self, x, position: float, *, name: str):
        """The end of a residual branch. position: of the block in the network, 0 at the first, 1 after the last."""
        rate = self.drop_path * position
        return self._stochastic_depth(x, rate, name) if rate else x

    def to_vector(self, x, *, name: str):
        """Pool over height and width, as `pooling` says."""
        return self.global_pool(x, "average" if self.pooling == "none" else self.pooling, name=name)

    def dense_act(self, x, units: int, *, name: str, activation=None):
        """Fully connected layer and activation."""
        return self.act(self.dense(x, units, name=f"{name}_dense"), activation, name=name)

    def branch_off(self, x):
        """Mark a map that an auxiliary head is to stand on."""
        if self.auxiliary_heads:
            self.branches.append(x)

    def _padded(self, x, kernel_size, strides: int, padding, name: str):
        """Add zeros of our own where Keras' padding would be another than is asked for."""
        kernel = pair(kernel_size)
        if padding == "same" and strides > 1 and self.padding == "symmetric":
            padding = tuple(size // 2 for size in kernel)
        if padding in ("same", "valid"):
            return x, padding
        zeros = pair(padding)
        return (self.zero_pad(x, zeros, name=f"{name}_pad") if any(zeros) else x), "valid"

    # What the two wirings make themselves

    @abstractmethod
    def channels(self, x) -> int: ...

    @abstractmethod
    def zero_pad(self, x, zeros: tuple[int, int], *, name: str): ...

    @abstractmethod
    def _conv(self, x, filters: int, kernel, strides: int, padding: str, groups: int, bias: bool, name: str): ...

    @abstractmethod
    def _depthwise(self, x, kernel, strides: int, padding: str, bias: bool, name: str): ...

    @abstractmethod
    def _pool(self, x, kind: str, size: int, strides: int, padding: str, name: str): ...

    @abstractmethod
    def _act(self, x, activation: str, name: str): ...

    @abstractmethod
    def _norm(self, x, name: str): ...

    @abstractmethod
    def _dropout(self, x, rate: float, name: str): ...

    @abstractmethod
    def _stochastic_depth(self, x, rate: float, name: str): ...

    @abstractmethod
    def dense(self, x, units: int, *, name: str, bias: bool = True):
        """Fully connected layer on vectors (B, features)."""

    @abstractmethod
    def flatten(self, x, *, name: str):
        """All numbers of a feature map as one vector, in the same order in both layouts."""

    @abstractmethod
    def global_pool(self, x, kind: str, *, name: str):
        """The average or maximum over height and width: a vector."""

    @abstractmethod
    def add(self, x, other, *, name: str):
        """The sum of two branches."""

    @abstractmethod
    def scale(self, x, factor: float, *, name: str):
        """All numbers times a constant."""

    @abstractmethod
    def concat(self, branches: Sequence, *, name: str):
        """The channels of all branches, in this order."""

    @abstractmethod
    def squeeze_excite(self, x, reduced: int, *, name: str, activation="relu", gate="sigmoid"):
        """Each channel times a gate that is computed from the averages of all channels."""

    @abstractmethod
    def local_response_norm(self, x, *, name: str, radius: int, bias: float, alpha: float, beta: float): ...

    @abstractmethod
    def parameter_free_shortcut(self, x, filters: int, strides: int, *, name: str):
        """Every `strides`-th row and column, and zeros for the channels that are missing."""

    @abstractmethod
    def highway_gate(self, transformed, x, *, name: str):
        """transformed · T + x · (1 - T), where T is a 3x3 convolution of x between 0 and 1."""

    @abstractmethod
    def oriented_gradients(self, x, *, name: str):
        """Histogram of oriented gradients: a vector."""

    @abstractmethod
    def auxiliary(self, logits, others: Sequence, weight: float, *, name: str):
        """`logits`, with further classifiers beside it that count `weight` in training."""

    @abstractmethod
    def logits(self, x, num_classes: int, *, name: str):
        """The scores of the classes, in float32."""

    @abstractmethod
    def apply(self, layer, x):
        """Any other Keras layer. It must know the layout itself."""


def pair(size) -> tuple[int, int]:
    """(height, width) of what may be given as one number."""
    return (size, size) if isinstance(size, int) else tuple(size)
