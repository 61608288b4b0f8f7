"""The sheet of augmentation as a file: one PNG image, or one HTML page whose images can be enlarged."""

import base64
import html
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from imgcls.data.augmentation.sheet import Row
from imgcls.files import replacing

ENLARGED = 96  # pixels; smaller images are enlarged by a whole factor to about this side
TITLE_WIDTH, GAP = 150, 6  # pixels


def write_sheet(rows: Sequence[Row], path: Path) -> None:
    """Write rows of images, with their names at the left.

    Args:
        rows: The rows, all with the same number and size of images.
        path: A file that ends in .png or .html.
    """
    write = _write_html if path.suffix == ".html" else _write_png
    write(rows, path)


def _write_png(rows: Sequence[Row], path: Path) -> None:
    count, height, width = rows[0].images.shape[:3]
    factor = max(1, ENLARGED // height)
    step_y, step_x = factor * height + GAP, factor * width + GAP
    page = Image.new("RGB", (TITLE_WIDTH + count * step_x, len(rows) * step_y + GAP), "white")
    pen = ImageDraw.Draw(page)
    for r, row in enumerate(rows):
        pen.text((GAP, r * step_y + step_y // 2 - GAP), row.name, fill="black")
        for c, image in enumerate(row.images):
            page.paste(_enlarged(image, factor), (TITLE_WIDTH + c * step_x, GAP + r * step_y))
    with replacing(path) as partial:
        page.save(partial)


def _write_html(rows: Sequence[Row], path: Path) -> None:
    factor = max(1, ENLARGED // rows[0].images.shape[1])
    lines = []
    for row in rows:
        cells = [
            f'<td><img alt="{html.escape(row.name)}" src="data:image/png;base64,{_as_text(_enlarged(image, factor))}"></td>'
            for image in row.images
        ]
        lines.append(f"<tr><th>{html.escape(row.name)}</th>{''.join(cells)}</tr>")
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Augmentation</title>'
        "<style>body{font:15px Helvetica,Arial,sans-serif}th{text-align:left;padding-right:12px}</style>"
        f"<table>{''.join(lines)}</table></html>\n"
    )
    with replacing(path) as partial:
        partial.write_text(page, "utf-8")


def _as_text(image: Image.Image) -> str:
    """A PNG of the image, base64-encoded."""
    data = io.BytesIO()
    image.save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode()


def _enlarged(pixels: np.ndarray, factor: int) -> Image.Image:
    image = Image.fromarray(pixels if pixels.shape[-1] == 3 else pixels[..., 0])
    return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
