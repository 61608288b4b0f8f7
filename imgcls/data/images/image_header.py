"""The header of an image file: what is known before any pixel is decoded."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgcls.data.images.bmp_masks import in_usual_order
from imgcls.data.images.decoded_formats import decodes
from imgcls.image_files import exif_orientation, opened

if TYPE_CHECKING:
    from PIL import ImageFile

OUR_NAMES = {"WEBP": "WebP", "MPO": "JPEG", "DIB": "BMP"}  # a multi-image file is a JPEG with others behind it
BITS_PER_SAMPLE = 258  # a tag of TIFF
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


@dataclass(frozen=True)
class ImageHeader:
    """What the header of an image file says.

    Attributes:
        width: Pixels as stored.
        height: Pixels as stored.
        format: Such as "JPEG".
        mode: Pillow's mode, such as "RGB".
        traits: Of `TRAITS`.
    """

    width: int
    height: int
    format: str
    mode: str
    traits: tuple[str, ...]


def read_header(data: bytes) -> ImageHeader:
    """Read the header of an image file.

    Raises:
        Refused: The file is damaged, too large, or no image.
    """
    with opened(in_usual_order(data)) as image:
        format = image.format or ""  # Pillow names that of every file it opens
        return ImageHeader(*image.size, OUR_NAMES.get(format, format), image.mode, _traits(image, data))


def _traits(image: "ImageFile.ImageFile", data: bytes) -> tuple[str, ...]:
    tiff_bits = getattr(image, "tag_v2", {}).get(BITS_PER_SAMPLE, (8,)) if image.format == "TIFF" else (8,)
    has = {
        ANIMATED: image.format != "MPO" and getattr(image, "is_animated", False),
        CMYK: image.mode == "CMYK",
        SIXTEEN_BIT: image.mode.startswith("I") or (image.format == "PNG" and data[24] == 16) or max(tiff_bits) > 8,
        ALPHA: image.has_transparency_data,
        TURNED: exif_orientation(image) > 1,
        ZEROS: (image.format == "JPEG" and image.fp is not None and data.find(LONG_RUN, image.fp.tell()) > 0)
        or (image.format == "WEBP" and LONG_RUN in data),
        TRANSCODED: not decodes(data),
    }
    return tuple(trait for trait in TRAITS if has.get(trait))
