"""The block of the mobile networks: Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, 2018."""

from imgcls.models.wiring import Wiring


def inverted_residual(
    net: Wiring, x, kernel_size: int, strides: int, expanded: int, filters: int, name: str, *,
    position: float = 0.0, activation: str | None = None, reduced: int = 0, excite_activation="relu", gate="sigmoid",
):  # fmt: skip
    """Expansion, depthwise convolution, squeeze-and-excitation, projection, and a shortcut where the shapes agree.

    expanded: channels of the depthwise convolution; as many as the input has leave the expansion out.
    reduced: channels within squeeze-and-excitation; 0 leaves it out.
    """
    shortcut, channels = x, net.channels(x)
    if expanded != channels:
        x = net.conv_norm_act(x, expanded, 1, name=f"{name}_expand", activation=activation)
    x = net.norm(net.depthwise(x, kernel_size, strides, name=f"{name}_depthwise_conv"), name=f"{name}_depthwise_norm")
    x = net.act(x, activation, name=f"{name}_depthwise")
    if reduced:
        x = net.squeeze_excite(x, reduced, activation=excite_activation, gate=gate, name=f"{name}_excite")
    x = net.norm(net.conv(x, filters, 1, name=f"{name}_project_conv"), name=f"{name}_project_norm")
    if strides == 1 and channels == filters:
        x = net.add(shortcut, net.stochastic(x, position, name=f"{name}_drop"), name=f"{name}_add")
    return x


def round_filters(filters: float) -> int:
    """The nearest multiple of 8, at most a tenth below."""
    rounded = max(8, int(filters + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * filters else rounded
