"""NASNet-A: Zoph et al., Learning Transferable Architectures for Scalable Image Recognition, 2018."""

from dataclasses import dataclass
from functools import partial

from imgcls.models.registry import architecture
from imgcls.models.weights.published import keras_twin
from imgcls.models.wiring import Sides, Tensor, Wiring

Step = tuple[int | str, str]  # what is done, to which map

AVERAGE, MAX, KEPT = "average", "max", "kept"  # 3x3 poolings, and the map as it is; a number: separable convolutions
NOW, BEFORE = "now", "before"  # the outputs of the cell before, and of the one before that
NORMAL: tuple[tuple[Step, Step], ...] = (  # pairs of steps that are added up; figure 4
    ((5, NOW), (3, BEFORE)),
    ((5, BEFORE), (3, BEFORE)),
    ((AVERAGE, NOW), (KEPT, BEFORE)),
    ((AVERAGE, BEFORE), (AVERAGE, BEFORE)),
    ((3, NOW), (KEPT, NOW)),
)
REDUCTION: tuple[tuple[Step, Step], ...] = (  # a sum that is taken up again is called by its number
    ((5, NOW), (7, BEFORE)),
    ((MAX, NOW), (7, BEFORE)),
    ((AVERAGE, NOW), (5, BEFORE)),
    ((KEPT, "2"), (AVERAGE, "1")),
    ((3, "1"), (MAX, NOW)),
)
SIZES = {  # stem, cells, filters and skipping as `nasnet` has them; image size, drop path, parameters, top-1
    "nasnet_mobile": (32, 4, 44, False, 224, 0.0, 5_289_978, 74.0),
    "nasnet_large": (96, 6, 168, True, 331, 0.3, 88_753_150, 82.7),
}


@dataclass(frozen=True)
class Cell:
    """What the steps of one cell share.

    Attributes:
        name: Begins the names of its layers.
        filters: Of each convolution.
        strides: 2 in a reduction cell, of the steps on the outputs of other cells.
        position: In the network, in [0, 1]; see `Wiring.stochastic`.
    """

    name: str
    filters: int
    strides: int
    position: float


def separable(net: Wiring[Tensor], x: Tensor, kernel_size: int, strides: int, cell: Cell, name: str) -> Tensor:
    """Twice: activation, depthwise and 1x1 convolution, normalization (appendix A.4)."""
    for turn in (1, 2):
        here = f"{name}_{turn}"
        x = net.depthwise(
            net.act(x, name=here), kernel_size, strides if turn == 1 else 1, bias=False, name=f"{here}_depthwise_conv"
        )
        x = net.norm(net.conv(x, cell.filters, 1, name=f"{here}_conv"), name=f"{here}_norm")
    return x


