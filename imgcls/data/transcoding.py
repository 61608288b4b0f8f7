"""Pictures in formats that TensorFlow cannot decode, such as TIFF and HEIC, as PNG files in the cache.

The files of the user stay what they are. A PNG is named by the SHA-256 of the file that it was made from, so it is made
once, serves every manifest, and can be deleted at any time.
"""

import io
import os
import threading
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from imgcls.data.cache import cache_home
from imgcls.data.image_header import ANIMATED, ImageHeader, Refused, read_header

DECODED_BY_TENSORFLOW = ("JPEG", "PNG", "GIF", "BMP", "WebP")
STILL_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "La", "RGBa")
ONE_AT_A_TIME = threading.Lock()  # such pictures are often large


def needs_transcoding(header: ImageHeader, data: bytes) -> bool:
    """Whether TensorFlow cannot decode such a file, although it is whole."""
    if header.format == "BMP":
        bits, compression = data[28] + 256 * data[29], int.from_bytes(data[30:34], "little")
        return bits < 8 or bits == 16 or (bits < 32 and compression != 0)
    return header.format not in DECODED_BY_TENSORFLOW or (header.format == "WebP" and ANIMATED in header.traits)


def transcode(data: bytes, mode: str) -> bytes:
    """The upright first picture of an encoded file as PNG. 16 bits become 8.

    Raises Refused for pixels that cannot be shown in 8 bits, and whatever Pillow's decoders raise for a damaged file.
    """
    if mode not in STILL_MODES and not mode.startswith("I;16"):
        kind = {"F": "floating-point", "I": "32-bit"}.get(mode, mode)
        raise Refused(f"an image with {kind} pixels; expected 8 or 16 bits, so save it as PNG")
    with Image.open(io.BytesIO(data)) as image:
        image.seek(0)
        image.load()
        picture = ImageOps.exif_transpose(image)
    if mode.startswith("I;16"):
        picture = Image.fromarray((np.asarray(picture).astype(np.uint16) >> 8).astype(np.uint8))
    elif picture.mode not in ("L", "RGB", "RGBA"):
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()


def transcoded_file(sha256: str) -> Path:
    """Where the PNG of a file with this checksum is kept."""
    return cache_home() / "transcoded" / sha256[:2] / f"{sha256}.png"


def keep_transcoded(data: bytes, sha256: str, mode: str) -> bytes:
    """Transcode a file and keep the PNG in the cache, unless it is there already; returns the PNG.

    Raises what `transcode` raises, and Refused if the cache cannot be written.
    """
    kept = transcoded_file(sha256)
    if kept.is_file():
        return kept.read_bytes()
    with ONE_AT_A_TIME:
        png = transcode(data, mode)
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
    """The PNG of a file that was transcoded before, made again if the cache was emptied since.

    Returns `path` itself where that cannot be done any more; whoever reads it says why.
    """
    kept = transcoded_file(sha256)
    if not kept.is_file():
        try:
            data = path.read_bytes()
            with warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):
                keep_transcoded(data, sha256, read_header(data).mode)
        except Exception:  # the file changed since, and Pillow's decoders raise many kinds
            return path
    return kept
