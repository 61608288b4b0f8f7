"""How first filters and activation maps came about in training: the network after an epoch, and all epochs in a row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from imgcls.explain.drawing import (
    Legend,
    Picture,
    contact_sheet,
    diverging,
    enlarged,
    sequential,
    shown_image,
)
from imgcls.explain.drawing.text import clean, font, line_height, shortened
from imgcls.explain.views.activation_maps import activation_picture
from imgcls.explain.views.first_filters import FirstFilters, filters_picture

FILTERS, UNITS = 8, 3  # rows of the strip: filters, and units of each layer
COLUMNS = 12  # epochs of the strip
TILE, GAP, LABEL, SIZE = 48, 3, 46, 11  # pixels: side, between tiles, of the row's number; size of the font
CELL = 330  # pixels, width of a picture of the sheet
GRAY = "#555555"


@dataclass(frozen=True)
class Stage:
    """A network after an epoch.

    Attributes:
        epoch: From 1; 0 is the network before training.
        convolution: The name of the first convolution.
        kernel: Its weights, (height, width, C, filters).
        maps: Of each layer, from low to high, (B, h, w, units), for the same B images.
    """

    epoch: int
    convolution: str
    kernel: np.ndarray
    maps: Mapping[str, np.ndarray]


def stage_sheet(stage: Stage, pixels: np.ndarray, labels: Sequence[str], title: str) -> Image.Image:
    """One epoch on a sheet: the first filters, and for each layer a row with the maps of every image.

    The maps of a layer have one scale for all images.

    Args:
        stage: The network.
        pixels: The images, (B, H, W, 1 or 3), in [0, 255].
        labels: The class of each.
        title: Of the sheet.

    Returns:
        RGB, on white.
    """
    filters = FirstFilters(stage.convolution, "Conv2D", np.moveaxis(stage.kernel, -1, 0))
    rows = [[filters_picture(filters, "First filters")]]
    for layer, maps in stage.maps.items():
        values = maps.astype(np.float32)
        top = float(np.abs(values).max(initial=0))
        rows.append(
            [
                activation_picture(each, some, f"{layer}: {label}", order="number", top=top)
                for each, some, label in zip(pixels, values, labels, strict=True)
            ]
        )
    return contact_sheet(rows, title, CELL)


def strip(
    stages: Sequence[Stage], pixels: np.ndarray, labels: Sequence[str], title: str, note: str = ""
) -> Image.Image:
    """All epochs in a row: a line for each of some filters, and of some units of each layer for the first image.

    Each line has one scale over all its epochs, so that growth is seen. Filters with the largest weights at the end are
    shown, and the units of each layer that answer most at the end. Of many epochs the first and the last are shown, and
    some between them.

    Args:
        stages: The network after some epochs, in their order.
        pixels: The images, (B, H, W, 1 or 3), in [0, 255].
        labels: The class of each.
        title: Of the strip.
        note: A sentence below each title, such as why there is only one epoch.

    Returns:
        RGB, on white.

    Raises:
        ValueError: There is no epoch.
    """
    if not stages:
        raise ValueError("No epoch was kept; expected at least one to draw. Train with --watch.")
    shown = [stages[place] for place in shown_epochs(len(stages))]
    epochs, notes = [str(each.epoch) for each in shown], (note,) if note else ()
    sections = [Picture(*_filters(shown, epochs), notes, _legend(signed=True, gray=True))]
    for layer in shown[-1].maps:
        image, title_of, signed = _maps(layer, shown, epochs, labels[0], pixels[0])
        sections.append(Picture(image, title_of, notes, _legend(signed)))
    cell = max(each.image.width for each in sections) + 20
    rows = [sections[:1], *(sections[place : place + 2] for place in range(1, len(sections), 2))]
    return contact_sheet(rows, title, max(cell, CELL))


def shown_epochs(count: int) -> list[int]:
    """The places of the epochs that the strip shows: the first, the last, and evenly spaced ones between them.

    Example:
        >>> shown_epochs(3), len(shown_epochs(500)), shown_epochs(500)[-1]
        ([0, 1, 2], 12, 499)
    """
    places: list[int] = np.unique(np.linspace(0, count - 1, min(count, COLUMNS)).round().astype(int)).tolist()
    return places


def _filters(stages: Sequence[Stage], epochs: list[str]) -> tuple[Image.Image, str]:
    kernels = np.stack([np.moveaxis(each.kernel, -1, 0) for each in stages], axis=1)  # (filters, epochs, h, w, C)
    kernels = kernels if kernels.shape[-1] in (1, 3) else kernels.mean(-1, keepdims=True)
    largest = np.sort(np.argsort(-np.abs(kernels[:, -1]).max((1, 2, 3)), kind="stable")[:FILTERS])
    rows = [[_filter_tile(each) for each in _on_one_scale(kernels[unit])] for unit in largest]
    name = stages[-1].convolution
    return _grid(rows, [str(unit) for unit in largest], epochs), f"Filters of {name}, epoch by epoch"


def _maps(
    layer: str, stages: Sequence[Stage], epochs: list[str], label: str, pixels: np.ndarray
) -> tuple[Image.Image, str, bool]:
    maps = np.stack([each.maps[layer][0].astype(np.float32) for each in stages])  # (epochs, h, w, units)
    strongest = np.sort(np.argsort(-np.abs(maps[-1]).max((0, 1)), kind="stable")[:UNITS])
    signed = bool((maps < 0).any())
    rows = [[_map_tile(each, signed) for each in _on_one_scale(maps[..., unit])] for unit in strongest]
    image = shown_image(pixels)
    image.thumbnail((TILE, TILE))
    grid = _grid(rows, [str(unit) for unit in strongest], epochs, image)
    return grid, f"{layer} for an image of {label}, epoch by epoch", signed


def _on_one_scale(values: np.ndarray) -> np.ndarray:
    values = np.nan_to_num(values, nan=0, posinf=0, neginf=0)
    return values / (float(np.abs(values).max(initial=0)) or 1.0)


def _filter_tile(values: np.ndarray) -> Image.Image:
    gray = np.rint(127.5 + 127.5 * values).astype(np.uint8)
    return _squared(Image.fromarray(np.broadcast_to(gray, (*gray.shape[:2], 3)).copy()))


def _map_tile(values: np.ndarray, signed: bool) -> Image.Image:
    return _squared(Image.fromarray(diverging(values) if signed else sequential(values)))


def _squared(image: Image.Image) -> Image.Image:
    """Enlarged in squares where that is possible, and of the side of a tile."""
    return enlarged(image, TILE).resize((TILE, TILE), Image.Resampling.BOX)


def _legend(signed: bool, gray: bool = False) -> Legend:
    return Legend("-largest" if signed else "0", "largest of the row", signed, "epochs from left to right", gray)


def _grid(
    rows: Sequence[Sequence[Image.Image]],
    names: Sequence[str],
    columns: Sequence[str],
    corner: Image.Image | None = None,
) -> Image.Image:
    """Tiles with the number of each row before it, and the epoch above each column."""
    across, head = TILE + GAP, line_height(SIZE) + 2
    body = max(len(rows), 1) * across
    grid = Image.new("RGB", (LABEL + len(columns) * across, head + body), "white")
    draw = ImageDraw.Draw(grid)
    for place, text in enumerate(columns):
        _centered(draw, LABEL + place * across + TILE // 2, 0, f"epoch {text}" if place == 0 else text, TILE)
    for line, (row, name) in enumerate(zip(rows, names, strict=True)):
        top = head + line * across
        _centered(draw, LABEL // 2, top + TILE // 2 - SIZE // 2, name, LABEL)
        for place, tile in enumerate(row):
            grid.paste(tile, (LABEL + place * across, top))
    return grid if corner is None else _beside(corner, grid)


def _beside(image: Image.Image, grid: Image.Image) -> Image.Image:
    whole = Image.new("RGB", (image.width + GAP + grid.width, max(grid.height, image.height)), "white")
    whole.paste(image, (0, whole.height - image.height - (whole.height - image.height) // 2))
    whole.paste(grid, (image.width + GAP, 0))
    return whole


def _centered(draw: ImageDraw.ImageDraw, middle: int, top: int, text: str, width: int) -> None:
    text = shortened(clean(text), SIZE, width)
    draw.text((middle, top), text, fill=GRAY, font=font(text, SIZE), anchor="ma")
