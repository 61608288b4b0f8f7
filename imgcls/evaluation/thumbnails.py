"""Small images as data addresses, for pages that stand alone."""

import base64
import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from imgcls.data.images.encoded import read_encoded
from imgcls.data.images.transcoding import still
from imgcls.image_files import Refused

SIDE = 112  # pixels; smaller images are enlarged in whole steps, so that their pixels stay visible


def thumbnail(path: str | Path, box: Sequence[float] | None = None, side: int = SIDE) -> str:
    """An image file as a small JPEG.

    Args:
        path: The image file.
        box: Left, top, right and bottom in pixels of the upright image, for a part of it; None, or NaN, for all of it.
        side: Longest side in pixels.

    Returns:
        A data address; empty if the file cannot be read.
    """
    try:
        image = still(read_encoded(path))
    except (OSError, Refused):
        return ""
    if box is not None and not any(math.isnan(edge) for edge in box):
        left, top, right, bottom = box
        image = image.crop((int(left), int(top), math.ceil(right), math.ceil(bottom)))
    image = image.convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    return _address(Image.alpha_composite(white, image).convert("RGB"), side)


def image_address(pixels: np.ndarray, side: int = SIDE) -> str:
    """Pixels as a small JPEG.

    Args:
        pixels: (H, W, 1) or (H, W, 3), in [0, 255].
        side: Longest side in pixels.

    Returns:
        A data address.
    """
    whole = np.round(pixels).astype(np.uint8)
    return _address(Image.fromarray(whole if whole.shape[-1] == 3 else whole[..., 0]).convert("RGB"), side)


def _address(image: Image.Image, side: int) -> str:
    if max(image.size) * 2 <= side:
        image = image.resize([length * (side // max(image.size)) for length in image.size], Image.Resampling.NEAREST)
    image.thumbnail((side, side))
    data = io.BytesIO()
    image.save(data, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(data.getvalue()).decode()
