"""The block of the mobile networks, and its later forms.

Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, 2018.
Tan and Le, EfficientNetV2: Smaller Models and Faster Training, 2021 (fused).
Qin et al., MobileNetV4: Universal Models for the Mobile Ecosystem, 2024 (universal inverted bottleneck).
"""

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


def fused_inverted_residual(
    net: Wiring[Tensor], x: Tensor, block: InvertedResidual, position: float, name: str
) -> Tensor:
    """The block with one convolution in place of the expansion and the depthwise convolution.

    A convolution with the filters of the output is the projection too. position: see `inverted_residual`.
    """
    shortcut, channels = x, net.channels(x)
    x = net.conv_norm_act(x, block.expanded, block.kernel_size, block.strides, name=f"{name}_fused")
    if block.expanded != block.filters:
        x = net.norm(net.conv(x, block.filters, 1, name=f"{name}_project_conv"), name=f"{name}_project_norm")
    if block.strides == 1 and channels == block.filters:
        x = net.add(shortcut, net.stochastic(x, position, name=f"{name}_drop"), name=f"{name}_add")
    return x


@dataclass(frozen=True)
class UniversalBottleneck:
    """The sizes of one universal inverted bottleneck.

    Attributes:
        first: Kernel size of the depthwise convolution before the expansion; 0 leaves it out.
        second: Kernel size of the depthwise convolution after the expansion; 0 leaves it out.
        strides: Of the second depthwise convolution, or of the first where it is the only one.
        expanded: Channels after the expansion.
        filters: Channels of the output.
    """

    first: int
    second: int
    strides: int
    expanded: int
    filters: int


def universal_bottleneck(
    net: Wiring[Tensor], x: Tensor, block: UniversalBottleneck, position: float, name: str
) -> Tensor:
    """Depthwise convolution, expansion, depthwise convolution, projection, and a shortcut where the shapes agree.

    With the second one alone it is an inverted residual, with the first one alone a block of ConvNeXt, without both a
    feed-forward network. position: see `inverted_residual`.
    """
    shortcut, channels = x, net.channels(x)
    if block.first:
        strides = 1 if block.second else block.strides
        x = net.norm(net.depthwise(x, block.first, strides, name=f"{name}_start_conv"), name=f"{name}_start_norm")
    x = net.conv_norm_act(x, block.expanded, 1, name=f"{name}_expand")
    if block.second:
        x = net.depthwise(x, block.second, block.strides, name=f"{name}_depthwise_conv")
        x = net.act(net.norm(x, name=f"{name}_depthwise_norm"), name=f"{name}_depthwise")
    x = net.norm(net.conv(x, block.filters, 1, name=f"{name}_project_conv"), name=f"{name}_project_norm")
    if block.strides == 1 and channels == block.filters:
        x = net.add(shortcut, net.stochastic(x, position, name=f"{name}_drop"), name=f"{name}_add")
    return x


def round_filters(filters: float, least: float = 0.9) -> int:
    """The nearest multiple of 8, not below the share `least` of the filters."""
    rounded = max(8, int(filters + 4) // 8 * 8)
    return rounded + 8 if rounded < least * filters else rounded
