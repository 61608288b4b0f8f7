"""Images that TensorFlow cannot decode, or not rightly, such as TIFF, HEIC and GIF, as PNG files in the cache.

The files of the user stay what they are. A PNG is named by the SHA-256 of the file that it was made from, so it is made
once, serves every manifest, and can be deleted at any time.
"""

import io
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from imgcls.data.cache import cache_home
from imgcls.data.images.bmp_masks import in_usual_order
from imgcls.data.images.encoded import read_encoded
from imgcls.data.images.image_header import BITS_PER_SAMPLE, TRANSCODED, read_header
from imgcls.image_files import Refused, opened

if TYPE_CHECKING:
    from PIL import Image

STILL_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "La", "RGBa")
KINDS = {"F": "floating-point", "I": "32-bit"}  # of pixels that cannot be shown in 8 bits, by Pillow's mode
VERSION = 2  # raise it when the same file gives another PNG


def decodable(data: bytes) -> bytes:
    """An image file as `imgcls.data.images.decoding.decode` reads it: its own bytes, or a PNG copy.

    Raises:
        Refused: Training refuses the file too, for the same reason.
    """
    return transcode(data) if TRANSCODED in read_header(data).traits else data


def transcode(data: bytes) -> bytes:
    """The upright first image of a file as PNG, with 8 bits in place of 16.

    Raises:
        Refused: See `still`.
    """
    out = io.BytesIO()
    still(data).save(out, "PNG", compress_level=1)
    return out.getvalue()


def still(data: bytes) -> "Image.Image":
    """The upright first image of a file, decoded by Pillow.

    Returns:
        An image of mode "L", "RGB" or "RGBA".

    Raises:
        Refused: The file is damaged, or its pixels cannot be shown in 8 bits.
    """
    from PIL import Image

    with opened(in_usual_order(data)) as image:
        bits = _bits(image)
        if image.mode not in STILL_MODES and not bits:
            raise Refused(
                f"an image with {KINDS.get(image.mode, image.mode)} pixels; expected 8 or 16 bits, so save it as PNG"
            )
        image.seek(0)
        frame = image.tile[0].extents if image.format == "GIF" and image.tile else None
        image.load()
        upright = _upright(image)
        if bits:
            return Image.fromarray((np.asarray(upright).astype(np.int32) >> (bits - 8)).astype(np.uint8))
        return _on_canvas(_in_colour(upright), frame)


def _upright(image: "Image.Image") -> "Image.Image":
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # Pillow raises many kinds for broken EXIF, which counts as upright everywhere
        return image.copy()


def _bits(image: "Image.Image") -> int:
    """How many bits a gray level has if it is more than 8 and Pillow keeps them all; 0 if not."""
    if image.format == "PPM" and image.mode == "I":
        return 16  # to which Pillow stretches whatever the file's brightest level is
    if not image.mode.startswith("I;16"):
        return 0
    bits: int = getattr(image, "tag_v2", {}).get(BITS_PER_SAMPLE, (16,))[0] if image.format == "TIFF" else 16
    return bits


def _in_colour(image: "Image.Image") -> "Image.Image":
    if image.mode in ("L", "RGB", "RGBA"):
        return image.convert("RGBA") if image.has_transparency_data else image
    if image.mode == "La":
        image = image.convert("LA")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _on_canvas(image: "Image.Image", frame: tuple[int, int, int, int] | None) -> "Image.Image":
    """A GIF's first frame alone: what lies outside of it on the canvas is transparent."""
    from PIL import Image

    if frame is None or frame == (0, 0, *image.size):
        return image
    canvas = Image.new("RGBA", image.size, (255, 255, 255, 0))
    canvas.paste(image.convert("RGBA").crop(frame), frame)
    return canvas


def transcoded_file(sha256: str) -> Path:
    """The PNG copy, in the cache, of a file with this checksum."""
    return cache_home() / f"transcoded-{VERSION}" / sha256[:2] / f"{sha256}.png"


def keep_transcoded(data: bytes, sha256: str) -> bytes:
    """Transcode a file and keep the PNG copy in the cache, unless it is there already.

    Args:
        data: The file's bytes.
        sha256: Their checksum.

    Returns:
        The PNG copy.

    Raises:
        Refused: See `still`; or the cache cannot be written.
    """
    kept = transcoded_file(sha256)
    if kept.is_file():
        return kept.read_bytes()
    png = transcode(data)
    partial = kept.with_name(f".{os.getpid()}-{threading.get_ident()}-{kept.name}")  # another process may make it too
    try:
        partial.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(png)
        partial.replace(kept)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise Refused(f"it has to be transcoded, and the cache {cache_home()} cannot be written: {why}") from error
    return png


def transcoded(path: Path, sha256: str) -> Path:
    """The PNG copy of a file that was transcoded before, made again if the cache was emptied since.

    Args:
        path: The file.
        sha256: Its checksum.

    Returns:
        The copy; `path` itself where there can be none any more.
    """
    kept = transcoded_file(sha256)
    if not kept.is_file():
        try:
            keep_transcoded(read_encoded(path), sha256)
        except (OSError, Refused):  # the file changed since
            return path
    return kept
