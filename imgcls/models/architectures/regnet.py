"""RegNets: residual networks of groups of channels, whose widths follow one line.

Radosavovic et al., Designing Network Design Spaces, 2020. RegNetY is RegNetX with squeeze-and-excitation.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from math import log

from imgcls.models.architectures.residual import Place, conv_norm, joined, kept_input, projection
from imgcls.models.registry import StateDictNames, architecture
from imgcls.models.wiring import Tensor, Wiring

STEM = 32  # filters
EXCITE = 4  # by how much RegNetY's squeeze-and-excitation reduces the channels that enter the block
EIGHT = 8  # that widths are multiples of
KEPT_WIDTH = 0.9  # share of a stage's width below which torchvision does not round it to a multiple of the groups


@dataclass(frozen=True)
class Line:
    """The line that the widths of the blocks follow (section 3.3 of the paper).

    Attributes:
        depth: Blocks.
        first: Width of the first block, w_0.
        slope: By which the width grows from block to block before it is quantized, w_a.
        factor: From each width to the next, w_m.
        group_width: Channels of a group.
    """

    depth: int
    first: int
    slope: float
    factor: float
    group_width: int

    def stages(self, keep_width: bool = False) -> list[tuple[int, int, int]]:
        """(blocks, width, channels of a group) of each stage.

        Args:
            keep_width: Whether a width that rounding would take more than a tenth of is rounded up, as in torchvision.
        """
        widths = [self._quantized(self.first + self.slope * block) for block in range(self.depth)]
        stages = []
        for width, blocks in groupby(widths):
            group = min(self.group_width, width)
            fitting = _nearest(width, group, keep_width)
            stages.append((len(list(blocks)), fitting, group))
        return stages

    def _quantized(self, width: float) -> int:
        exponent = round(log(width / self.first) / log(self.factor))
        return round(self.first * self.factor**exponent / EIGHT) * EIGHT


def _nearest(width: int, group: int, keep_width: bool) -> int:
    """The multiple of `group` that is nearest to the width."""
    if not keep_width:
        return round(width / group) * group
    rounded = (width + group // 2) // group * group
    return rounded if rounded >= KEPT_WIDTH * width else rounded + group


def places(stages: list[tuple[int, int, int]]) -> Iterator[tuple[Place, int]]:
    """The places of all blocks, in order, and the channels of a group; each stage halves the map."""
    done, total = 0, sum(blocks for blocks, _, _ in stages)
    for stage, (blocks, width, group) in enumerate(stages, start=1):
        for block in range(1, blocks + 1):
            done += 1
            yield Place(stage, block, width, 2 if block == 1 else 1, done / total), group


def block(net: Wiring[Tensor], x: Tensor, at: Place, group_width: int, excite: bool) -> Tensor:
    """1x1, grouped 3x3 and 1x1 convolutions of one width, with squeeze-and-excitation before the last of RegNetY."""
    kept, reduced = kept_input(net, x, at.filters, at, projection), round(net.channels(x) / EXCITE)
    x = net.conv_norm_act(x, at.filters, 1, name=f"{at.name}_1")
    x = net.conv_norm_act(x, at.filters, 3, at.strides, groups=at.filters // group_width, name=f"{at.name}_2")
    if excite:
        x = net.squeeze_excite(x, reduced, name=f"{at.name}_excite")
    return joined(net, kept, conv_norm(net, x, at.filters, 1, 1, f"{at.name}_3"), at)


def regnet(net: Wiring[Tensor], x: Tensor, stages: list[tuple[int, int, int]], excite: bool) -> Tensor:
    """The whole network. stages: as `Line.stages` has them."""
    x = net.conv_norm_act(x, STEM, 3, 2, name="stem")
    for at, group_width in places(stages):
        x = block(net, x, at, group_width, excite)
    return x


@dataclass(frozen=True)
class Names:
    """How a PyTorch project names the layers of a RegNet.

    Attributes:
        fixed: Of the layers outside the blocks, by our names.
        block: Of a block, by its stage and its number.
        parts: Of the convolutions of a block and of its shortcut, in the order of `PARTS`.
        kinds: Of a convolution and its normalization, within a part.
        excite: Of the squeeze-and-excitation.
    """

    fixed: dict[str, str]
    block: Callable[[int, int], str]
    parts: tuple[str, ...]
    kinds: tuple[str, str]
    excite: str

    def __call__(self, layer: str) -> str | tuple[str, str]:
        """The name of one of our layers there. Raises ValueError if it has none."""
        if layer in self.fixed:
            return self.fixed[layer]
        place = re.fullmatch(r"stage(\d+)_block(\d+)_(?:(excite)|(\w+)_(conv|norm))", layer)
        if place is None:
            raise ValueError(f"The layer {layer} is in no block; expected a name such as stage1_block1_1_conv.")
        block = self.block(int(place[1]), int(place[2]))
        if place[3]:
            return f"{block}.{self.excite}.fc1", f"{block}.{self.excite}.fc2"
        return f"{block}.{self.parts[PARTS.index(place[4])]}.{self.kinds[KINDS.index(place[5])]}"


PARTS, KINDS = ("1", "2", "3", "shortcut"), ("conv", "norm")  # of a block's layers, as they are called here
TORCHVISION = Names(
    {"stem_conv": "stem.0", "stem_norm": "stem.1", "logits": "fc"},
    lambda stage, number: f"trunk_output.block{stage}.block{stage}-{number - 1}",
    ("f.a", "f.b", "f.c", "proj"),
    ("0", "1"),
    "f.se",
)
TIMM = Names(
    {"stem_conv": "stem.conv", "stem_norm": "stem.bn", "logits": "head.fc"},
    lambda stage, number: f"s{stage}.b{number}",
    ("conv1", "conv2", "conv3", "downsample"),
    ("conv", "bn"),
    "se",
)


PAPER = "Radosavovic et al., Designing Network Design Spaces, 2020"
TOP1_SOURCE = "ImageNet; the authors' pycls"
NAMES = (StateDictNames("torchvision", TORCHVISION), StateDictNames("timm", TIMM))
WIRING = {"padding": "symmetric", "norm_epsilon": 1e-5, "norm_momentum": 0.9}
X = {  # multiply-adds of a network without squeeze-and-excitation: its line, parameters, top-1
    "200mf": (Line(13, 24, 36.44, 2.49, 8), 2_684_792, 68.9),
    "400mf": (Line(22, 24, 24.48, 2.54, 16), 5_157_512, 72.6),
    "600mf": (Line(16, 48, 36.97, 2.24, 24), 6_196_040, 74.1),
    "800mf": (Line(16, 56, 35.73, 2.28, 16), 7_259_656, 75.2),
    "1_6gf": (Line(18, 80, 34.01, 2.25, 24), 9_190_136, 77.0),
    "3_2gf": (Line(25, 88, 26.31, 2.25, 48), 15_296_552, 78.3),
    "4gf": (Line(23, 96, 38.65, 2.43, 40), 22_118_248, 78.6),
    "6_4gf": (Line(17, 184, 60.83, 2.07, 56), 26_209_256, 79.2),
    "8gf": (Line(23, 80, 49.56, 2.88, 120), 39_572_648, 79.3),
}
Y = {  # the same with squeeze-and-excitation
    "200mf": (X["200mf"][0], 3_162_996, 70.3),
    "400mf": (Line(16, 48, 27.89, 2.09, 8), 4_344_144, 74.1),
    "600mf": (Line(15, 48, 32.54, 2.32, 16), 6_055_160, 75.5),
    "800mf": (Line(14, 56, 38.84, 2.4, 16), 6_263_168, 76.3),
    "1_6gf": (Line(27, 48, 20.71, 2.65, 24), 11_202_430, 77.9),
    "3_2gf": (Line(21, 80, 42.63, 2.66, 24), 19_436_338, 78.9),
    "4gf": (Line(22, 96, 31.41, 2.24, 64), 20_646_656, 79.4),
    "6_4gf": (Line(25, 112, 33.22, 2.27, 72), 30_583_252, 79.9),
    "8gf": (Line(17, 192, 76.82, 2.19, 56), 39_180_068, 79.9),
}
WIDER = {  # where torchvision keeps a width that the paper rounds down: parameters, top-1 of torchvision
    "regnet_x_400mf": (5_495_976, 72.83),
    "regnet_y_800mf": (6_432_512, 76.42),
    "regnet_y_8gf": (39_381_472, 80.03),
}


def register(name: str, stages: list[tuple[int, int, int]], excite: bool, **facts: object) -> None:
    """Add one network to the table."""
    facts = {"paper": PAPER, "state_dicts": NAMES, "wiring": WIRING, **facts}
    architecture(name, 224, **facts)(partial(regnet, stages=stages, excite=excite))


for _letter, _networks in (("x", X), ("y", Y)):
    for _size, (_line, _parameters, _top1) in _networks.items():
        _name, _excite = f"regnet_{_letter}_{_size}", _letter == "y"
        register(_name, _line.stages(), _excite, parameters=_parameters, top1=_top1, top1_source=TOP1_SOURCE)
        if _name in WIDER:
            _parameters, _top1 = WIDER[_name]
            _facts = {"parameters": _parameters, "top1": _top1, "top1_source": "ImageNet; torchvision"}
            register(f"{_name}_torchvision", _line.stages(keep_width=True), _excite, **_facts)
