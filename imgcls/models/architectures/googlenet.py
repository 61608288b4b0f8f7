"""GoogLeNet, the first Inception network: Szegedy et al., Going Deeper with Convolutions, 2015."""

from typing import Any

from imgcls.models.registry import architecture
from imgcls.models.wiring import Tensor, Wiring

MODULES = {  # filters: 1x1; before 3x3, 3x3; before 5x5, 5x5; after pooling. None: pooling between stages. Table 1
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "pool3": None,
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "pool4": None,
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
AUXILIARY = ("4a", "4d")  # modules that an auxiliary head stands on
LRN: dict[str, Any] = {
    "radius": 2,
    "bias": 1.0,
    "alpha": 2e-5,
    "beta": 0.75,
}  # the authors' 1e-4, divided by 5 channels


def module(net: Wiring[Tensor], x: Tensor, filters: tuple[int, ...], name: str) -> Tensor:
    """Four branches side by side (figure 2b)."""
    one, before_three, three, before_five, five, pooled = filters
    branches = [
        net.conv_norm_act(x, one, 1, name=f"{name}_1x1"),
        net.conv_norm_act(
            net.conv_norm_act(x, before_three, 1, name=f"{name}_3x3_reduce"), three, 3, name=f"{name}_3x3"
        ),
        net.conv_norm_act(net.conv_norm_act(x, before_five, 1, name=f"{name}_5x5_reduce"), five, 5, name=f"{name}_5x5"),
        net.conv_norm_act(
            net.max_pool(x, 3, 1, padding="same", name=f"{name}_pool"), pooled, 1, name=f"{name}_pool_project"
        ),
    ]
    return net.concat(branches, name=f"module_{name}")


def auxiliary_head(net: Wiring[Tensor], x: Tensor, num_classes: int, number: int) -> Tensor:
    """A small classifier on an inner map (section 5): logits."""
    name = f"auxiliary{number}"
    x = net.average_pool(x, 5, 3, name=f"{name}_pool")
    x = net.flatten(net.conv_norm_act(x, 128, 1, name=name), name=f"{name}_flat")
    x = net.dropped(net.dense_act(x, 1024, name=f"{name}_fc"), name=f"{name}_dropout")
    return net.logits(x, num_classes, name=f"{name}_logits")


@architecture(
    "googlenet",
    image_size=224,
    paper="Szegedy et al., Going Deeper with Convolutions, 2015",
    parameters=6_998_552,
    auxiliary_head=auxiliary_head,
    wiring={"normalization": "none", "dropout": 0.4},
)
def googlenet(net: Wiring[Tensor], x: Tensor) -> Tensor:
    """A stem of three convolutions, then nine modules (table 1)."""
    x = net.conv_norm_act(x, 64, 7, 2, name="stem_1")
    x = net.max_pool(x, 3, 2, padding="same", name="pool1")
    x = net.local_response_norm(x, name="lrn1", **LRN)
    x = net.conv_norm_act(x, 64, 1, name="stem_2_reduce")
    x = net.conv_norm_act(x, 192, 3, name="stem_2")
    x = net.local_response_norm(x, name="lrn2", **LRN)
    x = net.max_pool(x, 3, 2, padding="same", name="pool2")
    for name, filters in MODULES.items():
        x = module(net, x, filters, name) if filters else net.max_pool(x, 3, 2, padding="same", name=name)
        if name in AUXILIARY:
            net.branch_off(x)
    return x
