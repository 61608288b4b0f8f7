import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from imgcls.data.decoding import decode

GENERATOR = np.random.default_rng(0)
RGB = Image.fromarray(GENERATOR.integers(0, 255, (16, 24, 3), np.uint8))
RGBA = Image.fromarray(GENERATOR.integers(0, 255, (16, 24, 4), np.uint8))
GREY = RGB.convert("L")
SMOOTH = RGB.resize((4, 4)).resize((24, 16))
DEEP = Image.fromarray(GENERATOR.integers(0, 65535, (16, 24), np.uint16))
PALETTE = RGB.quantize(100)


def encoded(image: Image.Image, image_format: str, **options) -> bytes:
    data = io.BytesIO()
    image.save(data, image_format, **options)
    return data.getvalue()


READABLE = {  # name: (file, largest difference to Pillow)
    "PNG, colour": (encoded(RGB, "PNG"), 0),
    "PNG, grey": (encoded(GREY, "PNG"), 0),
    "PNG, palette": (encoded(PALETTE, "PNG"), 0),
    "PNG, palette with a transparent colour": (encoded(PALETTE, "PNG", transparency=3), 0),
    "PNG, 16 colours": (encoded(RGB.quantize(16), "PNG"), 0),
    "PNG, black and white": (encoded(RGB.convert("1"), "PNG"), 0),
    "PNG, alpha": (encoded(RGBA, "PNG"), 1),
    "PNG, grey with alpha": (encoded(RGBA.convert("LA"), "PNG"), 1),
    "PNG, grey with a transparent value": (encoded(GREY, "PNG", transparency=GREY.getpixel((3, 3))), 0),
    "PNG, colour with a transparent one": (encoded(RGB, "PNG", transparency=RGB.getpixel((3, 3))), 0),
    "PNG, 16 bits": (encoded(DEEP, "PNG"), 1),
    "GIF": (encoded(PALETTE, "GIF"), 0),
    "GIF, animated": (encoded(PALETTE, "GIF", save_all=True, append_images=[RGB.quantize(8)]), 0),
    "BMP, colour": (encoded(RGB, "BMP"), 0),
    "BMP, grey": (encoded(GREY, "BMP"), 0),
    "BMP, palette": (encoded(PALETTE, "BMP"), 0),
    "BMP, 32 bits": (encoded(RGBA, "BMP"), 0),
    "WebP": (encoded(RGB, "WEBP", lossless=True), 0),
    "WebP, alpha": (encoded(RGBA, "WEBP", lossless=True), 1),
    "JPEG, grey": (encoded(SMOOTH.convert("L"), "JPEG"), 3),
    "JPEG, CMYK": (encoded(SMOOTH.convert("CMYK"), "JPEG", quality=95), 3),
    "JPEG, progressive": (encoded(SMOOTH, "JPEG", progressive=True, subsampling=0), 3),
}
REFUSED = {
    "nothing": (b"", "no image"),
    "text": (b"hello, this is no image", "no image"),
    "TIFF": (encoded(RGB, "TIFF"), "no image"),
    "BMP, black and white": (encoded(RGB.convert("1"), "BMP"), "BMP"),
    "WebP, animated": (encoded(RGB, "WEBP", save_all=True, append_images=[RGB.rotate(180)]), "animated WebP"),
    "JPEG, truncated": (encoded(RGB, "JPEG")[:-200], "JPEG"),
    "PNG, truncated": (encoded(RGB, "PNG")[:-300], "PNG"),
    "GIF, truncated": (encoded(PALETTE, "GIF")[:-200], "GIF"),
    "WebP, truncated": (encoded(RGB, "WEBP")[:-200], "WebP"),
    "BMP, truncated": (encoded(RGB, "BMP")[:-200], "DecodeImage"),
}


@pytest.fixture(scope="module")
def decoder():
    return tf.function(decode, input_signature=[tf.TensorSpec((), tf.string)])


def as_pillow_sees_it(data: bytes) -> np.ndarray:
    image = Image.open(io.BytesIO(data))
    if image.mode == "I;16":
        return np.round(np.asarray(image) / 257)[..., None].repeat(3, -1)
    on_white = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    return np.asarray(on_white.convert("RGB"))


@pytest.mark.parametrize("name", READABLE)
def test_formats_are_read_as_pillow_reads_them(decoder, name):
    data, tolerance = READABLE[name]
    expected = as_pillow_sees_it(data)
    found = decoder(data).numpy()
    assert found.dtype == np.uint8
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).max() <= tolerance


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_raises(decoder, name):
    data, said = REFUSED[name]
    with pytest.raises(tf.errors.InvalidArgumentError, match=said):
        decoder(data)
