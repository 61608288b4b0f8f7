"""What the units of a layer answer to one image, each as a small picture."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import tensorflow as tf
from PIL import Image

from imgcls.counted import counted
from imgcls.explain.drawing.colors import diverging, sequential
from imgcls.explain.drawing.heat import banded, enlarged, shown_image
from imgcls.explain.drawing.legend import Legend, number
from imgcls.explain.drawing.paper import LIGHT, Paper
from imgcls.explain.drawing.picture import Picture
from imgcls.explain.drawing.tiles import tiles
from imgcls.explain.network import Network

MOST = 64  # units on a sheet
TILE, LARGEST = 72, 112  # pixels: to about which small maps are enlarged, to which large ones are reduced

Order = Literal["response", "number"]


def activation_maps(network: Network, pixels: np.ndarray, layer: str = "") -> np.ndarray:
    """What a layer gives for images.

    Args:
        network: The classifier.
        pixels: (B, H, W, C), float32 in [0, 255], as the network takes them.
        layer: Its name; empty for the last one before height and width are gone.

    Returns:
        (B, h, w, units), float32.

    Raises:
        ValueError: If there is no such layer.
    """
    name = network.layer(layer).name
    maps: np.ndarray = network.run(tf.constant(pixels, tf.float32), keep=[name]).maps[name].numpy()
    return maps


def strongest_units(maps: np.ndarray) -> list[int]:
    """The units in the order of their largest values, the strongest first; of equal ones that with the larger mean.

    Args:
        maps: (h, w, units).
    """
    values = np.nan_to_num(maps.reshape(-1, maps.shape[-1]), nan=-np.inf)
    order: list[int] = np.lexsort((-values.mean(0), -values.max(0))).tolist()
    return order


def activation_picture(
    pixels: np.ndarray,
    maps: np.ndarray,
    title: str,
    lines: tuple[str, ...] = (),
    order: Order = "response",
    most: int = MOST,
    units: Sequence[int] | None = None,
    top: float = 0.0,
    paper: Paper = LIGHT,
) -> Picture:
    """A sheet of maps behind the image, all on one scale, each with the number of its unit and its response.

    The response of a unit is its largest value. Maps without negative values run from 0 to the largest value of the
    layer, others from minus to plus the largest absolute value.

    Args:
        pixels: The image, (H, W, 1 or 3), in [0, 255].
        maps: Of one layer, (h, w, units), any range.
        title: The line above.
        lines: Further lines.
        order: By "response" the strongest come first.
        most: Units that are shown; a line says how many are left out.
        units: Shown instead, in this order.
        top: The value that gets the last color, as where several sheets are compared; 0 for the largest of the layer.
        paper: What it is drawn on.
    """
    chosen = strongest_units(maps) if order == "response" else list(range(maps.shape[-1]))
    chosen = list(units) if units is not None else chosen[:most]
    finite = bool(np.isfinite(maps).all())
    values = np.nan_to_num(maps, nan=0, posinf=0, neginf=0)
    signed, top = bool((values < 0).any()), top or float(np.abs(values).max())
    drawn = [_tile(values[..., unit] / (top or 1.0), signed) for unit in chosen]
    size = drawn[0].size if drawn else (TILE, TILE)
    labels = [f"{unit}: {number(float(values[..., unit].max()))}" for unit in chosen]
    image = shown_image(pixels).resize(size, Image.Resampling.LANCZOS)
    sheet = tiles([image, *drawn], ["image", *labels], paper=paper)
    problem = "not finite: this layer has no value for this image" if not finite else ""
    problem = problem or ("" if values.any() else "all zero: no unit of this layer answers to this image")
    legend = Legend(number(-top) if signed else "0", number(top), signed, "one scale for all units") if top else None
    shown = banded(sheet, problem) if problem else sheet
    said = _said(maps, len(chosen), order if units is None else "choice")
    return Picture(shown, title, (*lines, *said), legend, paper)


def _said(maps: np.ndarray, shown: int, order: str) -> list[str]:
    height, width, units = maps.shape
    by = {"response": ", the strongest first", "number": ", by number", "choice": ""}[order]
    rest = f", {units - shown:,} not shown" if units > shown else ""
    return [f"{counted(units, 'unit')} of {height} x {width} positions{by}{rest}; below each: unit: largest value"]


def _tile(values: np.ndarray, signed: bool) -> Image.Image:
    image = enlarged(Image.fromarray(diverging(values) if signed else sequential(values)), TILE)
    if max(image.size) > LARGEST:
        image.thumbnail((LARGEST, LARGEST), Image.Resampling.BOX)
    return image
