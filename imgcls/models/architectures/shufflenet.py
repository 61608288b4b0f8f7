"""ShuffleNetV2: Ma et al., ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design, 2018."""

import re
from functools import partial

from imgcls.models.architectures.mobilenet import variant
from imgcls.models.registry import StateDictNames, architecture
from imgcls.models.wiring import Tensor, Wiring

UNITS = (4, 8, 4)  # in each stage; table 5
STEM = 24
WIDTHS = {  # filters of the stages and of the last convolution (table 5), parameters, top-1 on ImageNet (table 8)
    0.5: ((48, 96, 192), 1024, 1_366_792, 60.3),
    1.0: ((116, 232, 464), 1024, 2_278_604, 69.4),
    1.5: ((176, 352, 704), 1024, 3_503_624, 72.6),
    2.0: ((244, 488, 976), 2048, 7_393_996, 74.9),
}


def unit(net: Wiring[Tensor], x: Tensor, filters: int, strides: int, name: str) -> Tensor:
    """Half of the channels goes on as it is, or through a branch of its own where the map is halved (figure 3)."""
    if strides == 1:
        other, x = net.channel_split(x, 2, name=f"{name}_split")
    else:
        other = depthwise(net, x, strides, f"{name}_shortcut_depthwise")
        other = net.conv_norm_act(other, filters // 2, 1, name=f"{name}_shortcut")
    x = net.conv_norm_act(x, filters // 2, 1, name=f"{name}_first")
    x = depthwise(net, x, strides, f"{name}_depthwise")
    x = net.conv_norm_act(x, filters // 2, 1, name=f"{name}_last")
    return net.channel_shuffle(net.concat([other, x], name=f"{name}_concat"), 2, name=name)


def depthwise(net: Wiring[Tensor], x: Tensor, strides: int, name: str) -> Tensor:
    """A 3x3 depthwise convolution and its normalization."""
    return net.norm(net.depthwise(x, 3, strides, name=f"{name}_conv"), name=f"{name}_norm")


def shufflenet_v2(
    net: Wiring[Tensor], x: Tensor, filters: tuple[int, ...], last: int, units: tuple[int, ...] = UNITS
) -> Tensor:
    """Units in three stages (table 5).

    Args:
        filters: Of each stage.
        last: Filters of the last convolution.
        units: In each stage.
    """
    x = net.conv_norm_act(x, STEM, 3, 2, name="stem")
    x = net.max_pool(x, 3, 2, padding="same", name="stem_pool")
    for stage, (count, width) in enumerate(zip(units, filters, strict=True), start=1):
        for block in range(1, count + 1):
            x = unit(net, x, width, 2 if block == 1 else 1, f"stage{stage}_block{block}")
    return net.conv_norm_act(x, last, 1, name="head")


ENDS = {
    "stem_conv": "conv1.0",
    "stem_norm": "conv1.1",
    "head_conv": "conv5.0",
    "head_norm": "conv5.1",
    "logits": "fc",
}
PARTS = {  # place of the convolution within the unit; the normalization follows it
    "shortcut_depthwise": ("branch1", 0),
    "shortcut": ("branch1", 2),
    "first": ("branch2", 0),
    "depthwise": ("branch2", 3),
    "last": ("branch2", 5),
}


def torchvision_name(layer: str) -> str:
    """The name that torchvision gives to one of our layers; it counts the stages from 2."""
    if layer in ENDS:
        return ENDS[layer]
    place = re.fullmatch(r"stage(\d+)_block(\d+)_([a-z_]+)_(conv|norm)", layer)
    if place is None:
        raise ValueError(f"The layer {layer} is in no unit; expected a name such as stage1_block1_first_conv.")
    stage, block, part, kind = place.groups()
    branch, number = PARTS[part]
    return f"stage{int(stage) + 1}.{int(block) - 1}.{branch}.{number + (kind == 'norm')}"


for _width, (_filters, _last, _parameters, _top1) in WIDTHS.items():
    architecture(
        variant("shufflenet_v2", _width),
        224,
        paper="Ma et al., ShuffleNet V2, 2018",
        parameters=_parameters,
        top1=_top1,
        top1_source="ImageNet; paper, table 8",
        state_dicts=(StateDictNames("torchvision", torchvision_name),),
        wiring={"padding": "symmetric", "norm_epsilon": 1e-5, "norm_momentum": 0.9},
    )(partial(shufflenet_v2, filters=_filters, last=_last))
