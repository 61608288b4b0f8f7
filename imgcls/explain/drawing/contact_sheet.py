"""Many pictures on one sheet."""

from collections.abc import Sequence
from dataclasses import replace

from PIL import Image, ImageDraw

from imgcls.explain.drawing.paper import LIGHT
from imgcls.explain.drawing.picture import MARGIN, Picture
from imgcls.explain.drawing.text import line_height, wrapped, write_lines

TITLE, SIZE = 20, 13  # of the fonts
CELL = 244  # pixels, width of a cell with its margins


def contact_sheet(rows: Sequence[Sequence[Picture]], title: str, cell: int = CELL) -> Image.Image:
    """Rows of pictures under one title; what all of them say is said once, below it.

    Args:
        rows: The pictures; rows may differ in length.
        title: Of the sheet.
        cell: The width of a picture with its margins, in pixels.

    Returns:
        RGB, on white.
    """
    shared = _shared([each for row in rows for each in row])
    drawn = [_row([_without(each, shared) for each in row], cell) for row in rows]
    width = max([cell * len(row) for row in drawn] + [2 * cell])
    titles, notes = (
        wrapped(title, TITLE, width - 2 * MARGIN),
        [line for text in shared for line in wrapped(text, SIZE, width - 2 * MARGIN)],
    )
    top = 2 * MARGIN + line_height(TITLE) * len(titles) + line_height(SIZE) * len(notes)
    heights = [max((each.height for each in row), default=0) for row in drawn]
    sheet = Image.new("RGB", (width, top + sum(heights) + MARGIN), LIGHT.ground)
    draw = ImageDraw.Draw(sheet)
    below = write_lines(draw, (MARGIN, MARGIN), titles, TITLE, LIGHT.ink)
    write_lines(draw, (MARGIN, below), notes, SIZE, LIGHT.gray)
    for row, height in zip(drawn, heights, strict=True):
        for column, each in enumerate(row):
            sheet.paste(each, (column * cell, top))
        top += height
    return sheet


def _row(pictures: list[Picture], cell: int) -> list[Image.Image]:
    most = max((each.title_lines(cell) for each in pictures), default=0)
    return [each.drawn(cell, most) for each in pictures]


def _shared(pictures: list[Picture]) -> list[str]:
    """The lines that all pictures have, in the order of the first one."""
    if len(pictures) < 2:
        return []
    return [line for line in pictures[0].lines if all(line in each.lines for each in pictures)]


def _without(picture: Picture, lines: list[str]) -> Picture:
    return replace(picture, lines=tuple(line for line in picture.lines if line not in lines))
