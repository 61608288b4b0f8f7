"""Residual networks for images of about 32 pixels.

He et al., Deep Residual Learning for Image Recognition, 2015, section 4.2, with the plain networks it compares to.
Zagoruyko and Komodakis, Wide Residual Networks, 2016.
"""

from functools import partial

from imgcls.models.architectures.resnet import SE, V1, WIRING, positions, preactivated_block, residual_block
from imgcls.models.registry import architecture
from imgcls.models.wiring import Wiring

CIFAR = {20: 3, 32: 5, 44: 7, 56: 9, 110: 18, 1202: 200}  # blocks a stage; section 4.2
WIDE = {"wrn_40_4": (6, 4), "wrn_28_10": (4, 10)}  # blocks a stage, times the width; table 4 of Wide Residual Networks


def cifar_resnet(net: Wiring, x, blocks: int, plain: bool = False, excite: int = 0):
    """Three stages of 16, 32 and 64 filters on images of about 32 pixels (section 4.2)."""
    x = net.conv_norm_act(x, 16, 3, name="stem")
    for stage, block, position in positions((blocks,) * 3):
        strides = 2 if block == 1 and stage > 1 else 1
        x = residual_block(
            net, x, 8 * 2**stage, strides, position, f"stage{stage}_block{block}",
            bottleneck=False, stride_first=True, project=False, plain=plain, excite=excite,
        )  # fmt: skip
    return x


def wide_resnet(net: Wiring, x, blocks: int, width: int):
    """Few blocks with many filters, in the form of version 2."""
    x = net.conv(x, 16, 3, bias=False, name="stem_conv")
    for stage, block, position in positions((blocks,) * 3):
        strides = 2 if block == 1 and stage > 1 else 1
        x = preactivated_block(
            net, x, 8 * 2**stage * width, strides, position, f"stage{stage}_block{block}",
            bottleneck=False, project=block == 1, bias=False,
        )  # fmt: skip
    return net.act(net.norm(x, name="last_norm"), name="last")


WRN = "Zagoruyko and Komodakis, Wide Residual Networks, 2016"

CIFAR_FACTS = {  # parameters with shortcuts of option A; accuracy on CIFAR-10, table 6
    20: (269_722, 91.25),
    32: (464_154, 92.49),
    44: (658_586, 92.83),
    56: (853_018, 93.03),
    110: (1_727_962, 93.57),
    1202: (19_421_274, 92.07),
}
for _depth, (_parameters, _top1) in CIFAR_FACTS.items():
    _shared = {"image_size": 32, "num_classes": 10, "wiring": WIRING, "parameters": _parameters}
    architecture(
        f"resnet{_depth}", paper=f"{V1}, section 4.2", top1=_top1, top1_source="CIFAR-10; paper, table 6", **_shared
    )(partial(cifar_resnet, blocks=CIFAR[_depth]))
    if _depth in (20, 56):
        architecture(f"plain{_depth}", paper=f"{V1}, section 4.2, without shortcuts", **_shared)(
            partial(cifar_resnet, blocks=CIFAR[_depth], plain=True)
        )

for _name, (_parameters, _top1) in {"wrn_40_4": (8_949_210, 95.47), "wrn_28_10": (36_479_194, 96.00)}.items():
    _blocks, _width = WIDE[_name]
    architecture(
        _name, 32, num_classes=10, paper=WRN, wiring=WIRING, parameters=_parameters, top1=_top1,
        top1_source="CIFAR-10; paper, table 5",
    )(partial(wide_resnet, blocks=_blocks, width=_width))  # fmt: skip

architecture("se_resnet20", 32, num_classes=10, paper=SE, wiring=WIRING)(partial(cifar_resnet, blocks=3, excite=16))
