"""RepVGG: Ding et al., RepVGG: Making VGG-style ConvNets Great Again, 2021.

What is trained has three branches a block. `imgcls.models.merging` makes one 3x3 convolution of them for prediction.
"""

import re
from dataclasses import dataclass
from functools import partial

from imgcls.models.architectures.residual import conv_norm
from imgcls.models.registry import StateDictNames, architecture
from imgcls.models.wiring import Tensor, Wiring

FILTERS = (64, 128, 256, 512)  # of each stage, before the widths of a network
STEM = 64  # filters at most
A, B = (2, 4, 14, 1), (4, 6, 16, 1)  # blocks in each stage; table 2 of the paper


@dataclass(frozen=True)
class Row:
    """A network of table 3.

    Attributes:
        blocks: In each stage.
        width: Of the first three stages; times `FILTERS`.
        last_width: Of the last stage.
        parameters: While it is trained.
        top1: In percent.
    """

    blocks: tuple[int, ...]
    width: float
    last_width: float
    parameters: int
    top1: float

    @property
    def filters(self) -> list[int]:
        """Of each stage."""
        widths = (self.width, self.width, self.width, self.last_width)
        return [int(filters * width) for filters, width in zip(FILTERS, widths, strict=True)]


NETWORKS = {
    "repvgg_a0": Row(A, 0.75, 2.5, 9_108_968, 72.41),
    "repvgg_a1": Row(A, 1.0, 2.5, 14_092_264, 74.46),
    "repvgg_a2": Row(A, 1.5, 2.75, 28_210_600, 76.48),
    "repvgg_b0": Row(B, 1.0, 2.5, 15_817_960, 75.14),
    "repvgg_b1": Row(B, 2.0, 4.0, 57_415_016, 78.37),
    "repvgg_b2": Row(B, 2.5, 5.0, 89_022_376, 78.78),
}


def block(net: Wiring[Tensor], x: Tensor, filters: int, strides: int, name: str) -> Tensor:
    """A 3x3 and a 1x1 convolution and, where the shape stays, the input, each normalized; their sum, activated."""
    kept = net.norm(x, name=f"{name}_identity_norm") if strides == 1 and net.channels(x) == filters else None
    wide = conv_norm(net, x, filters, 3, strides, f"{name}_wide")
    narrow = conv_norm(net, x, filters, 1, strides, f"{name}_narrow")
    x = net.add(wide, narrow, name=f"{name}_convolutions")
    return net.act(x if kept is None else net.add(x, kept, name=f"{name}_sum"), name=name)


def repvgg(net: Wiring[Tensor], x: Tensor, blocks: tuple[int, ...], filters: list[int]) -> Tensor:
    """The whole network; each stage halves the map."""
    x = block(net, x, min(STEM, filters[0]), 2, "stem")
    for stage, (count, width) in enumerate(zip(blocks, filters, strict=True), start=1):
        for number in range(1, count + 1):
            x = block(net, x, width, 2 if number == 1 else 1, f"stage{stage}_block{number}")
    return x


AUTHORS = {
    "wide_conv": "rbr_dense.conv",
    "wide_norm": "rbr_dense.bn",
    "narrow_conv": "rbr_1x1.conv",
    "narrow_norm": "rbr_1x1.bn",
    "identity_norm": "rbr_identity",
}
TIMM = {
    "wide_conv": "conv_kxk.conv",
    "wide_norm": "conv_kxk.bn",
    "narrow_conv": "conv_1x1.conv",
    "narrow_norm": "conv_1x1.bn",
    "identity_norm": "identity",
}


def authors_name(layer: str) -> str:
    """The name that the authors give to one of our layers."""
    if layer == "logits":
        return "linear"
    stage, number, part = _in_block(layer)
    return f"stage{stage}.{number}.{AUTHORS[part]}" if stage else f"stage0.{AUTHORS[part]}"


def timm_name(layer: str) -> str:
    """The name that timm gives to one of our layers."""
    if layer == "logits":
        return "head.fc"
    stage, number, part = _in_block(layer)
    return f"stages.{stage - 1}.{number}.{TIMM[part]}" if stage else f"stem.{TIMM[part]}"


def _in_block(layer: str) -> tuple[int, int, str]:
    """(stage, block from 0, part) of a layer; stage 0 is the stem."""
    place = re.fullmatch(r"(?:stem|stage(\d+)_block(\d+))_([a-z]+_[a-z]+)", layer)
    if place is None:
        raise ValueError(f"The layer {layer} is in no block; expected a name such as stage1_block1_wide_conv.")
    return int(place[1] or 0), int(place[2] or 1) - 1, place[3]


NAMES = (StateDictNames("timm", timm_name), StateDictNames("the authors' RepVGG", authors_name))
WIRING = {"padding": "symmetric", "norm_epsilon": 1e-5, "norm_momentum": 0.9}

for _name, _row in NETWORKS.items():
    architecture(
        _name,
        224,
        paper="Ding et al., RepVGG, 2021",
        parameters=_row.parameters,
        top1=_row.top1,
        top1_source="ImageNet; paper, table 4",
        state_dicts=NAMES,
        wiring=WIRING,
    )(partial(repvgg, blocks=_row.blocks, filters=_row.filters))
