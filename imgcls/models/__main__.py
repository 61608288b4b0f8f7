"""List the architectures with what each costs, or show one layer by layer, before it is built.

Everything is computed from formulas and needs no TensorFlow.

Examples:
  python -m imgcls.models
  python -m imgcls.models show vgg16
  python -m imgcls.models show vgg16 --image-size 64 --num-classes 10
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from imgcls.cli import command
from imgcls.command_line import command_line
from imgcls.models.cost import NetworkCost, describe
from imgcls.models.receptive_field import UNKNOWN, Seen
from imgcls.models.registry import Architecture, find_architecture, is_foreign, list_models


@dataclass(frozen=True)
class Options:
    """What to print."""

    action: Annotated[Literal["list", "show"], tyro.conf.Positional] = "list"  # list: all of them; show: one, by layers
    model: Annotated[str, tyro.conf.Positional] = ""  # the architecture to show
    image_size: int = 0  # pixels, square; 0: the paper's own
    num_classes: int = 0  # outputs; 0: the paper's own


def main(options: Options) -> int:
    """Print the table that was asked for."""
    if options.action == "list":
        if options.model:
            raise ValueError(f"To see one architecture: {command_line('models', 'show', options.model)}")
        lines = listing(_described(find_architecture(name), options) for name in list_models())
    elif options.model:
        if options.model.endswith(".py") or is_foreign(options.model):  # it makes Keras layers
            command.import_tensorflow()
        architecture = find_architecture(options.model)
        lines = layer_table(architecture, _cost(architecture, options))
    else:
        raise ValueError("Which architecture? For example: python -m imgcls.models show vgg16")
    print("\n".join(lines))
    return command.OK


def _cost(architecture: Architecture, options: Options) -> NetworkCost:
    size = options.image_size or architecture.image_size
    return describe(architecture.name, (size, size, architecture.channels), options.num_classes or None)


def _described(architecture: Architecture, options: Options) -> tuple[Architecture, NetworkCost | None]:
    """None for a description at a size that is too small for the network."""
    try:
        return architecture, _cost(architecture, options)
    except ValueError:
        return architecture, None


def listing(described: Iterable[tuple[Architecture, NetworkCost | None]]) -> list[str]:
    """One line for each architecture."""
    rows = [("name", "input", "parameters", "MACs", "activations", "top-1", "published")]
    for architecture, cost in described:
        if cost is None:
            rows.append((architecture.name, "too small", "", "", "", "", ""))
            continue
        top1 = "" if architecture.top1 is None else f"{architecture.top1:.1f} %"
        rows.append(
            (
                architecture.name,
                "x".join(map(str, cost.input_shape)),
                f"{cost.parameters:,}",
                amount(cost.macs),
                f"{cost.activation_bytes / 1e6:,.1f} MB",
                top1,
                architecture.top1_source,
            )
        )
    return [
        *aligned(rows, left=(0, 6)),
        "",
        "Trainable parameters; MACs (multiply-accumulates, 2 FLOPs each) of one image; activations: the outputs of all "
        "layers for one image in float32.",
        "Layer by layer: python -m imgcls.models show NAME",
    ]


def layer_table(architecture: Architecture, cost: NetworkCost) -> list[str]:
    """One line for each layer, and what it all comes to."""
    rows = [("layer", "what", "output", "parameters", "MACs", "field", "position", "stride")]
    for row in cost.layers:
        numbers = (
            f"{row.parameters:,}" if row.parameters else "",
            _counted(row.macs),
        )
        rows.append((row.name, row.kind, "x".join(map(str, row.shape)), *numbers, *field_columns(row.fields)))
    published = f" Published: {architecture.paper}." if architecture.paper else ""
    return [
        *aligned(rows, left=(0, 1)),
        "",
        f"{cost.name} at {'x'.join(map(str, cost.input_shape))}: {cost.parameters:,} trainable "
        f"parameters, {'at least ' if cost.uncounted else ''}{amount(cost.macs)} MACs, "
        f"{cost.activation_bytes / 1e6:,.1f} MB of activations for one image in float32.{published}",
        "The receptive field, in pixels, is that of the first position: its size, its centre, and the way to the next.",
        *_what_is_unknown(cost),
        "It follows convolutions and poolings; through squeeze-and-excitation a layer sees the whole image besides.",
    ]


def _what_is_unknown(cost: NetworkCost) -> list[str]:
    if not cost.uncounted:
        return []
    return [f"Unknown: what {', '.join(cost.uncounted)} costs and sees, of kinds that the table has no formula for."]


def _counted(macs: int | None) -> str:
    if macs is None:
        return UNKNOWN
    return amount(macs) if macs else ""


def field_columns(fields: Seen) -> tuple[str, str, str]:
    """Size, position and stride; height and width are named apart where they differ."""
    if fields is None:
        return "all", "", ""
    if fields == UNKNOWN:
        return UNKNOWN, "", ""

    def column(name: str) -> str:
        values = [f"{getattr(seen, name):g}" for seen in fields]
        return values[0] if values[0] == values[1] else "x".join(values)

    return column("size"), column("position"), column("stride")


def amount(count: int) -> str:
    """A count with three digits or more and its unit."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if count >= size:
            return f"{count / size:.3g} {unit}" if count < 1000 * size else f"{count / size:,.0f} {unit}"
    return str(count)


def aligned(rows: Sequence[tuple[str, ...]], left: tuple[int, ...]) -> list[str]:
    """Columns as wide as their widest cell; `left` are those of words, the others are of numbers."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(w) if i in left else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


if __name__ == "__main__":
    command.run(main, Options, __doc__)
