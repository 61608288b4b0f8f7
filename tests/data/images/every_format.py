"""One folder of every image file that Pillow can write, and of what can be amiss with an image file."""

import os
import struct
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image

from tests.data.image_samples import bomb_png, broken_apng, encoded

pillow_heif.register_heif_opener()
Image.init()

READ = ("AVIF", "BMP", "DIB", "GIF", "HEIF", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "TIFF", "WEBP")  # by imgcls
MODES = ("RGB", "L", "1", "P", "RGBA", "CMYK", "I;16", "F")
MASKS = {  # of red, green, blue and alpha, in so many bits
    "bgrx": (32, 0xFF0000, 0xFF00, 0xFF, 0),
    "bgra": (32, 0xFF0000, 0xFF00, 0xFF, 0xFF000000),
    "rgba": (32, 0xFF, 0xFF00, 0xFF0000, 0xFF000000),
    "rgbx": (32, 0xFF, 0xFF00, 0xFF0000, 0),
    "xbgr": (32, 0xFF000000, 0xFF0000, 0xFF00, 0),
    "565": (16, 0xF800, 0x07E0, 0x001F, 0),
    "4444": (16, 0x0F00, 0x00F0, 0x000F, 0xF000),
}
NOT_UTF8 = b"caf\xe9.png"


def in_mode(image: Image.Image, mode: str) -> Image.Image:
    if mode == "I;16":
        return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    if mode in ("LA", "RGBA"):
        image = image.convert("RGBA")
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image.quantize(64) if mode == "P" else image.convert(mode)


def written_by_pillow(image: Image.Image) -> dict[str, bytes]:
    """Every format in every mode, by a name such as `TIFF-CMYK.tif`; those that imgcls does not read only in one."""
    files = {}
    for format in sorted(Image.SAVE):
        suffix = next((suffix for suffix, name in Image.EXTENSION.items() if name == format), ".bin")
        for mode in MODES:
            try:
                files[f"{format}-{mode.replace(';', '')}{suffix}"] = encoded(in_mode(image, mode), format)
            except (OSError, ValueError, KeyError):  # not in this mode, or not without another program
                continue
            if format not in READ:
                break
    return files


def amiss(image: Image.Image) -> dict[str, bytes]:
    """What is truncated, misnamed, animated, turned, transparent or of a rare kind."""
    jpeg, png, gif = encoded(image), encoded(image, "PNG"), encoded(image.quantize(64), "GIF")
    exif = Image.Exif()
    exif[0x0112] = 6
    frames = {"save_all": True, "append_images": [image.rotate(180)]}
    animated = {f"animated.{name}": encoded(image, format, **frames)
                for name, format in (("gif", "GIF"), ("webp", "WEBP"), ("tif", "TIFF"), ("avif", "AVIF"),
                                     ("mpo", "MPO"), ("apng", "PNG"))}  # fmt: skip
    turned = {f"turned.{name}": encoded(image, format, exif=exif)
              for name, format in (("jpg", "JPEG"), ("png", "PNG"), ("tif", "TIFF"), ("webp", "WEBP"),
                                   ("avif", "AVIF"))}  # fmt: skip
    halves = {}
    for format in READ:
        data = encoded(image, format)
        halves[f"half-{format}"] = data[: len(data) // 2]
    apng = bytearray(animated["animated.apng"])
    apng[apng.index(b"fcTL") + 4 : apng.index(b"fcTL") + 12] = b"\xff" * 8
    gray = np.asarray(image.convert("L")).astype(int)
    size = f"{image.width} {image.height}".encode()
    return {
        **animated,
        **turned,
        **halves,
        **{f"masks-{name}.bmp": masked_bmp(image, *masks) for name, masks in MASKS.items()},
        "a_png.jpg": png,
        "a_tiff.png": encoded(image, "TIFF"),
        "a_jpeg_without_extension": jpeg,
        "an_avif_without_extension": encoded(image, "AVIF"),
        "a_jpeg.j2k": jpeg,
        "broken.apng": bytes(apng),
        "broken_exif.png": encoded(image, "PNG", exif=b"no table"),
        "broken_data.apng": broken_apng(image),
        "sixteen.pgm": b"P5 " + size + b" 65535\n" + (gray * 257).astype(">u2").tobytes(),
        "twelve.pgm": b"P5 " + size + b" 4095\n" + (gray * 16).astype(">u2").tobytes(),
        "text.pgm": b"P2 " + size + b" 255\n" + b" ".join(b"%d" % value for value in gray.ravel()),
        "off_the_corner.gif": moved_gif(gif, image.width + 9, image.height + 7, 5, 3),
        "transparent.gif": encoded(image.quantize(8), "GIF", transparency=2),
        "without_end.gif": gif[:-1],
        "lzw.tif": encoded(image, "TIFF", compression="tiff_lzw"),
        "extra.ppm": encoded(image, "PPM") + b"behind it",
        "empty.png": b"",
        "text.jpg": b"no image",
        "page.jpg": b"<!DOCTYPE html><html><body>404</body></html>",
        "scan.dcm": bytes(128) + b"DICM" + bytes(64),
        "bomb.png": bomb_png(20_000, 20_000),
    }


def masked_bmp(image: Image.Image, bits: int, *masks: int) -> bytes:
    """A bottom-up BMP with a header of version 4, opaque where it has alpha."""
    pixels = np.asarray(image.convert("RGBA"))[::-1].astype(np.uint32)
    values = sum(_in_mask(pixels[..., channel], mask) for channel, mask in enumerate(masks) if mask)
    rows = values.astype(f"<u{bits // 8}").tobytes()
    row = image.width * bits // 8
    padded = b"".join(rows[i : i + row].ljust(-(-row // 4) * 4, b"\0") for i in range(0, len(rows), row))
    head = struct.pack("<IiiHHIIiiII4I", 108, *image.size, 1, bits, 3, len(padded), 0, 0, 0, 0, *masks)
    return b"BM" + struct.pack("<IHHI", 122 + len(padded), 0, 0, 122) + head.ljust(108, b"\0") + padded


def _in_mask(levels: np.ndarray, mask: int) -> np.ndarray:
    shift = (mask & -mask).bit_length() - 1
    return np.round(levels / 255 * (mask >> shift)).astype(np.uint32) << shift


def moved_gif(gif: bytes, width: int, height: int, left: int, top: int) -> bytes:
    """The same frame elsewhere on a larger canvas."""
    data = bytearray(gif)
    data[6:10] = struct.pack("<HH", width, height)
    frame = data.index(b"\x2c\0\0\0\0", 13 + 3 * (2 << data[10] % 8))
    data[frame + 1 : frame + 5] = struct.pack("<HH", left, top)
    return bytes(data)


def write_every_format(folder: Path, image: Image.Image) -> list[Path]:
    """Two classes; returns every file."""
    files = {**written_by_pillow(image), **amiss(image), os.fsdecode(NOT_UTF8): encoded(image, "PNG")}
    for name, data in files.items():
        path = folder / ("pillow" if "-" in name else "amiss") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return sorted(path for path in folder.rglob("*") if path.is_file())
