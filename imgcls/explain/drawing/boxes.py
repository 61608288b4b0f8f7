"""Boxes with labels on an image."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from imgcls.explain.drawing.text import clean, font, line_height, shortened, text_width

COLORS = ("#ff9e1b", "#38b6ff", "#00c9a0", "#f0e442", "#ff7ac6", "#d55e00", "#ffffff")  # after Okabe and Ito, 2008
SIZE = 12  # of the font
EDGE = "#000000"  # beside each line, so that it is seen on a light image too


@dataclass(frozen=True)
class Box:
    """A box on an image.

    Attributes:
        left: In pixels of the image; may lie outside of it.
        top: The same.
        right: The same, not included.
        bottom: The same, not included.
        label: Written at its upper edge; empty for none.
        color: Its number in `COLORS`, counted around.
    """

    left: float
    top: float
    right: float
    bottom: float
    label: str = ""
    color: int = 0


def boxed(image: Image.Image, boxes: Sequence[Box], scale: float = 1.0) -> Image.Image:
    """The image with boxes drawn on it.

    Args:
        image: RGB.
        boxes: The later ones lie above.
        scale: Pixels of `image` for one of the boxes' units, as where the image was enlarged.

    Returns:
        RGB, of the same size.

    Example:
        >>> boxed(Image.new("RGB", (50, 50)), [Box(10, 10, 40, 40, "cat")]).size
        (50, 50)
    """
    image = image.convert("RGB")
    draw = ImageDraw.Draw(image)
    for each in boxes:
        _outline(draw, each, scale)
    for each in boxes:
        _label(draw, each, scale, image.size)
    return image


def _outline(draw: ImageDraw.ImageDraw, box: Box, scale: float) -> None:
    left, top = round(box.left * scale), round(box.top * scale)
    right, bottom = max(round(box.right * scale), left + 1) - 1, max(round(box.bottom * scale), top + 1) - 1
    draw.rectangle((left - 1, top - 1, right + 1, bottom + 1), outline=EDGE)
    if min(right - left, bottom - top) > 5:
        draw.rectangle((left + 2, top + 2, right - 2, bottom - 2), outline=EDGE)
    for inset in (0, 1):
        corners = (left + inset, top + inset, max(right - inset, left + inset), max(bottom - inset, top + inset))
        draw.rectangle(corners, outline=COLORS[box.color % len(COLORS)])


def _label(draw: ImageDraw.ImageDraw, box: Box, scale: float, size: tuple[int, int]) -> None:
    if not box.label:
        return
    text = shortened(clean(box.label), SIZE, size[0] - 8)
    width, height = text_width(text, SIZE) + 8, line_height(SIZE) + 2
    left = min(max(round(box.left * scale), 0), max(size[0] - width, 0))
    above = round(box.top * scale) - height
    top = above if above >= 0 else min(max(round(box.top * scale), 0), max(size[1] - height, 0))
    draw.rectangle((left, top, left + width, top + height), fill=COLORS[box.color % len(COLORS)])
    draw.text((left + 4, top + 1), text, fill="#000000", font=font(text, SIZE))
