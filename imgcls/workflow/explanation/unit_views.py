"""The views of units: the patches that excite them, and what they would like to see."""

from typing import Any

import numpy as np

from imgcls.counted import counted
from imgcls.evaluation.pages.section import Section
from imgcls.explain.drawing.picture import Picture
from imgcls.explain.units.layers import layers_low_to_high
from imgcls.explain.units.maximization import MaximizationOptions, maximize
from imgcls.explain.units.maximized_pictures import maximized_pictures
from imgcls.explain.units.patch_sheet import field_in_words, patch_sheet, unit_picture
from imgcls.explain.units.top_patches import TopPatch, UnitPatches, top_patches
from imgcls.explain.units.wish import Wish
from imgcls.workflow.explanation.answers import PREDICTED, TRUE
from imgcls.workflow.explanation.explaining import Explaining
from imgcls.workflow.explanation.view import Found

LAYERS, UNITS, CLASSES = 4, 12, 9  # that are shown where none are named


def show_patches(explaining: Explaining) -> Found:
    """The patches that excite units most, each beside its deconvnet picture, for layers low to high."""
    request, network = explaining.request, explaining.network
    layers = [request.layer] if request.layer else layers_low_to_high(network, LAYERS)
    network.layer(request.layer)
    wanted = {network.layer(layer).name: request.units for layer in layers}
    looked_at = explaining.looked_at
    report = explaining.progress.of("Looking for patches", 2 * len(looked_at))
    found = top_patches(network, looked_at, wanted, most_units=0 if request.units else UNITS, on_progress=report)
    for layer, units in found.items():
        _write_layer(explaining, layer, units)
    silent = sum(not unit.patches for units in found.values() for unit in units)
    more = f" {counted(silent, 'unit')} of these are silent on all images." if silent else ""
    said = f"What excites units of {counted(len(found), 'layer')}, among {counted(len(looked_at), 'image')}.{more}"
    return Found((said,))


def _write_layer(explaining: Explaining, layer: str, units: list[UnitPatches]) -> None:
    network, written = explaining.network, explaining.written
    feature_map = network.layer(layer)
    lines = (network.name, explaining.looked_at.part)
    sheet = patch_sheet(feature_map, units, lines)
    written.picture(f"patches-{layer}", Picture(sheet, ""))
    written.arrays(
        f"patches-{layer}",
        {
            f"unit_{unit.unit}_{rank}_{name}": value
            for unit in units
            for rank, patch in enumerate(unit.patches)
            for name, value in _arrays(patch).items()
        },
    )
    sentence = (
        f"The {counted(len(units), 'unit')} of {feature_map.units} that are most selective, with the parts of images "
        f"that excite them most. Each position sees {field_in_words(feature_map)}. Beside the patches stands what in "
        "them excites the unit, by a deconvnet."
    )
    section = Section(f"patches-{layer}", f"What excites {layer}", (sentence,))
    written.section(section, [unit_picture(unit, f"unit {unit.unit}") for unit in units])


def _arrays(patch: TopPatch) -> dict[str, Any]:
    """What is kept of a patch: its pixels in whole numbers, and the deconvnet's in 16 bits."""
    facts = {name: getattr(patch, name) for name in ("image", "row", "column", "response", "window")}
    pixels = np.rint(patch.pixels).astype(np.uint8)
    return {**facts, "pixels": pixels, "deconvnet": patch.deconvnet.astype(np.float16)}


def show_maximization(explaining: Explaining) -> Found:
    """What classes or units would like to see."""
    request, network, written = explaining.request, explaining.network, explaining.written
    named = [name for name in (request.target, request.against) if name not in (PREDICTED, TRUE, "")]
    if request.units:
        wishes = [Wish(layer=network.layer(request.layer).name, unit=unit) for unit in request.units]
    else:
        wishes = [Wish(class_name=name) for name in named or network.class_names[:CLASSES]]
    report = explaining.progress.of("Maximizing", None)
    options = MaximizationOptions(seed=request.seed, on_progress=report)
    found = maximize(network, wishes, options)
    pictures = maximized_pictures(network, found, options, (written.title,))
    for wish, picture in zip(wishes, pictures, strict=True):
        written.picture(f"maximization-{wish}", picture)
    arrays = {"pixels": found.pixels, "before": found.before, "after": found.after, "history": found.history}
    written.arrays("maximization", {"wishes": [str(wish) for wish in wishes], **arrays})
    kind = "unit" if request.units else "class"
    said = f"Made by gradient ascent: images that excite {counted(len(wishes), kind)} most."
    if not request.units and not named and len(wishes) < len(network.class_names):
        said += f" There are {len(network.class_names):,} classes; --target names one."
    written.section(Section("maximization", "What it would like to see", (said,)), pictures)
    return Found((said,))
