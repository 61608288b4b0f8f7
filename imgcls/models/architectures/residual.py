"""The blocks of residual networks.

He et al., Deep Residual Learning for Image Recognition, 2015, figure 5: basic and bottleneck.
He et al., Identity Mappings in Deep Residual Networks, 2016, figure 4: both with preactivation.

A block is a function of the wiring, its input, and its place in the network.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from imgcls.models.wiring import Tensor, Wiring

Block = Callable[..., Any]  # (net, x, place) -> x
Shortcut = Callable[..., Any]  # (net, x, channels of the output, place) -> x


@dataclass(frozen=True)
class Place:
    """Where a block stands in its network.

    Attributes:
        stage: Number of its stage, from 1.
        block: Number of the block in its stage, from 1.
        filters: Of its 3x3 convolutions.
        strides: Of the block.
        position: Share of all blocks up to this one, in (0, 1].
    """

    stage: int
    block: int
    filters: int
    strides: int
    position: float

    @property
    def name(self) -> str:
        """Begins the names of the block's layers."""
        return f"stage{self.stage}_block{self.block}"


def places(blocks: Sequence[int], filters: int, stride_last: bool = False) -> Iterator[Place]:
    """The places of all blocks, in order.

    Args:
        blocks: The number of blocks in each stage.
        filters: Of the first stage; each further stage has twice as many.
        stride_last: Whether the last block of a stage halves the map, or the first block of the next stage.
    """
    done = 0
    for stage, count in enumerate(blocks, start=1):
        for block in range(1, count + 1):
            done += 1
            halves = block == count and stage < len(blocks) if stride_last else block == 1 and stage > 1
            yield Place(stage, block, filters * 2 ** (stage - 1), 2 if halves else 1, done / sum(blocks))


# Shortcuts between an input and an output of other shapes


def projection(net: Wiring[Tensor], x: Tensor, outputs: int, at: Place) -> Tensor:
    """A 1x1 convolution (option B)."""
    return conv_norm(net, x, outputs, 1, at.strides, f"{at.name}_shortcut")


def zero_padding(net: Wiring[Tensor], x: Tensor, outputs: int, at: Place) -> Tensor:
    """Zeros for the channels that are missing (option A)."""
    return net.parameter_free_shortcut(x, outputs, at.strides, name=f"{at.name}_shortcut")


def conv_norm(net: Wiring[Tensor], x: Tensor, filters: int, kernel_size: int, strides: int, name: str) -> Tensor:
    """Convolution and normalization, without an activation."""
    return net.norm(net.conv(x, filters, kernel_size, strides, name=f"{name}_conv"), name=f"{name}_norm")


# Blocks with the activation at the end


def basic(net: Wiring[Tensor], x: Tensor, at: Place, shortcut: Shortcut | None = projection, excite: int = 0) -> Tensor:
    """Two 3x3 convolutions.

    Args:
        shortcut: `projection`, `zero_padding`, or None for a plain network, which has no shortcuts at all.
        excite: By how much squeeze-and-excitation reduces the channels; 0 leaves it out.
    """
    kept = kept_input(net, x, at.filters, at, shortcut) if shortcut else None
    x = net.conv_norm_act(x, at.filters, 3, at.strides, name=f"{at.name}_1")
    x = conv_norm(net, x, at.filters, 3, 1, f"{at.name}_2")
    return joined(net, kept, _excited(net, x, excite, at), at)


def bottleneck(
    net: Wiring[Tensor],
    x: Tensor,
    at: Place,
    stride_first: bool = True,
    excite: int = 0,
    groups: int = 1,
    width: int = 1,
) -> Tensor:
    """1x1, 3x3 and 1x1 convolutions.

    Args:
        stride_first: Whether the first convolution has the stride (v1) or the 3x3 convolution (v1.5).
        excite: As for `basic`.
        groups: Of the 3x3 convolution.
        width: Times `at.filters`, the filters of the first two convolutions.
    """
    first, second = (at.strides, 1) if stride_first else (1, at.strides)
    kept = kept_input(net, x, 4 * at.filters, at, projection)
    x = net.conv_norm_act(x, width * at.filters, 1, first, name=f"{at.name}_1")
    x = net.conv_norm_act(x, width * at.filters, 3, second, groups=groups, name=f"{at.name}_2")
    x = conv_norm(net, x, 4 * at.filters, 1, 1, f"{at.name}_3")
    return joined(net, kept, _excited(net, x, excite, at), at)


def kept_input(net: Wiring[Tensor], x: Tensor, outputs: int, at: Place, shortcut: Shortcut) -> Tensor:
    """What a block adds its branch to: its input, or a shortcut where the output has another shape."""
    same = at.strides == 1 and net.channels(x) == outputs
    return x if same else shortcut(net, x, outputs, at)


def _excited(net: Wiring[Tensor], x: Tensor, excite: int, at: Place) -> Tensor:
    return net.squeeze_excite(x, max(net.channels(x) // excite, 4), name=f"{at.name}_excite") if excite else x


def joined(net: Wiring[Tensor], kept: Tensor | None, x: Tensor, at: Place) -> Tensor:
    """The end of a block: the branch `x`, added to what was kept, and the activation."""
    if kept is not None:
        x = net.add(kept, net.stochastic(x, at.position, name=f"{at.name}_drop"), name=f"{at.name}_add")
    return net.act(x, name=at.name)


# Blocks with normalisation and activation before each convolution


def preactivated_basic(net: Wiring[Tensor], x: Tensor, at: Place, bias: bool = True) -> Tensor:
    """Two 3x3 convolutions, with dropout between them. bias: of the convolutions that no normalisation follows."""
    before, kept = _preactivated(net, x, at.filters, at, bias)
    x = net.conv_norm_act(before, at.filters, 3, at.strides, name=f"{at.name}_1")
    x = net.dropped(x, name=f"{at.name}_dropout")
    x = net.conv(x, at.filters, 3, bias=bias, name=f"{at.name}_2_conv")
    return net.add(kept, net.stochastic(x, at.position, name=f"{at.name}_drop"), name=at.name)


def preactivated_bottleneck(net: Wiring[Tensor], x: Tensor, at: Place, bias: bool = True) -> Tensor:
    """1x1, 3x3 and 1x1 convolutions. bias: as for `preactivated_basic`."""
    before, kept = _preactivated(net, x, 4 * at.filters, at, bias)
    x = net.conv_norm_act(before, at.filters, 1, name=f"{at.name}_1")
    x = net.conv_norm_act(x, at.filters, 3, at.strides, name=f"{at.name}_2")
    x = net.conv(x, 4 * at.filters, 1, bias=bias, name=f"{at.name}_3_conv")
    return net.add(kept, net.stochastic(x, at.position, name=f"{at.name}_drop"), name=at.name)


def _preactivated(net: Wiring[Tensor], x: Tensor, outputs: int, at: Place, bias: bool) -> tuple[Tensor, Tensor]:
    """The input of the convolutions, and the shortcut: a 1x1 convolution in the first block of a stage."""
    before = net.act(net.norm(x, name=f"{at.name}_0_norm"), name=f"{at.name}_0")
    if at.block == 1:
        return before, net.conv(before, outputs, 1, at.strides, bias=bias, name=f"{at.name}_shortcut_conv")
    return before, net.max_pool(x, 1, at.strides, name=f"{at.name}_shortcut") if at.strides > 1 else x
