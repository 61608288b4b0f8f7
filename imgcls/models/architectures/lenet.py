"""LeNet-5: LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998."""

from functools import partial
from typing import Any

from imgcls.models.registry import architecture
from imgcls.models.wiring import Tensor, Wiring


def lenet5(net: Wiring[Tensor], x: Tensor, pooling: str) -> Tensor:
    """Three 5x5 convolutions and two subsamplings; the second convolution sees all maps of the first."""
    pool = {"average": net.average_pool, "max": net.max_pool}[pooling]
    x = net.conv_norm_act(x, 6, 5, padding="valid", name="c1")
    x = pool(x, 2, 2, name="s2")
    x = net.conv_norm_act(x, 16, 5, padding="valid", name="c3")
    x = pool(x, 2, 2, name="s4")
    return net.conv_norm_act(x, 120, 5, padding="valid", name="c5")


def lenet5_head(net: Wiring[Tensor], x: Tensor) -> Tensor:
    """One dense layer, F6."""
    x = net.dense(net.flatten(x, name="flat"), 84, name="f6_dense")
    return net.act(x, name="embedding")


SHARED: dict[str, Any] = {
    "image_size": 32,
    "channels": 1,
    "num_classes": 10,
    "head": lenet5_head,
    "paper": "LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998",
    "parameters": 61_706,
}
architecture(
    "lenet5",
    top1=99.05,
    top1_source="MNIST; paper, figure 9",
    wiring={"normalization": "none", "activation": "tanh", "initializer": "glorot_uniform"},
    **SHARED,
)(partial(lenet5, pooling="average"))
architecture("lenet5_relu", wiring={"normalization": "none"}, **SHARED)(partial(lenet5, pooling="max"))
