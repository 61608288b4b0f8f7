"""Xception: Chollet, Xception: Deep Learning with Depthwise Separable Convolutions, 2017."""

from collections.abc import Sequence

from imgcls.models.registry import architecture
from imgcls.models.weights.published import keras_twin
from imgcls.models.wiring import Tensor, Wiring

BLOCKS = (  # filters of the separable convolutions, whether the block halves the map; figure 5
    ((128, 128), True),
    ((256, 256), True),
    ((728, 728), True),
    *[((728, 728, 728), False)] * 8,
    ((728, 1024), True),
)


def separable(net: Wiring[Tensor], x: Tensor, filters: int, name: str) -> Tensor:
    """A depthwise and a 1x1 convolution with one normalisation for both."""
    x = net.depthwise(x, 3, name=f"{name}_depthwise_conv", bias=False)
    return net.norm(net.conv(x, filters, 1, name=f"{name}_conv"), name=f"{name}_norm")


@architecture(
    "xception",
    image_size=299,
    paper="Chollet, Xception, 2017",
    parameters=22_855_952,
    top1=79.0,
    top1_source="ImageNet; paper, table 1",
    weights=keras_twin("Xception", "tf"),
    wiring={"dropout": 0.5},
)
def xception(net: Wiring[Tensor], x: Tensor, blocks: Sequence[tuple[tuple[int, ...], bool]] = BLOCKS) -> Tensor:
    """Blocks of separable convolutions with residual shortcuts (figure 5)."""
    x = net.conv_norm_act(x, 32, 3, 2, padding="valid", name="stem_1")
    x = net.conv_norm_act(x, 64, 3, padding="valid", name="stem_2")
    for block, (filters, halved) in enumerate(blocks, start=1):
        name = f"block{block}"
        shortcut = x
        if halved:
            shortcut = net.norm(
                net.conv(x, filters[-1], 1, 2, name=f"{name}_shortcut_conv"), name=f"{name}_shortcut_norm"
            )
        for i, count in enumerate(filters, start=1):
            if block > 1 or i > 1:  # the stem ends with an activation
                x = net.act(x, name=f"{name}_{i}")
            x = separable(net, x, count, f"{name}_{i}")
        if halved:
            x = net.max_pool(x, 3, 2, padding="same", name=f"{name}_pool")
        x = net.stochastic(x, block / len(blocks), name=f"{name}_drop")
        x = net.add(x, shortcut, name=name)
    for i, count in enumerate((1536, 2048), start=1):
        x = net.act(separable(net, x, count, f"last_{i}"), name=f"last_{i}")
    return x
