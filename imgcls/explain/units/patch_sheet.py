"""Pictures of what excites units, as in the paper's figure 2: nine patches beside their nine deconvnet pictures."""

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from imgcls.counted import counted
from imgcls.explain.drawing.contact_sheet import contact_sheet
from imgcls.explain.drawing.heat import banded
from imgcls.explain.drawing.legend import number
from imgcls.explain.drawing.picture import MARGIN, Picture
from imgcls.explain.units.top_patches import COUNT, TopPatch, UnitPatches
from imgcls.models.feature_maps import FeatureMap

COLUMNS = 3  # of patches in a block
SIDE = 96  # pixels, of a drawn patch at most
GAP, BETWEEN = 3, 12  # pixels between patches, and between patches and their deconvnet pictures
OUTSIDE = (176, 203, 230)  # a blue that no gray or black patch has: between patches, and outside the image
BLOCKS = 3  # beside each other on a sheet
SILENT = "silent: 0 on every image"


def unit_picture(found: UnitPatches, title: str = "", lines: Sequence[str] = (), count: int = COUNT) -> Picture:
    """The block of one unit: its patches on the left, at the same places on the right what in them excites it.

    Each deconvnet picture is stretched by itself: gray is 0, and its largest absolute value is black or white (of one
    color channel). A patch that reaches over the border of the image is blue there.

    Args:
        found: What excites the unit.
        title: The line above; by default layer and unit.
        lines: Further lines, such as the network and the data set.
        count: The patches for which there is room.
    """
    rows = -(-count // COLUMNS)
    blocks = [_block(found.patches, draw, rows) for draw in (_patch, _projection)]
    image = Image.new("RGB", (2 * blocks[0].width + BETWEEN, blocks[0].height), "white")
    for place, block in enumerate(blocks):
        image.paste(block, (place * (block.width + BETWEEN), 0))
    if not found.patches:
        image = banded(image, SILENT)
    return Picture(image, title or f"{found.layer}, unit {found.unit}", (*lines, *_responses(found.patches)))


def patch_sheet(
    layer: FeatureMap, found: Sequence[UnitPatches], lines: Sequence[str] = (), count: int = COUNT
) -> Image.Image:
    """The blocks of the units of one layer on one sheet.

    Args:
        layer: The layer.
        found: Its units.
        lines: What holds for all, such as the network and the data set.
        count: The patches for which there is room in a block.
    """
    seen = (
        f"Each position sees {field_in_words(layer)}. Beside each patch its deconvnet picture, from black below 0 to "
        "white above it. Blue is outside the image."
    )
    pictures = [unit_picture(each, f"unit {each.unit}", (*lines, seen), count) for each in found]
    rows = [pictures[start : start + BLOCKS] for start in range(0, len(pictures), BLOCKS)]
    cell = max((each.image.width for each in pictures), default=0) + 2 * MARGIN
    title = f"What excites {layer.name}: {counted(len(found), 'unit')} of {layer.units}"
    return contact_sheet(rows, title, cell)


def field_in_words(layer: FeatureMap) -> str:
    """How much a position of a layer sees.

    Example:
        >>> from imgcls.models.receptive_field import ReceptiveField
        >>> field_in_words(FeatureMap("stem", "Conv2D", (8, 8, 4), (ReceptiveField(-1, 1), ReceptiveField(-1, 1))))
        '3 x 3 pixels'
    """
    if isinstance(layer.fields, tuple):
        return f"{layer.fields[0].size} x {layer.fields[1].size} pixels"
    return "the whole image" if layer.fields is None else "an unknown part of the image, so all of it is shown"


def _responses(patches: Sequence[TopPatch]) -> list[str]:
    if not patches:
        return []
    return [f"responses {number(patches[0].response)} to {number(patches[-1].response)}"]


def _block(patches: Sequence[TopPatch], draw: Callable[[TopPatch], np.ndarray], rows: int) -> Image.Image:
    drawn = [_sized(np.where(each.seen[..., None], draw(each), OUTSIDE)) for each in patches]
    width, height = drawn[0].size if drawn else (SIDE, SIDE)
    size = (COLUMNS * (width + GAP) - GAP, rows * (height + GAP) - GAP)
    block = Image.new("RGB", size, OUTSIDE)
    for place, each in enumerate(drawn):
        row, column = divmod(place, COLUMNS)
        block.paste(each, (column * (width + GAP), row * (height + GAP)))
    return block


def _patch(patch: TopPatch) -> np.ndarray:
    return patch.pixels


def _projection(patch: TopPatch) -> np.ndarray:
    """In [0, 255], 0 at the middle gray."""
    largest = float(np.abs(patch.deconvnet).max()) or 1.0
    return 127.5 + 127.5 * patch.deconvnet / largest


def _sized(pixels: np.ndarray) -> Image.Image:
    """At most `SIDE` wide and high; small ones are enlarged in whole steps."""
    image = Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))
    if max(image.size) > SIDE:
        image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        return image
    factor = SIDE // max(image.size)
    return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
