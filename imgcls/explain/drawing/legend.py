"""The bar of colors that says what they mean."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from imgcls.explain.drawing.colors import diverging, sequential
from imgcls.explain.drawing.paper import LIGHT, Paper
from imgcls.explain.drawing.text import clean, font, line_height, text_width, wrapped, write_lines

BAR = 8  # pixels, height
SIZE = 11  # of the font


@dataclass(frozen=True)
class Legend:
    """A bar of colors with a label at each end.

    Attributes:
        low: The label of its left end, such as "0".
        high: The label of its right end.
        signed: Whether the colors are those of `diverging`; else those of `sequential`.
        note: A further line below, such as how the ends were chosen.
        gray: Whether the colors run from black to white instead.
    """

    low: str
    high: str
    signed: bool = False
    note: str = ""
    gray: bool = False

    def drawn(self, width: int, paper: Paper = LIGHT) -> Image.Image:
        """The bar over its labels.

        Args:
            width: In pixels.
            paper: What it is drawn on.
        """
        notes = wrapped(self.note, SIZE, width, most=2)
        image = Image.new("RGB", (width, BAR + 3 + line_height(SIZE) * (1 + len(notes))), paper.ground)
        image.paste(Image.fromarray(self._bar(width)), (0, 0))
        draw = ImageDraw.Draw(image)
        self._label(draw, width, paper.gray)
        write_lines(draw, (0, BAR + 3 + line_height(SIZE)), notes, SIZE, paper.gray)
        return image

    def colors(self, shares: np.ndarray) -> np.ndarray:
        """The colors at shares of its width: (n, 3), uint8.

        Args:
            shares: (n,), in [0, 1].
        """
        if self.gray:
            return np.repeat(np.rint(shares * 255).astype(np.uint8)[:, None], 3, axis=1)
        return diverging(2 * shares - 1) if self.signed else sequential(shares)

    def _bar(self, width: int) -> np.ndarray:
        shares = np.linspace(0, 1, width)
        bar = np.repeat(self.colors(shares)[None], BAR, axis=0)
        bar[[0, -1]] = bar[:, [0, -1]] = 170  # a frame, else its white middle is lost on white
        return bar

    def _label(self, draw: ImageDraw.ImageDraw, width: int, color: str) -> None:
        top, low, high = BAR + 3, clean(self.low), clean(self.high)
        draw.text((0, top), low, fill=color, font=font(low, SIZE))
        draw.text((width - text_width(high, SIZE), top), high, fill=color, font=font(high, SIZE))
        free = width / 2 - 10 - max(text_width(low, SIZE), text_width(high, SIZE))
        if self.signed and free > 0:
            draw.text((width / 2, top), "0", fill=color, font=font("0", SIZE), anchor="ma")


def number(value: float) -> str:
    """A number as labels show it, with three digits.

    Example:
        >>> number(0.012345), number(-4.0), number(123456.0)
        ('0.0123', '-4', '1.23e+05')
    """
    return f"{value:.3g}"