def fitted(net: Wiring[Tensor], x: Tensor, like: Tensor, cell: Cell) -> Tensor:
    """A map with the filters of the cell and the height and width of another one, if it has not got them.

    A larger map is taken at every second position, once from the first and once from the second row and column on.
    """
    name = f"{cell.name}_before"
    if net.size(x) != net.size(like):
        x = net.act(x, name=name)
        end: Sides = ((0, 1), (0, 1))
        moved = net.crop(net.zero_pad(x, end, name=f"{name}_pad"), ((1, 0), (1, 0)), name=f"{name}_moved")
        halves = [
            net.conv(each, cell.filters // 2, 1, 2, name=f"{name}_conv{i}") for i, each in enumerate((x, moved), 1)
        ]
        return net.norm(net.concat(halves, name=f"{name}_concat"), name=f"{name}_norm")
    return x if net.channels(x) == cell.filters else projected(net, x, cell, name)


def projected(net: Wiring[Tensor], x: Tensor, cell: Cell, name: str) -> Tensor:
    """Activation, 1x1 convolution, normalization."""
    x = net.conv(net.act(x, name=name), cell.filters, 1, name=f"{name}_conv")
    return net.norm(x, name=f"{name}_norm")


def halving_zeros(net: Wiring[Tensor], x: Tensor) -> Sides:
    """The zeros around a map with which windows of 3x3 positions and strides of 2 fit, more of them at the end."""
    height, width = ((size % 2, 1) for size in net.size(x))
    return height, width


def cell_outputs(
    net: Wiring[Tensor], now: Tensor, before: Tensor, pairs: tuple[tuple[Step, Step], ...], cell: Cell
) -> list[Tensor]:
    """The sums of the pairs of steps, in their order."""
    maps = {NOW: now, BEFORE: before}
    if cell.strides == 2:
        maps["padded"] = net.zero_pad(now, halving_zeros(net, now), name=f"{cell.name}_pad")
    done: dict[Step, Tensor] = {}
    for number, pair in enumerate(pairs, start=1):
        branches = []
        for side, step in zip(("left", "right"), pair, strict=True):
            if step not in done or isinstance(step[0], int):
                done[step] = taken(net, maps, step, cell, f"{cell.name}_{side}{number}")
            branches.append(done[step])
        maps[str(number)] = net.add(*branches, name=f"{cell.name}_sum{number}")
    return [maps[str(number)] for number in range(1, len(pairs) + 1)]


def taken(net: Wiring[Tensor], maps: dict[str, Tensor], step: Step, cell: Cell, name: str) -> Tensor:
    """One step."""
    kind, source = step
    strides = cell.strides if source in (NOW, BEFORE) else 1
    if kind == KEPT:
        return maps[source]
    if isinstance(kind, int):
        x = separable(net, maps[source], kind, strides, cell, name)
    elif strides == 2:
        x = (net.max_pool if kind == MAX else net.average_pool)(maps["padded"], 3, 2, name=name)
    else:
        x = net.average_pool(maps[source], 3, 1, padding="same", name=name)
    return net.stochastic(x, cell.position, name=f"{name}_drop")


def normal_cell(net: Wiring[Tensor], x: Tensor, before: Tensor, cell: Cell) -> Tensor:
    """A cell that keeps height and width (figure 4, left)."""
    before = fitted(net, before, x, cell)
    now = projected(net, x, cell, f"{cell.name}_now")
    return net.concat([before, *cell_outputs(net, now, before, NORMAL, cell)], name=cell.name)


def reduction_cell(net: Wiring[Tensor], x: Tensor, before: Tensor, cell: Cell) -> Tensor:
    """A cell that halves height and width (figure 4, right)."""
    before = fitted(net, before, x, cell) if before is not x else x  # the first cell has one input
    now = projected(net, x, cell, f"{cell.name}_now")
    return net.concat(cell_outputs(net, now, before, REDUCTION, cell)[1:], name=cell.name)


def nasnet(net: Wiring[Tensor], x: Tensor, stem: int, cells: int, filters: int, skipping: bool) -> Tensor:
    """Two reduction cells, then three rows of normal cells with a reduction cell between two of them (figure 2).

    Args:
        stem: Filters of the first convolution.
        cells: Normal cells in each row.
        filters: Of the first row; each later one has twice as many.
        skipping: Whether the first cell of a row looks past the reduction cell, at the output of the last but one cell
            of the row before.
    """
    x = before = net.norm(net.conv(x, stem, 3, 2, padding="valid", name="stem_conv"), name="stem_norm")
    total = 3 * cells + 4
    for number, share in ((1, 4), (2, 2)):
        cell = Cell(f"stem_cell{number}", filters // share, 2, number / total)
        x, before = reduction_cell(net, x, before, cell), x
    done = 2
    for row in (1, 2, 3):
        width = filters * 2 ** (row - 1)
        if row > 1:
            done += 1
            y = reduction_cell(net, x, before, Cell(f"reduction{row - 1}", width, 2, done / total))
            x, before = y, before if skipping else x
        for number in range(1, cells + 1):
            done += 1
            cell = Cell(f"row{row}_cell{number}", width, 1, done / total)
            x, before = normal_cell(net, x, before, cell), x
    return net.act(x, name="last")


for _name, (_stem, _cells, _filters, _skipping, _image_size, _drop_path, _parameters, _top1) in SIZES.items():
    architecture(
        _name,
        _image_size,
        paper="Zoph et al., NASNet, 2018",
        parameters=_parameters,
        top1=_top1,
        top1_source="ImageNet; paper, tables 2 and 3",
        weights=keras_twin(f"NASNet{_name.removeprefix('nasnet_').title()}", "tf"),
        wiring={"norm_momentum": 0.9997, "dropout": 0.5, "drop_path": _drop_path},
    )(partial(nasnet, stem=_stem, cells=_cells, filters=_filters, skipping=_skipping))
