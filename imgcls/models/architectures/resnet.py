"""Residual networks for photos.

He et al., Deep Residual Learning for Image Recognition, 2015 (v1).
He et al., Identity Mappings in Deep Residual Networks, 2016 (v2: normalisation and activation before the convolution).
Hu et al., Squeeze-and-Excitation Networks, 2017.
Xie et al., Aggregated Residual Transformations for Deep Neural Networks, 2016 (ResNeXt).
Zagoruyko and Komodakis, Wide Residual Networks, 2016.
"""

import re
from collections.abc import Sequence
from functools import partial

from imgcls.models.architectures.residual import (
    Block,
    basic,
    bottleneck,
    places,
    preactivated_basic,
    preactivated_bottleneck,
)
from imgcls.models.registry import StateDictNames, architecture
from imgcls.models.weights.published import keras_twin
from imgcls.models.wiring import Tensor, Wiring


def resnet(net: Wiring[Tensor], x: Tensor, block: Block, blocks: Sequence[int]) -> Tensor:
    """Versions 1 and 1.5."""
    x = net.conv_norm_act(x, 64, 7, 2, name="stem")
    x = net.max_pool(x, 3, 2, padding="same", name="stem_pool")
    for at in places(blocks, 64):
        x = block(net, x, at)
    return x


def resnet_v2(net: Wiring[Tensor], x: Tensor, block: Block, blocks: Sequence[int]) -> Tensor:
    """Version 2. As in the authors' later code, the last block of a stage has the stride."""
    x = net.conv(x, 64, 7, 2, bias=True, name="stem_conv")
    x = net.max_pool(x, 3, 2, padding="same", name="stem_pool")
    for at in places(blocks, 64, stride_last=True):
        x = block(net, x, at)
    return net.act(net.norm(x, name="last_norm"), name="last")


def torch_name(layer: str) -> str:
    """The name that torchvision and timm give to one of our layers."""
    fixed = {"stem_conv": "conv1", "stem_norm": "bn1", "logits": "fc"}
    if layer in fixed:
        return fixed[layer]
    place = re.fullmatch(r"stage(\d+)_block(\d+)_(.+)", layer)
    if place is None:
        raise ValueError(f"The layer {layer} is in no block; expected a name such as stage1_block1_1_conv.")
    stage, block, part = place.groups()
    shortcut = {"shortcut_conv": "downsample.0", "shortcut_norm": "downsample.1"}
    part = shortcut.get(part) or re.sub(
        r"(\d)_(conv|norm)", lambda m: {"conv": "conv", "norm": "bn"}[m[2]] + m[1], part
    )
    return f"layer{stage}.{int(block) - 1}.{part}"


V1 = "He et al., Deep Residual Learning for Image Recognition, 2015"
V2 = "He et al., Identity Mappings in Deep Residual Networks, 2016"
SE = "Hu et al., Squeeze-and-Excitation Networks, 2017"
NEXT = "Xie et al., Aggregated Residual Transformations for Deep Neural Networks, 2016"
WIDE = "Zagoruyko and Komodakis, Wide Residual Networks, 2016"
TORCHVISION, KERAS, PAPER = "ImageNet; torchvision", "ImageNet; Keras Applications", "ImageNet; paper, table 2"
WIRING = {"padding": "symmetric", "norm_epsilon": 1.001e-5, "norm_momentum": 0.9}
NAMES = (StateDictNames("torchvision, timm", torch_name, {"norm_epsilon": 1e-5}),)

