"""What the first bytes of an image file say, before anything of its picture is decoded."""

import io
import re
from dataclasses import dataclass
from functools import cache

from PIL import Image, UnidentifiedImageError

MOST_PIXELS = 100_000_000  # of a picture; decoded it takes 300 MB
FORMATS = ("JPEG", "MPO", "PNG", "GIF", "BMP", "WEBP", "TIFF", "JPEG2000", "PPM", "AVIF", "HEIF")  # Pillow's names
OUR_NAMES = {"WEBP": "WebP", "MPO": "JPEG"}  # a multi-picture file is a JPEG with further ones behind it
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
ORIENTATION, BITS_PER_SAMPLE = 0x0112, 258  # tags of EXIF and TIFF
LONG_RUN = b"\0" * 512  # compressed data has no such run; half-written files have

ANIMATED, CMYK, SIXTEEN_BIT, ALPHA, TURNED, ZEROS, TRANSCODED = TRAITS = (
    "animated",
    "CMYK",
    "16-bit",
    "alpha",
    "turned",  # by its EXIF orientation
    "zeros",  # a long run of zero bytes inside the compressed data
    "transcoded",  # training reads a PNG of it
)


class Refused(ValueError):
    """A file that is not damaged and cannot be used all the same; the message is one clause that says why."""


@dataclass(frozen=True)
class ImageHeader:
    """width, height: pixels as stored. format: such as "JPEG". mode: Pillow's, such as "RGB". traits: of `TRAITS`."""

    width: int
    height: int
    format: str
    mode: str
    traits: tuple[str, ...]


def read_header(data: bytes) -> ImageHeader:
    """Read an image file's header.

    Raises Refused for a picture that is too large, and whatever Pillow raises for what is damaged or no image.
    """
    try:
        with Image.open(io.BytesIO(data), formats=_formats()) as image:
            width, height = image.size
            if width * height <= MOST_PIXELS:
                format = OUR_NAMES.get(image.format, image.format)
                return ImageHeader(width, height, format, image.mode, _traits(image, data))
            announced = width * height
    except Image.DecompressionBombError as error:
        announced = int(re.search(r"\d+", str(error))[0])
    except UnidentifiedImageError:
        if data[4:8] == b"ftyp" and data[8:12] in HEIF_BRANDS and "HEIF" not in _formats():
            raise Refused("a HEIC file, which needs a further package: pip install 'imgcls[heic]'") from None
        raise
    raise Refused(
        f"a header that announces {announced:,} pixels, above the limit of {MOST_PIXELS:,} pixels; nothing was decoded"
    )


def _traits(image: Image.Image, data: bytes) -> tuple[str, ...]:
    tiff_bits = image.tag_v2.get(BITS_PER_SAMPLE, (8,)) if image.format == "TIFF" else (8,)
    has = {
        ANIMATED: image.format != "MPO" and getattr(image, "is_animated", False),
        CMYK: image.mode == "CMYK",
        SIXTEEN_BIT: image.mode.startswith("I") or (image.format == "PNG" and data[24] == 16) or max(tiff_bits) > 8,
        ALPHA: image.has_transparency_data,
        TURNED: _orientation(image) in range(2, 9),
        ZEROS: (image.format == "JPEG" and data.find(LONG_RUN, image.fp.tell()) > 0)
        or (image.format == "WEBP" and LONG_RUN in data),
    }
    return tuple(trait for trait in TRAITS if has.get(trait))


def _orientation(image: Image.Image) -> object:
    try:
        return image.getexif().get(ORIENTATION)
    except Exception:  # Pillow raises many kinds for broken EXIF, which says nothing about the picture
        return None


@cache
def _formats() -> tuple[str, ...]:
    """The formats that may be opened here; Pillow knows more, some of which start other programs."""
    try:
        import pillow_heif
    except ImportError:
        pass
    else:
        pillow_heif.register_heif_opener()
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)
