"""Real photos, and what can happen to an image file."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import skimage.data
import sklearn.datasets
from PIL import Image, ImageEnhance

SIDE = 192  # pixels, longest


def photos() -> dict[str, Image.Image]:
    """Photos of scikit-image and scikit-learn by name, in colour, made small."""
    names = ("astronaut", "camera", "chelsea", "clock", "coffee", "coins", "moon", "retina", "rocket")
    arrays = {name: getattr(skimage.data, name)() for name in names}
    arrays |= {name: sklearn.datasets.load_sample_image(f"{name}.jpg") for name in ("china", "flower")}
    made = {name: Image.fromarray(array).convert("RGB") for name, array in arrays.items()}
    for image in made.values():
        image.thumbnail((SIDE, SIDE))
    return made


def encoded(image: Image.Image, format: str = "JPEG", **options) -> bytes:
    data = io.BytesIO()
    image.save(data, format, **options)
    return data.getvalue()


def jpeg_copy(image: Image.Image, quality: int) -> Image.Image:
    return Image.open(io.BytesIO(encoded(image, "JPEG", quality=quality))).convert("RGB")


def cropped(image: Image.Image, share: float) -> Image.Image:
    """Without that share of the width and height."""
    x, y = round(share * image.width / 2), round(share * image.height / 2)
    return image.crop((x, y, image.width - x, image.height - y))


def half(image: Image.Image) -> Image.Image:
    return image.resize((image.width // 2, image.height // 2))


COPIES = {
    "re-encoded at 80": lambda image: jpeg_copy(image, 80),
    "re-encoded at 50": lambda image: jpeg_copy(image, 50),
    "half size": half,
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.1),
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.9),
    "cropped": lambda image: cropped(image, 0.03),
    "grayscale": lambda image: image.convert("L").convert("RGB"),
    "half size, re-encoded": lambda image: jpeg_copy(half(image), 80),
    "cropped, re-encoded": lambda image: jpeg_copy(cropped(image, 0.03), 80),
    "gray, re-encoded": lambda image: jpeg_copy(image.convert("L").convert("RGB"), 80),
}


def bomb_png(width: int, height: int) -> bytes:
    """A real black PNG with one bit a pixel, packed in a few kilobytes."""
    packer, packed = zlib.compressobj(9), []
    line = b"\0" * (1 + (width + 7) // 8)
    for _ in range(height):
        packed.append(packer.compress(line))
    packed.append(packer.flush())
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)),
        (b"IDAT", b"".join(packed)),
        (b"IEND", b""),
    )
    parts = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def broken_apng(image: Image.Image) -> bytes:
    """Pillow finds its header whole, and raises SyntaxError for its pixels."""
    data = bytearray(encoded(image, "PNG", save_all=True, append_images=[image.rotate(180)]))
    place = data.index(b"IDAT")
    data[place - 4 : place] = struct.pack(">I", 16)  # a length in the middle of the data
    return bytes(data)


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def kinds_of_files(image: Image.Image) -> dict[str, bytes]:
    """A file with each trait and each defect, by a name that says which."""
    rgba = image.convert("RGBA")
    rgba.putalpha(128)
    exif = Image.Exif()
    exif[0x0112] = 6
    whole, png = encoded(image), encoded(image, "PNG")
    sixteen = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    webp = encoded(image, "WEBP", quality=90)
    return {
        "whole.jpg": whole,
        "empty.jpg": b"",
        "text.jpg": b"no image",
        "half.jpg": whole[: len(whole) // 2],
        "almost.jpg": whole[:-2],
        "half.png": png[: len(png) // 2],
        "almost.png": png[:-4],
        "zeros.webp": webp[: len(webp) - 1000] + bytes(1000),
        "really_a_png.jpg": png,
        "animated.gif": encoded(image, "GIF", save_all=True, append_images=[image.rotate(90, expand=False)]),
        "animated.webp": encoded(image, "WEBP", save_all=True, append_images=[image.rotate(90)]),
        "cmyk.jpg": encoded(image.convert("CMYK")),
        "sixteen.png": encoded(sixteen, "PNG"),
        "sixteen.tif": encoded(sixteen, "TIFF"),
        "alpha.png": encoded(rgba, "PNG"),
        "turned.jpg": encoded(image, exif=exif),
        "tiny.png": encoded(image.resize((8, 8)), "PNG"),
        "long.png": encoded(image.resize((600, 60)), "PNG"),
        "white.png": encoded(Image.new("RGB", (64, 64), "white"), "PNG"),
        "photo.tif": encoded(image, "TIFF"),
        "float.tif": encoded(Image.fromarray(np.asarray(image.convert("L")).astype(np.float32)), "TIFF"),
        "palette_bits.bmp": encoded(image.convert("1"), "BMP"),
        "bomb.png": bomb_png(20_000, 20_000),
        "broken.apng": broken_apng(image),
        "broken_exif.apng": encoded(image, "PNG", save_all=True, append_images=[image.rotate(90)], exif=b"no table"),
    }
