"""Residual networks for images of about 32 pixels.

He et al., Deep Residual Learning for Image Recognition, 2015, section 4.2, with the plain networks it compares to.
Zagoruyko and Komodakis, Wide Residual Networks, 2016.
"""

from functools import partial

from imgcls.models.architectures.residual import Block, basic, places, preactivated_basic, zero_padding
from imgcls.models.architectures.resnet import SE, V1, WIRING
from imgcls.models.registry import architecture
from imgcls.models.wiring import Tensor, Wiring

WRN = "Zagoruyko and Komodakis, Wide Residual Networks, 2016"
RESIDUAL, PLAIN = partial(basic, shortcut=zero_padding), partial(basic, shortcut=None)
EXCITED = partial(RESIDUAL, excite=16)
V1_TABLE, PLAIN_PAPER = "CIFAR-10; paper, table 6", f"{V1}, section 4.2, without shortcuts"
NETWORKS: dict[
    str, tuple[Block, int, int | None, float | None, str]
] = {  # block, blocks a stage (section 4.2), parameters, top-1 on CIFAR-10, paper
    "resnet20": (RESIDUAL, 3, 269_722, 91.25, f"{V1}, section 4.2"),
    "resnet32": (RESIDUAL, 5, 464_154, 92.49, f"{V1}, section 4.2"),
    "resnet44": (RESIDUAL, 7, 658_586, 92.83, f"{V1}, section 4.2"),
    "resnet56": (RESIDUAL, 9, 853_018, 93.03, f"{V1}, section 4.2"),
    "resnet110": (RESIDUAL, 18, 1_727_962, 93.57, f"{V1}, section 4.2"),
    "resnet1202": (RESIDUAL, 200, 19_421_274, 92.07, f"{V1}, section 4.2"),
    "plain20": (PLAIN, 3, 269_722, None, PLAIN_PAPER),
    "plain56": (PLAIN, 9, 853_018, None, PLAIN_PAPER),
    "se_resnet20": (EXCITED, 3, None, None, SE),
}
WIDE = {  # blocks a stage, times the width (table 4 of Wide Residual Networks), parameters, top-1 on CIFAR-10
    "wrn_40_4": (6, 4, 8_949_210, 95.47),
    "wrn_28_10": (4, 10, 36_479_194, 96.00),
}


def cifar_resnet(net: Wiring[Tensor], x: Tensor, block: Block, blocks: int) -> Tensor:
    """Three stages of 16, 32 and 64 filters (section 4.2)."""
    x = net.conv_norm_act(x, 16, 3, name="stem")
    for at in places((blocks,) * 3, 16):
        x = block(net, x, at)
    return x


def wide_resnet(net: Wiring[Tensor], x: Tensor, blocks: int, width: int) -> Tensor:
    """Few blocks with many filters, in the form of version 2."""
    x = net.conv(x, 16, 3, bias=False, name="stem_conv")
    for at in places((blocks,) * 3, 16 * width):
        x = preactivated_basic(net, x, at, bias=False)
    return net.act(net.norm(x, name="last_norm"), name="last")


for _name, (_block, _blocks, _parameters, _top1, _paper) in NETWORKS.items():
    architecture(
        _name,
        32,
        num_classes=10,
        paper=_paper,
        parameters=_parameters,
        top1=_top1,
        top1_source=V1_TABLE if _top1 else "",
        wiring=WIRING,
    )(partial(cifar_resnet, block=_block, blocks=_blocks))

for _name, (_blocks, _width, _parameters, _top1) in WIDE.items():
    architecture(
        _name,
        32,
        num_classes=10,
        paper=WRN,
        parameters=_parameters,
        top1=_top1,
        top1_source="CIFAR-10; paper, table 5",
        wiring=WIRING,
    )(partial(wide_resnet, blocks=_blocks, width=_width))
