"""The images of the convolution bench: pixels enlarged so that they can be counted, with a frame around some."""

import base64
import io
from html import escape

import numpy as np
from PIL import Image, ImageDraw

from imgcls.data.images.encoded import read_encoded
from imgcls.evaluation.pages.thumbnails import small_image
from imgcls.image_files import READABLE, Refused

SIDE = 96  # pixels of an image on the bench
SHOWN = 384  # pixels, to about which its pixels are enlarged
FRAME = (217, 95, 2)  # told from gray by everybody


def gray_pixels(source: str | bytes) -> np.ndarray:
    """An image as (H, W) of whole numbers from 0 to 255; a larger one is reduced.

    Args:
        source: The path of a file, or what is in it.

    Raises:
        ValueError: It is no image that can be read.
    """
    try:
        data = source if isinstance(source, bytes) else read_encoded(source)
        image = small_image(data, None, SIDE)
    except (OSError, Refused) as error:
        raise ValueError(f"The file is no image that can be read. Expected {READABLE}.") from error
    image.thumbnail((SIDE, SIDE))
    return np.asarray(image.convert("L")).astype(float)


def picture(values: np.ndarray, lowest: float, highest: float, frame: tuple[int, int, int] | None, alt: str) -> str:
    """HTML of a map of values in gray.

    Args:
        values: (h, w).
        lowest: That is black.
        highest: That is white.
        frame: Row, column and side of a square that is framed, in positions; it may begin outside.
        alt: What is to be seen, in words.
    """
    gray = (np.clip((values - lowest) / ((highest - lowest) or 1.0), 0, 1) * 255).astype(np.uint8)
    factor = max(1, SHOWN // max(values.shape))
    image = Image.fromarray(gray).convert("RGB")
    image = image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    if frame:
        _framed(image, frame, factor)
    file = io.BytesIO()
    image.save(file, "PNG")
    address = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    return (
        f'<img src="{address}" alt="{escape(alt)}" style="width:{SHOWN}px;max-width:100%;image-rendering:pixelated;'
        'border:1px solid rgba(128,128,128,0.5)">'
    )


def scale(values: np.ndarray) -> tuple[float, float]:
    """What is black and what is white of a feature map: with values below 0, 0 is the gray in the middle."""
    top = float(np.abs(values).max()) or 1.0
    return (-top, top) if values.min() < 0 else (0.0, top)


def numbers(values: np.ndarray, heading: str) -> str:
    """HTML of a small table of numbers."""
    rows = "".join(
        "<tr>"
        + "".join(f'<td style="padding:4px 8px;text-align:right">{round(float(v), 4):g}</td>' for v in row)
        + "</tr>"
        for row in values
    )
    return (
        '<table style="border-collapse:collapse;font-variant-numeric:tabular-nums;margin:4px 0">'
        f'<caption style="text-align:left;font-size:0.875rem;white-space:nowrap">{escape(heading)}</caption>'
        f"{rows}</table>"
    )


def _framed(image: Image.Image, frame: tuple[int, int, int], factor: int) -> None:
    row, column, side = frame
    left, top = max(column * factor, 0), max(row * factor, 0)
    right, bottom = ((place + side) * factor - 1 for place in (column, row))
    right, bottom = max(left, min(right, image.width - 1)), max(top, min(bottom, image.height - 1))
    ImageDraw.Draw(image).rectangle((left, top, right, bottom), outline=FRAME, width=3)
