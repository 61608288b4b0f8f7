"""The distribution of a layer's units as a picture."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from imgcls.counted import counted
from imgcls.explain.drawing.legend import number
from imgcls.explain.drawing.picture import Picture
from imgcls.explain.drawing.text import font, shortened, text_width
from imgcls.explain.views.unit_statistics import UnitStatistics

WIDTH, HEIGHT, LEFT = 640, 260, 52  # pixels
SIZE = 11  # of the font
WIDE, NARROW, MIDDLE, DEAD = "#cfe3f5", "#7fb5e2", "#0b4f8a", "#d55e00"  # the last after Okabe and Ito, 2008
INK, RULE = "#555555", "#cccccc"
ROW = 16  # pixels, of a layer


def units_picture(one: UnitStatistics, title: str, lines: tuple[str, ...] = ()) -> Picture:
    """The units of a layer side by side, ordered by their median: where 98 % and 50 % of their values lie.

    Args:
        one: Of `unit_statistics`.
        title: The line above.
        lines: Further lines.
    """
    quantiles = np.stack([one.quantile(share) for share in (0.01, 0.25, 0.5, 0.75, 0.99)])
    order = np.lexsort((quantiles[4], quantiles[2]))
    low, high = min(float(quantiles.min()), 0.0), max(float(quantiles.max()), 0.0)
    image = Image.new("RGB", (WIDTH, HEIGHT + ROW), "white")
    draw = ImageDraw.Draw(image)
    heights = (HEIGHT - 6) - (quantiles - low) / ((high - low) or 1.0) * (HEIGHT - 12)
    _axis(draw, low, high)
    _fans(draw, heights[:, order], [int(unit) in set(one.dead) for unit in order])
    _centered(draw, f"{counted(one.units, 'unit')}, ordered by median", HEIGHT + 2)
    said = "light: 98 % of the values; dark: the middle half; line: median" + ("; orange: dead" if one.dead else "")
    return Picture(image, title, (*lines, one.sentence, said, f"over {counted(one.images, 'image')}"))


def layers_picture(layers: Sequence[UnitStatistics], title: str, lines: tuple[str, ...] = ()) -> Picture:
    """A bar for each layer: the share of values above 0, and in orange the share of dead units.

    Args:
        layers: Of `unit_statistics`.
        title: The line above.
        lines: Further lines.
    """
    names = min(max((text_width(one.layer, SIZE) for one in layers), default=0), 240)
    said = [_share(one) for one in layers]
    widths = names, max((text_width(each, SIZE) for each in said), default=0)
    image = Image.new("RGB", (WIDTH, max(ROW * len(layers), 1)), "white")
    draw = ImageDraw.Draw(image)
    for row, one in enumerate(layers):
        _bar(draw, one, row * ROW, widths)
    dead = sum(len(one.dead) for one in layers)
    units = sum(one.units for one in layers)
    colors = "blue: share of values above 0; orange: share of dead units"
    images = counted(layers[0].images, "image") if layers else "no image"
    return Picture(image, title, (*lines, f"{dead:,} of {counted(units, 'unit')} dead over {images}", colors))


def _axis(draw: ImageDraw.ImageDraw, low: float, high: float) -> None:
    for value in {low, 0.0, high}:
        y = (HEIGHT - 6) - (value - low) / ((high - low) or 1.0) * (HEIGHT - 12)
        draw.line((LEFT - 4, y, WIDTH, y), fill=RULE)
        text = number(value)
        draw.text((LEFT - 8, y), text, fill=INK, font=font(text, SIZE), anchor="rm")


def _fans(draw: ImageDraw.ImageDraw, heights: np.ndarray, dead: list[bool]) -> None:
    """A fan for each unit, of its quantiles (5, units)."""
    edges = np.linspace(LEFT, WIDTH, heights.shape[1] + 1)
    for unit, (least, low, median, high, most) in enumerate(heights.T):
        left, right = edges[unit], max(edges[unit + 1] - 1, edges[unit])
        for top, bottom, color in ((most, least, WIDE), (high, low, NARROW)):
            draw.rectangle((left, top, right, max(bottom, top)), fill=color)
        draw.rectangle((left, median - 1, right, median + 1), fill=DEAD if dead[unit] else MIDDLE)
        if dead[unit]:
            draw.rectangle((left, 0, max(right, left + 1), 4), fill=DEAD)


def _bar(draw: ImageDraw.ImageDraw, one: UnitStatistics, top: int, widths: tuple[int, int]) -> None:
    name = shortened(one.layer, SIZE, widths[0])
    draw.text((0, top + 1), name, fill=INK, font=font(name, SIZE))
    left, whole = widths[0] + 8, WIDTH - sum(widths) - 16
    draw.rectangle((left, top + 3, left + whole, top + ROW - 4), fill="#f2f2f2")
    draw.rectangle((left, top + 3, left + whole * float(one.active_positions.mean()), top + ROW - 4), fill=NARROW)
    dead = len(one.dead)
    if dead:
        draw.rectangle((left, top + 3, left + max(whole * dead / one.units, 2), top + ROW - 4), fill=DEAD)
    text = _share(one)
    draw.text((left + whole + 6, top + 1), text, fill=DEAD if dead else INK, font=font(text, SIZE))


def _share(one: UnitStatistics) -> str:
    dead = len(one.dead)
    return f"{one.active_positions.mean():.0%}" + (f", {dead:,} of {one.units:,} dead" if dead else "")


def _centered(draw: ImageDraw.ImageDraw, text: str, top: int) -> None:
    draw.text(((LEFT + WIDTH) / 2, top), text, fill=INK, font=font(text, SIZE), anchor="ma")
