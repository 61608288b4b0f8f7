"""Small pictures in rows, each with its label."""

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

from imgcls.explain.drawing.paper import LIGHT, Paper
from imgcls.explain.drawing.text import clean, font, line_height, shortened

GAP = 4  # pixels
SIZE = 10  # of the font
WIDE = 1.6  # width of the sheet, as a multiple of its height


def tiles(
    images: Sequence[Image.Image], labels: Sequence[str] = (), columns: int = 0, paper: Paper = LIGHT
) -> Image.Image:
    """Small pictures in rows, each with a label below it.

    Args:
        images: RGB, of one size.
        labels: One for each; none for no labels.
        columns: In a row; 0 for a sheet that is somewhat wider than high.
        paper: What they are drawn on.

    Returns:
        RGB.

    Raises:
        ValueError: There are no images, or not as many labels.

    Example:
        >>> tiles([Image.new("RGB", (20, 20))] * 6, list("abcdef"), columns=3).size
        (68, 74)
    """
    if not images or len(labels) not in (0, len(images)):
        raise ValueError(f"There are {len(images)} images and {len(labels)} labels; expected one label for each image.")
    wide, high = images[0].size
    below = line_height(SIZE) + 1 if labels else 0
    across, down = wide + GAP, high + below + GAP
    columns = columns or min(max(round(math.sqrt(len(images) * WIDE * down / across)), 1), len(images))
    rows = -(-len(images) // columns)
    sheet = Image.new("RGB", (columns * across - GAP, rows * down - GAP), paper.ground)
    draw = ImageDraw.Draw(sheet)
    for number, image in enumerate(images):
        left, top = number % columns * across, number // columns * down
        sheet.paste(image, (left, top))
        if labels:
            text = shortened(clean(labels[number]), SIZE, wide)
            draw.text((left + wide / 2, top + high), text, fill=paper.gray, font=font(text, SIZE), anchor="ma")
    return sheet
