"""The block of the mobile networks: Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, 2018."""

from dataclasses import dataclass

from imgcls.models.wiring import Tensor, Wiring


@dataclass(frozen=True)
class Excitation:
    """Squeeze-and-excitation within a block.

    Attributes:
        reduced: Channels between its two layers.
        activation: After the first layer.
        gate: After the second layer.
    """

    reduced: int
    activation: str = "relu"
    gate: str = "sigmoid"


@dataclass(frozen=True)
class InvertedResidual:
    """The sizes of one block.

    Attributes:
        kernel_size: Of the depthwise convolution.
        strides: Of the depthwise convolution.
        expanded: Channels of the depthwise convolution; as many as the input has leave the expansion out.
        filters: Channels of the output.
        activation: After the expansion and the depthwise convolution; None takes the network's.
        excitation: None leaves squeeze-and-excitation out.
    """

    kernel_size: int
    strides: int
    expanded: int
    filters: int
    activation: str | None = None
    excitation: Excitation | None = None


def inverted_residual(net: Wiring[Tensor], x: Tensor, block: InvertedResidual, position: float, name: str) -> Tensor:
    """Expansion, depthwise convolution, squeeze-and-excitation, projection, and a shortcut where the shapes agree.

    position: of the block in the network, in [0, 1]; see `Wiring.stochastic`.
    """
    shortcut, channels = x, net.channels(x)
    if block.expanded != channels:
        x = net.conv_norm_act(x, block.expanded, 1, name=f"{name}_expand", activation=block.activation)
    x = net.depthwise(x, block.kernel_size, block.strides, name=f"{name}_depthwise_conv")
    x = net.act(net.norm(x, name=f"{name}_depthwise_norm"), block.activation, name=f"{name}_depthwise")
    if block.excitation:
        excite = block.excitation
        x = net.squeeze_excite(x, excite.reduced, activation=excite.activation, gate=excite.gate, name=f"{name}_excite")
    x = net.norm(net.conv(x, block.filters, 1, name=f"{name}_project_conv"), name=f"{name}_project_norm")
    if block.strides == 1 and channels == block.filters:
        x = net.add(shortcut, net.stochastic(x, position, name=f"{name}_drop"), name=f"{name}_add")
    return x


def round_filters(filters: float) -> int:
    """The nearest multiple of 8, at most a tenth below."""
    rounded = max(8, int(filters + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * filters else rounded
