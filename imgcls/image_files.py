"""The one place that opens an image file with Pillow: known formats only, nothing on stderr, each error as a reason.

Nothing heavy is imported before a file is opened, so that a command's --help can say what is read.
"""

import io
import logging
import os
import re
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from PIL import ImageFile

READABLE = "JPEG, PNG, GIF, BMP, WebP, TIFF, JPEG 2000, PPM, AVIF, and HEIC with `pip install 'imgcls[heic]'`"
WHAT_IS_READ = f"Image files can be {READABLE}, whatever their names end in."
MOST_PIXELS = 100_000_000  # of an image; decoded it takes 300 MB
FORMATS = ("JPEG", "MPO", "PNG", "GIF", "BMP", "DIB", "WEBP", "TIFF", "JPEG2000", "PPM", "AVIF", "HEIF")  # Pillow's
BASELINE = ("jpg", "jpeg", "jpe", "jfif", "png", "bmp", "gif", "webp", "tif", "tiff")
RARER = ("mpo", "apng", "dib", "jp2", "j2k", "j2c", "jpc", "jpf", "jpx", "ppm", "pgm", "pbm", "pnm", "avif", "avifs",
         "heic", "heif", "hif", "jxl")  # fmt: skip
SUFFIXES = tuple(f".{name}" for name in (*BASELINE, *RARER))
SIGNATURES = (  # pattern of the first bytes, name of the format, usual suffix; published by each format's owner
    (rb"\xff\xd8\xff", "JPEG", ".jpg"),
    (rb"\x89PNG", "PNG", ".png"),
    (rb"GIF8[79]a", "GIF", ".gif"),
    (rb"BM.{4}\0\0", "BMP", ".bmp"),
    (rb"RIFF.{4}WEBP", "WebP", ".webp"),
    (rb"II[*+]\0|MM\0[*+]", "TIFF", ".tif"),
    (rb".{4}ftyp(heic|heix|heim|heis|hevc|mif1|msf1)", "HEIC", ".heic"),
    (rb".{4}ftypavi[fs]", "AVIF", ".avif"),
    (rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51", "JPEG 2000", ".jp2"),
    (rb"P[1-6]\s", "PPM", ".ppm"),
)
NOT_READ = (  # what lies among images and is none that can be read
    (rb"\0\0\0\x0cJXL |\xff\x0a", "a JPEG XL file"),
    (rb"\0\0\x01\0", "an icon (ICO)"),
    (rb".{128}DICM", "a DICOM file"),
    (rb"8BPS", "a Photoshop file"),
    (rb"%PDF", "a PDF"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "a PostScript file"),
    (rb"DDS ", "a DDS file"),
    (rb"qoif", "a QOI file"),
    (rb"icns", "an ICNS file"),
    (rb"\x01\xda[\0\x01][\x01\x02]", "an SGI file"),
    (rb"\x0a[\0\x02\x03\x05]\x01[\x01\x02\x04\x08]", "a PCX file"),
    (rb"SIMPLE  =", "a FITS file"),
    (rb"PK\x03\x04", "a ZIP archive"),
    (rb"\s*<(!doctype html|html)", "an HTML page"),
    (rb"\s*(<\?xml.*)?<svg", "an SVG drawing"),
)
HEAD = 512  # bytes that say what a file is
EMPTY = "the file is empty (0 bytes)"
UNKNOWN_FORMAT = f"no image that can be read; expected {READABLE}"
NEEDS_HEIF = "a HEIC file, which needs a further package: pip install 'imgcls[heic]'"
ORIENTATION = 0x0112  # EXIF tag
PNG_SIGNATURE = 8  # bytes before the first chunk of a PNG
ONE_AT_A_TIME = threading.RLock()  # warnings are switched off for the whole process, not for a thread


class Refused(ValueError):
    """A file that cannot be used; the message is one clause that says why."""


class TooLarge(Refused):
    """A file that announces more pixels than any image may have."""


@contextmanager
def opened(source: bytes | Path) -> Iterator["ImageFile.ImageFile"]:
    """Open an encoded image, or the file of one, without decoding it.

    Args:
        source: The bytes, or the file.

    Yields:
        Pillow's image.

    Raises:
        Refused: It is damaged, too large or no image; also if that shows while the caller decodes it.
        OSError: The file cannot be read.
    """
    from PIL import Image

    with _stream(source) as file, ONE_AT_A_TIME, warnings.catch_warnings(action="ignore"):
        head, size = file.read(HEAD), file.seek(0, os.SEEK_END)
        file.seek(0)
        try:
            with Image.open(file, formats=pillow_formats()) as image:
                check_size(image.width * image.height)
                yield image
        except Refused:
            raise
        except MemoryError as error:
            raise Refused("an image for which the memory does not suffice") from error
        except Image.DecompressionBombError as error:
            announced = re.search(r"\d+", str(error))
            check_size(int(announced[0]) if announced else 0)
            raise Refused(damaged(head, size)) from error
        except Exception as error:  # Pillow's decoders say in many ways that a file is damaged
            raise Refused(damaged(head, size)) from error


def exif_orientation(image: "ImageFile.ImageFile") -> int:
    """The EXIF orientation of an image that was opened and not decoded.

    Pillow decodes a whole PNG for that, in case EXIF stands behind the pixels: 120 ms for 3000 x 3000 of them. Here
    that is done only where the file has such a chunk.

    Args:
        image: As `opened` gives it.

    Returns:
        1 to 8; 1, which is upright, also for EXIF that is broken.
    """
    from PIL import Image

    try:
        without = image.format == "PNG" and image.fp is not None and not _has_exif_chunk(image.fp)
        exif = Image.Image.getexif(image) if without else image.getexif()
        found: object = exif.get(ORIENTATION)
    except Exception:  # Pillow raises many kinds for broken EXIF, which says nothing about the image
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _has_exif_chunk(png: IO[bytes]) -> bool:
    """Whether a PNG has a chunk eXIf, before its pixels or behind them (PNG, third edition, 11.3.4.5)."""
    place, at = png.tell(), PNG_SIGNATURE
    try:
        png.seek(at)
        while len(begin := png.read(8)) == 8:
            length, kind = struct.unpack(">I4s", begin)
            if kind == b"eXIf":
                return True
            at += 12 + length
            png.seek(at)
        return False
    finally:
        png.seek(place)


def damaged(head: bytes, size: int) -> str:
    """Why a file that begins so, of `size` bytes, cannot be opened, in one clause."""
    name = format_of(head)
    if not size:
        return EMPTY
    if name == "HEIC" and "HEIF" not in pillow_formats():
        return NEEDS_HEIF
    if name:
        rare = ", or one of a rare kind" if name == "TIFF" else ""  # Pillow does not say which of them
        return f"a damaged or truncated {name} file{rare} ({size:,} bytes)"
    other = next((what for pattern, what in NOT_READ if re.match(pattern, head, re.DOTALL | re.IGNORECASE)), "")
    return f"{other}, which is not read; expected {READABLE}" if other else UNKNOWN_FORMAT


def why_not_opened(path: Path) -> str:
    """Why a file is no image that is read, by its first bytes, in one clause; empty if it seems to be one."""
    try:
        with path.open("rb") as file:
            head, size = file.read(HEAD), os.fstat(file.fileno()).st_size
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return "" if format_of(head) else "empty (0 bytes)" if not size else damaged(head, size)


def format_of(head: bytes) -> str:
    """The format that the first bytes announce; empty if they announce none that is read.

    Example:
        >>> format_of(b"\\x89PNG"), format_of(b"hello")
        ('PNG', '')
    """
    return next((name for pattern, name, _ in SIGNATURES if re.match(pattern, head, re.DOTALL)), "")


def suffix_of(head: bytes) -> str:
    """The usual suffix of the format that the first bytes announce; empty if they announce none.

    Example:
        >>> suffix_of(b"\\xff\\xd8\\xff")
        '.jpg'
    """
    return next((suffix for pattern, _, suffix in SIGNATURES if re.match(pattern, head, re.DOTALL)), "")


@cache
def pillow_formats() -> tuple[str, ...]:
    """The formats that may be opened here; Pillow knows more, some of which start other programs."""
    from PIL import Image

    logging.getLogger("PIL").addHandler(logging.NullHandler())  # else its errors are printed, without the file's name
    try:
        import pillow_heif
    except ImportError:
        pass
    else:
        pillow_heif.register_heif_opener()
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def shown_name(path: str | Path) -> str:
    """A path as text that every file and terminal can hold; what is not UTF-8 is shown as in `caf\\xe9.jpg`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _stream(source: bytes | Path) -> BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def check_size(pixels: int) -> int:
    """The same number of pixels.

    Raises:
        TooLarge: No image may have as many.
    """
    if pixels > MOST_PIXELS:
        raise TooLarge(
            f"a header that announces {pixels:,} pixels, above the limit of {MOST_PIXELS:,} pixels; nothing was decoded"
        )
    return pixels
