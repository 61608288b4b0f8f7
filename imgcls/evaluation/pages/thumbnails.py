"""Small images as data addresses, for pages that stand alone."""

import base64
import io
import math
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from imgcls.data.images.encoded import read_encoded
from imgcls.data.images.transcoding import still
from imgcls.image_files import Refused, opened

SIDE = 112  # pixels; smaller images are enlarged in whole steps, so that their pixels stay visible
QUALITY = 75  # of WebP
AT_ONCE = 64  # images for each thread, before it is seen whether there is room for more
AS_THEY_ARE = ("L", "RGB")  # Pillow's modes of a JPEG that it may decode at a part of its size


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
        return _address(small_image(read_encoded(path), box, side), side)
    except (OSError, Refused):
        return ""


def packed_thumbnails(
    paths: Sequence[Path], boxes: np.ndarray | None, most_bytes: int, side: int = SIDE
) -> dict[int, str]:
    """The first of many image files as small WebP images, as many as there is room for.

    They are made by several threads. An image that is small already keeps its pixels as they are.

    Args:
        paths: The files, the most important ones first.
        boxes: (N, 4), the part of each that is shown; NaN, or None, for all of it.
        most_bytes: How long all of them may be together, in base64.
        side: Longest side in pixels.

    Returns:
        Of each image that has one, by its place in `paths`, the WebP file in base64; empty if it cannot be read.
    """
    found: dict[int, str] = {}
    room = most_bytes
    for place, packed in enumerate(_in_threads(paths, boxes, side)):
        room -= len(packed)
        if room < 0:
            break
        found[place] = packed
    return found


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


def _in_threads(paths: Sequence[Path], boxes: np.ndarray | None, side: int) -> Iterator[str]:
    """The packed images in their order. What nobody asks for any more is not made."""
    threads = os.cpu_count() or 1
    every = [None] * len(paths) if boxes is None else boxes
    with ThreadPoolExecutor(threads) as pool:
        for first in range(0, len(paths), AT_ONCE * threads):
            some = slice(first, first + AT_ONCE * threads)
            yield from pool.map(lambda path, box: _packed(path, box, side), paths[some], every[some])


def _packed(path: Path, box: Sequence[float] | None, side: int) -> str:
    try:
        image = small_image(read_encoded(path), box, side)
    except (OSError, Refused):
        return ""
    data, is_small = io.BytesIO(), max(image.size) * 2 <= side
    image.thumbnail((side, side))
    image.save(data, "WEBP", lossless=is_small, quality=QUALITY, method=2)
    return base64.b64encode(data.getvalue()).decode()


def small_image(data: bytes, box: Sequence[float] | None, side: int) -> Image.Image:
    """The part of an encoded image that a box holds, upright, on white, not yet shrunk to `side`.

    Args:
        data: The content of the file.
        box: Left, top, right and bottom in pixels of the upright image; None, or NaN, for all of it.
        side: What it will be shrunk to, in pixels: a JPEG is decoded no larger than this needs.

    Raises:
        Refused: It cannot be read.
    """
    if box is None or any(math.isnan(edge) for edge in box):
        return _on_white(_reduced_jpeg(data, 2 * side) or still(data))
    left, top, right, bottom = box
    return _on_white(still(data).crop((int(left), int(top), math.ceil(right), math.ceil(bottom))))


def _reduced_jpeg(data: bytes, side: int) -> Image.Image | None:
    """A JPEG at an eighth, a quarter or a half of its size, not below `side`; None if that cannot be had."""
    try:
        with opened(data) as image:
            if image.format != "JPEG" or image.mode not in AS_THEY_ARE or min(image.size) < 2 * side:
                return None
            image.draft(image.mode, (side, side))
            return ImageOps.exif_transpose(image)
    except Refused:  # because of its EXIF perhaps, which `still` passes over
        return None


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode in AS_THEY_ARE:
        return image.convert("RGB")
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def _address(image: Image.Image, side: int) -> str:
    if max(image.size) * 2 <= side:
        image = image.resize([length * (side // max(image.size)) for length in image.size], Image.Resampling.NEAREST)
    image.thumbnail((side, side))
    data = io.BytesIO()
    image.save(data, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(data.getvalue()).decode()
