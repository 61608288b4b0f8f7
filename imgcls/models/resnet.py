"""Residual networks: He et al., Deep Residual Learning for Image Recognition, 2015."""

from functools import partial

from imgcls.models.registry import Architecture, register
from imgcls.models.wiring import Wiring

CIFAR = {"resnet20": 3, "resnet32": 5, "resnet44": 7, "resnet56": 9, "resnet110": 18}  # blocks a stage; section 4.2


def basic_block(net: Wiring, x, filters: int, strides: int, name: str):
    """Two 3x3 convolutions and an identity shortcut (figure 2)."""
    shortcut = x
    if strides > 1:
        shortcut = net.parameter_free_shortcut(x, filters, strides, name=f"{name}_shortcut")
    x = net.conv(x, filters, 3, strides, name=f"{name}_conv1")
    x = net.act(net.norm(x, name=f"{name}_norm1"))
    x = net.conv(x, filters, 3, name=f"{name}_conv2")
    x = net.norm(x, name=f"{name}_norm2")
    return net.act(net.add(x, shortcut, name=f"{name}_add"), name=name)


def cifar_resnet(net: Wiring, x, blocks: int):
    """Three stages of 16, 32 and 64 filters on pictures of about 32 pixels (section 4.2)."""
    x = net.conv(x, 16, 3, name="stem_conv")
    x = net.act(net.norm(x, name="stem_norm"), name="stem")
    for stage, filters in enumerate((16, 32, 64), start=1):
        for block in range(1, blocks + 1):
            strides = 2 if block == 1 and stage > 1 else 1
            x = basic_block(net, x, filters, strides, name=f"stage{stage}_block{block}")
    return x


for _name, _blocks in CIFAR.items():
    register(
        Architecture(
            _name,
            build=partial(cifar_resnet, blocks=_blocks),
            image_size=32,
            paper="He et al., Deep Residual Learning for Image Recognition, 2015, section 4.2",
            wiring={"norm_epsilon": 1e-5, "norm_momentum": 0.9},
        )
    )
