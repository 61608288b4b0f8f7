"""A heat map laid over its image, so that both are seen."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from imgcls.explain.drawing.colors import diverging, sequential
from imgcls.explain.drawing.legend import Legend, number
from imgcls.explain.drawing.picture import Picture
from imgcls.explain.drawing.text import line_height, wrapped, write_lines
from imgcls.explain.heatmaps import Heatmaps

LEAST_SIDE = 224  # pixels, to which smaller images are enlarged
STRONGEST = 99.5  # percentile of a map of pixels that gets the last color
FAR = 1.5  # the maximum is this many times that percentile where single pixels would darken all others
OPACITY = 0.85  # of the strongest heat
LIGHT = (70, 225)  # gray levels of the image below: neither black nor white, so that no heat is lost in it
BAND, BAND_INK = "#1a1a1a", "#ffffff"


def shown_image(pixels: np.ndarray) -> Image.Image:
    """An image as it is shown; a small one is enlarged in whole steps, so that its pixels stay squares.

    Args:
        pixels: (H, W, 1 or 3), in [0, 255].

    Returns:
        RGB.

    Raises:
        ValueError: The pixels have another shape.

    Example:
        >>> shown_image(np.zeros((28, 28, 1))).size
        (224, 224)
    """
    if np.ndim(pixels) != 3 or np.shape(pixels)[-1] not in (1, 3):
        raise ValueError(f"Pixels have the shape {np.shape(pixels)}; expected (height, width, 1 or 3).")
    whole = np.clip(np.rint(np.nan_to_num(pixels)), 0, 255).astype(np.uint8)
    return enlarged(Image.fromarray(np.broadcast_to(whole, (*whole.shape[:2], 3)).copy()))


def enlarged(image: Image.Image, least: int = LEAST_SIDE) -> Image.Image:
    """An image enlarged in whole steps until its longer side is about `least` pixels; a larger one stays as it is.

    Example:
        >>> enlarged(Image.new("RGB", (10, 5)), least=98).size
        (100, 50)
    """
    factor = max(round(least / max(image.size)), 1)
    return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)


def heat_picture(
    pixels: np.ndarray,
    values: np.ndarray,
    signed: bool,
    title: str,
    lines: Sequence[str] = (),
    problem: str = "",
) -> Picture:
    """A map over its image in gray: the stronger the heat, the less of the image is seen through it.

    A signed map is drawn from minus to plus its largest absolute value; another one from 0 to its largest value. Where
    single pixels are far above the rest, as in maps of gradients, the strongest 0.5 % share the last color, and the
    legend says so. A map that is all zero or not finite is not drawn; a band on the picture says why.

    Args:
        pixels: The image, (H, W, 1 or 3), in [0, 255].
        values: The map, (h, w), any range; of another size than the image it is interpolated to it.
        signed: Whether values below 0 speak against; without it they count as 0.
        title: The line above.
        lines: Further lines, such as method, layer, class, network and image.
        problem: Why the map is not to be believed; written over the picture.

    Raises:
        ValueError: The pixels or the map have another shape.
    """
    if np.ndim(values) != 2:
        raise ValueError(f"A map has the shape {np.shape(values)}; expected (height, width).")
    values = np.asarray(values, np.float32)
    values = values if signed else np.maximum(values, 0)
    failed, image = Heatmaps(values[None]).problems[0], shown_image(pixels)
    legend = None
    if not failed:
        top, legend = _scale(values, signed)
        image = _over(image, _spread(values / top, np.shape(pixels)[:2], image.size), signed)
    else:
        image = Image.fromarray(_grayscale(image).astype(np.uint8))
    if problem or failed:
        image = banded(image, problem or failed)
    return Picture(image, title, tuple(lines), legend)


def banded(image: Image.Image, text: str) -> Image.Image:
    """The image with a dark band over its lower part that bears a text."""
    image = image.copy()
    size = 13 if image.width >= 160 else 10
    lines = wrapped(text, size, max(image.width - 12, 1), most=5)
    height = line_height(size) * len(lines) + 10
    top = max(image.height - height, 0)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, top, image.width, image.height), fill=BAND)
    write_lines(draw, (6, top + 5), lines, size, BAND_INK)
    return image


def _scale(values: np.ndarray, signed: bool) -> tuple[float, Legend]:
    """The value that gets the last color, and the legend."""
    strengths = np.abs(values)
    top, most = float(np.percentile(strengths, STRONGEST)), float(strengths.max())
    clipped = most > FAR * top > 0
    top = top if clipped else most
    note = f"the strongest {100 - STRONGEST:g} % of pixels reach {number(most)}" if clipped else ""
    if signed:
        return top, Legend(f"{number(-top)} against", f"for {number(top)}", True, note)
    return top, Legend("0", number(top), False, note)


def _spread(values: np.ndarray, size: tuple[int, ...], shown: tuple[int, int]) -> np.ndarray:
    """(height, width) as shown: in squares where the map has a value for each pixel, interpolated where it has not."""
    way = Image.Resampling.NEAREST if values.shape == size else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(values.astype(np.float32)).resize(shown, way))


def _over(image: Image.Image, values: np.ndarray, signed: bool) -> Image.Image:
    colors = (diverging(values) if signed else sequential(values)).astype(np.float32)
    opacity = OPACITY * np.sqrt(np.clip(np.abs(values), 0, 1))[..., None]
    mixed = opacity * colors + (1 - opacity) * _grayscale(image)
    return Image.fromarray(np.rint(mixed).astype(np.uint8))


def _grayscale(image: Image.Image) -> np.ndarray:
    """(H, W, 3), within `LIGHT`."""
    gray = np.asarray(image.convert("L"), np.float32)[..., None] / 255
    return np.repeat(LIGHT[0] + (LIGHT[1] - LIGHT[0]) * gray, 3, axis=-1)
