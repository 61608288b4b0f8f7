"""The views of layers: their table, the first filters, activation maps, statistics of units, receptive fields."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from imgcls.counted import counted
from imgcls.evaluation.pages.section import Section, TextTable
from imgcls.explain.drawing.picture import Picture
from imgcls.explain.views.activation_maps import activation_maps, activation_picture
from imgcls.explain.views.first_filters import filters_picture, first_filters
from imgcls.explain.views.layers_table import layers_table
from imgcls.explain.views.receptive_field import (
    center,
    effective_field,
    effective_picture,
    field_picture,
    strongest_position,
)
from imgcls.explain.views.statistics_picture import layers_picture, units_picture
from imgcls.explain.views.unit_statistics import UnitStatistics, statistics_table, unit_statistics
from imgcls.workflow.explanation.explaining import Explaining
from imgcls.workflow.explanation.view import Found
from imgcls.workflow.explanation.written import file_name

WIDE = 700  # pixels, of a sheet in the page
DRAWN = 6  # layers whose units are drawn


def show_layers(explaining: Explaining) -> Found:
    """The table of the layers that can be looked into."""
    network = explaining.network
    table = layers_table(network)
    explaining.written.table("layers", table)
    last = f"; the last one, {network.layer().name}, is that of class activation maps" if network.last_map else ""
    said = f"{network.name} has {counted(len(table), 'feature map')}{last}."
    explaining.written.section(Section("layers", "Layers", (said,), table=_shown(table)))
    return Found((said,), table)


def show_filters(explaining: Explaining) -> Found:
    """The filters of the first layer."""
    network, written = explaining.network, explaining.written
    filters = first_filters(network)
    picture = filters_picture(filters, f"First filters of {network.name}", (written.title,))
    alike = filters_picture(filters, "The same, comparable between networks", (written.title,), unit_norm=True)
    written.picture("filters", picture)
    written.picture("filters-unit-norm", alike)
    written.arrays("filters", {"weights": filters.weights})
    count, height, width, _ = filters.weights.shape
    said = f"The first layer, {filters.layer}, has {counted(count, 'filter')} of {height} x {width} pixels."
    written.section(Section("filters", "First filters", (said,)), [picture, alike], WIDE // 2)
    return Found((said,))


def show_units(explaining: Explaining) -> Found:
    """How strongly and how often the units of each layer respond, and which are dead."""
    request, network, written = explaining.request, explaining.network, explaining.written
    network.layer(request.layer)
    looked_at = explaining.looked_at
    report = explaining.progress.of("Measuring units", len(looked_at))
    layers = [request.layer] if request.layer else []
    found = unit_statistics(network, (pixels for pixels, _ in looked_at), layers, report)
    table = statistics_table(found)
    written.table("units", table)
    dead = [each for each in found if len(each.dead)]
    said = f"Over {counted(len(looked_at), 'image')}, {looked_at.part}: " + (
        f"{counted(int(table['dead'].sum()), 'dead unit')} in {counted(len(dead), 'layer')} of {len(found)}."
        if dead
        else f"no unit of {counted(len(found), 'layer')} is dead."
    )
    lines = (network.name, looked_at.part)
    pictures = [layers_picture(found, "How much of each layer is active", lines)]
    pictures += [units_picture(each, f"Units of {each.layer}", lines) for each in _some(found)]
    for name, picture in zip(["units", *(f"units-{each.layer}" for each in _some(found))], pictures, strict=True):
        written.picture(name, picture)
    sentences = (said, *(each.sentence for each in dead[:10]))
    written.section(Section("units", "Units", sentences, table=_by_layer(table)), pictures, WIDE // 2)
    return Found(sentences[:3], None)


def show_activations(explaining: Explaining) -> Found:
    """The activation maps of a layer for each image."""
    request, network, written = explaining.request, explaining.network, explaining.written
    layer, (pixels, names, problems) = network.layer(request.layer), explaining.shown_images
    for unit in request.units:
        network.unit(layer.name, unit)
    if len(pixels):
        every = zip(pixels, names, activation_maps(network, pixels, layer.name), strict=True)
        pictures = []
        for place, (image, name, maps) in enumerate(every, start=1):
            lines = (f"layer {layer.name} of {network.name}", name)
            title = f"Activations of {layer.name}"
            pictures.append(activation_picture(image, maps, title, lines, units=request.units or None))
            file = f"activations-{layer.name}-{place:04d}-{file_name(Path(name).stem)}"
            written.picture(file, pictures[-1])
            written.arrays(file, {"pixels": image, "maps": maps})
        said = f"The activation maps of {layer.name} for {counted(len(pixels), 'image')}, all units on one scale."
        written.section(Section("activations", f"Activations of {layer.name}", (said,)), pictures, WIDE)
    return Found((f"{counted(len(pixels), 'image')} with the maps of {layer.name}.",), None, tuple(problems))


def show_receptive_field(explaining: Explaining) -> Found:
    """What a position of a layer sees of each image: by the formulas, and by how much each pixel moves it."""
    request, network, written = explaining.request, explaining.network, explaining.written
    layer, (pixels, names, problems) = network.layer(request.layer), explaining.shown_images
    unit = request.units[0] if request.units else None
    if unit is not None:
        network.unit(layer.name, unit)
    maps = activation_maps(network, pixels, layer.name) if len(pixels) and unit is not None else None
    pictures: list[Picture] = []
    for place, (image, name) in enumerate(zip(pixels, names, strict=True)):
        at = center(layer) if maps is None or unit is None else strongest_position(maps[place], unit)
        lines = (f"{network.name}, {name}", *(() if unit is None else (f"unit {unit}, where it responds most",)))
        effective = effective_field(network, image[None], layer.name, at, unit)
        both = (
            field_picture(image, layer, at, f"What {layer.name} sees", lines),
            effective_picture(image, effective, f"What moves {layer.name}", lines),
        )
        for kind, picture in zip(("theoretical", "effective"), both, strict=True):
            written.picture(f"receptive_field-{kind}-{place + 1:04d}-{file_name(Path(name).stem)}", picture)
        pictures += both
    said = f"What a position of {layer.name} sees: by the formulas as a box, and as heat how much each pixel moves it."
    written.section(Section("receptive-field", f"Receptive field of {layer.name}", (said,)), pictures)
    return Found((said,), None, tuple(problems))


def _some(found: Sequence[UnitStatistics]) -> list[UnitStatistics]:
    """At most `DRAWN` layers, spread over the depth."""
    return [found[place] for place in sorted({round(at) for at in np.linspace(0, len(found) - 1, DRAWN)})]


def _shown(table: pd.DataFrame) -> TextTable:
    rows = tuple(tuple("" if pd.isna(cell) else str(cell) for cell in row) for row in table.itertuples(index=False))
    return TextTable(tuple(map(str, table.columns)), rows)


def _by_layer(table: pd.DataFrame) -> TextTable:
    """A row for each layer: units, dead ones, and how much of it is active."""
    rows = [
        (str(layer), f"{len(units):,}", f"{units['dead'].sum():,}", f"{100 * units['active_positions'].mean():.0f} %")
        for layer, units in table.groupby("layer", sort=False)
    ]
    return TextTable(("layer", "units", "dead", "values above 0"), tuple(rows))
