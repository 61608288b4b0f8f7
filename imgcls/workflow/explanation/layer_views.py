"""The views of layers: their table, the first filters, activation maps, statistics of units, receptive fields."""

import pandas as pd

from imgcls.counted import counted
from imgcls.evaluation.pages.section import Section, TextTable
from imgcls.explain.views.activation_maps import activation_maps, activation_picture
from imgcls.explain.views.first_filters import filters_picture, first_filters
from imgcls.explain.views.layers_table import layers_table
from imgcls.explain.views.unit_statistics import statistics_picture, statistics_table, unit_statistics
from imgcls.workflow.explanation.explaining import Explaining
from imgcls.workflow.explanation.view import Found
from imgcls.workflow.explanation.written import file_name

WIDE = 700  # pixels, of a sheet in the page


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
    picture = statistics_picture(found, f"Units of {network.name}", (looked_at.part,))
    written.picture("units", picture)
    sentences = (said, *(each.sentence for each in dead[:10]))
    written.section(Section("units", "Units", sentences, table=_by_layer(table)), [picture], WIDE)
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
            file = f"activations-{layer.name}-{place:04d}-{file_name(name)}"
            written.picture(file, pictures[-1])
            written.arrays(file, {"pixels": image, "maps": maps})
        said = f"The activation maps of {layer.name} for {counted(len(pixels), 'image')}, all units on one scale."
        written.section(Section("activations", f"Activations of {layer.name}", (said,)), pictures, WIDE)
    return Found((f"{counted(len(pixels), 'image')} with the maps of {layer.name}.",), None, tuple(problems))


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