bottleneck_v1_5 = partial(bottleneck, stride_first=False)
excited_bottleneck = partial(bottleneck, excite=16)
wide = partial(bottleneck_v1_5, width=2)
next_32x4d = partial(bottleneck_v1_5, groups=32, width=2)
next_32x8d = partial(bottleneck_v1_5, groups=32, width=4)
next_64x4d = partial(bottleneck_v1_5, groups=64, width=4)
NETWORKS: dict[
    str, tuple[Block, tuple[int, ...], int, float, str, str]
] = {  # block, blocks a stage (table 1 of the first paper), parameters, top-1 and where it stands, paper
    "resnet18": (basic, (2, 2, 2, 2), 11_689_512, 69.76, TORCHVISION, V1),
    "resnet34": (basic, (3, 4, 6, 3), 21_797_672, 73.31, TORCHVISION, V1),
    "resnet50": (bottleneck, (3, 4, 6, 3), 25_557_032, 74.9, KERAS, V1),
    "resnet101": (bottleneck, (3, 4, 23, 3), 44_549_160, 76.4, KERAS, V1),
    "resnet152": (bottleneck, (3, 8, 36, 3), 60_192_808, 76.6, KERAS, V1),
    "resnet50_v1_5": (bottleneck_v1_5, (3, 4, 6, 3), 25_557_032, 76.13, TORCHVISION, f"{V1}, as in torchvision"),
    "resnet101_v1_5": (bottleneck_v1_5, (3, 4, 23, 3), 44_549_160, 77.37, TORCHVISION, f"{V1}, as in torchvision"),
    "resnet152_v1_5": (bottleneck_v1_5, (3, 8, 36, 3), 60_192_808, 78.31, TORCHVISION, f"{V1}, as in torchvision"),
    "se_resnet50": (excited_bottleneck, (3, 4, 6, 3), 28_088_024, 76.71, PAPER, SE),
    "se_resnet101": (excited_bottleneck, (3, 4, 23, 3), 49_326_872, 77.62, PAPER, SE),
    "resnext50_32x4d": (next_32x4d, (3, 4, 6, 3), 25_028_904, 77.62, TORCHVISION, NEXT),
    "resnext101_32x8d": (next_32x8d, (3, 4, 23, 3), 88_791_336, 79.31, TORCHVISION, NEXT),
    "resnext101_64x4d": (next_64x4d, (3, 4, 23, 3), 83_455_272, 83.25, TORCHVISION, NEXT),
    "wide_resnet50_2": (wide, (3, 4, 6, 3), 68_883_240, 78.47, TORCHVISION, WIDE),
    "wide_resnet101_2": (wide, (3, 4, 23, 3), 126_886_696, 78.85, TORCHVISION, WIDE),
}
NETWORKS_V2: dict[
    str, tuple[Block, tuple[int, ...], float | None]
] = {  # block, blocks a stage, top-1 of Keras Applications
    "resnet18_v2": (preactivated_basic, (2, 2, 2, 2), None),
    "resnet34_v2": (preactivated_basic, (3, 4, 6, 3), None),
    "resnet50_v2": (preactivated_bottleneck, (3, 4, 6, 3), 76.0),
    "resnet101_v2": (preactivated_bottleneck, (3, 4, 23, 3), 77.2),
    "resnet152_v2": (preactivated_bottleneck, (3, 8, 36, 3), 78.0),
}
TWINS = {  # in keras.applications, and how they prepare pixels
    "resnet50": ("ResNet50", "caffe"),
    "resnet101": ("ResNet101", "caffe"),
    "resnet152": ("ResNet152", "caffe"),
    "resnet50_v2": ("ResNet50V2", "tf"),
    "resnet101_v2": ("ResNet101V2", "tf"),
    "resnet152_v2": ("ResNet152V2", "tf"),
}

for _name, (_block, _blocks, _parameters, _top1, _source, _paper) in NETWORKS.items():
    architecture(
        _name,
        224,
        paper=_paper,
        parameters=_parameters,
        top1=_top1,
        top1_source=_source,
        weights=keras_twin(*TWINS[_name]) if _name in TWINS else {},
        state_dicts=() if _block in (bottleneck, excited_bottleneck) else NAMES,
        wiring=WIRING,
    )(partial(resnet, block=_block, blocks=_blocks))

for _name, (_block, _blocks, _keras_top1) in NETWORKS_V2.items():
    architecture(
        _name,
        224,
        paper=V2,
        top1=_keras_top1,
        top1_source=KERAS if _keras_top1 else "",
        weights=keras_twin(*TWINS[_name]) if _name in TWINS else {},
        wiring=WIRING,
    )(partial(resnet_v2, block=_block, blocks=_blocks))
