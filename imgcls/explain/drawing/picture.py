"""A picture that says what it shows."""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from imgcls.explain.drawing.legend import Legend
from imgcls.explain.drawing.paper import LIGHT, Paper
from imgcls.explain.drawing.text import line_height, wrapped, write_lines
from imgcls.files import replacing

MARGIN = 10  # pixels around
LEAST_WIDTH = 224  # pixels, so that title and legend can be read below a small image
TITLE, SIZE = 15, 12  # of the fonts


@dataclass(frozen=True)
class Picture:
    """What is shown, with all that a reader has to know about it.

    Attributes:
        image: RGB, what is shown.
        title: The line above it.
        lines: Further lines, such as method, layer, class, network and image.
        legend: What its colors mean; None where they are those of the image.
        paper: What it is drawn on.
    """

    image: Image.Image
    title: str
    lines: tuple[str, ...] = ()
    legend: Legend | None = None
    paper: Paper = LIGHT

    def drawn(self, width: int = 0, title_lines: int = 0) -> Image.Image:
        """The picture with title, lines and legend, on its paper.

        Args:
            width: In pixels, with margins; a wider image is reduced, a narrower one stands in the middle. 0 for what
                the image needs.
            title_lines: Lines that the title takes at least, so that images beside each other begin at one height.
        """
        width = width or max(self.image.width, LEAST_WIDTH) + 2 * MARGIN
        inner = max(width - 2 * MARGIN, 1)
        parts = [
            self._text([self.title], TITLE, self.paper.ink, inner, title_lines),
            _fitted(self.image, inner),
            *([self.legend.drawn(inner, self.paper)] if self.legend else []),
            self._text(self.lines, SIZE, self.paper.gray, inner),
        ]
        return self._stacked([each for each in parts if each], width)

    def title_lines(self, width: int) -> int:
        """The lines that the title takes in a picture of this width."""
        return len(wrapped(self.title, TITLE, max(width - 2 * MARGIN, 1)))

    def save(self, path: str | Path) -> None:
        """Write it as PNG, whole or not at all.

        Raises:
            OSError: It cannot be written.
        """
        with replacing(path) as partial:
            self.drawn().save(partial, "PNG")

    def _text(
        self, texts: tuple[str, ...] | list[str], size: int, color: str, width: int, least: int = 0
    ) -> Image.Image | None:
        lines = [line for text in texts for line in wrapped(text, size, width)]
        lines += [""] * (least - len(lines))
        if not lines:
            return None
        image = Image.new("RGB", (width, line_height(size) * len(lines)), self.paper.ground)
        write_lines(ImageDraw.Draw(image), (0, 0), lines, size, color)
        return image

    def _stacked(self, parts: list[Image.Image], width: int) -> Image.Image:
        gap = MARGIN // 2 + 1
        height = sum(each.height + gap for each in parts) - gap + 2 * MARGIN
        page, top = Image.new("RGB", (width, height), self.paper.ground), MARGIN
        for each in parts:
            page.paste(each, ((width - each.width) // 2, top))
            top += each.height + gap
        return page


def _fitted(image: Image.Image, width: int) -> Image.Image:
    if image.width <= width:
        return image
    height = max(round(image.height * width / image.width), 1)
    return image.resize((width, height), Image.Resampling.LANCZOS)
