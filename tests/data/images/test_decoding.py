import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps
from skimage.data import astronaut

from imgcls.data.images.decoding import decode, decode_region
from imgcls.data.images.encoded import ppm
from tests.data.images.every_format import MASKS, masked_bmp

GENERATOR = np.random.default_rng(0)
RGB = Image.fromarray(GENERATOR.integers(0, 255, (16, 24, 3), np.uint8))
RGBA = Image.fromarray(GENERATOR.integers(0, 255, (16, 24, 4), np.uint8))
GRAY = RGB.convert("L")
SMOOTH = RGB.resize((4, 4)).resize((24, 16))
DEEP = Image.fromarray(GENERATOR.integers(0, 65535, (16, 24), np.uint16))
PALETTE = RGB.quantize(100)


def encoded(image: Image.Image, image_format: str, **options) -> bytes:
    data = io.BytesIO()
    image.save(data, image_format, **options)
    return data.getvalue()


READABLE = {  # name: (file, largest difference to Pillow)
    "PNG, colour": (encoded(RGB, "PNG"), 0),
    "PNG, gray": (encoded(GRAY, "PNG"), 0),
    "PNG, palette": (encoded(PALETTE, "PNG"), 0),
    "PNG, palette with a transparent colour": (encoded(PALETTE, "PNG", transparency=3), 0),
    "PNG, 16 colours": (encoded(RGB.quantize(16), "PNG"), 0),
    "PNG, black and white": (encoded(RGB.convert("1"), "PNG"), 0),
    "PNG, alpha": (encoded(RGBA, "PNG"), 1),
    "PNG, gray with alpha": (encoded(RGBA.convert("LA"), "PNG"), 1),
    "PNG, gray with a transparent value": (encoded(GRAY, "PNG", transparency=GRAY.getpixel((3, 3))), 0),
    "PNG, colour with a transparent one": (encoded(RGB, "PNG", transparency=RGB.getpixel((3, 3))), 0),
    "PNG, 16 bits": (encoded(DEEP, "PNG"), 1),
    "GIF": (encoded(PALETTE, "GIF"), 0),
    "GIF, with a transparent colour": (encoded(PALETTE, "GIF", transparency=3), 0),
    "GIF, animated": (encoded(PALETTE, "GIF", save_all=True, append_images=[RGB.quantize(8)]), 0),
    "BMP, colour": (encoded(RGB, "BMP"), 0),
    "BMP, gray": (encoded(GRAY, "BMP"), 0),
    "BMP, palette": (encoded(PALETTE, "BMP"), 0),
    "BMP, 32 bits": (encoded(RGBA, "BMP"), 0),
    "BMP, with the usual masks": (masked_bmp(RGB, *MASKS["bgrx"]), 0),
    "WebP": (encoded(RGB, "WEBP", lossless=True), 0),
    "WebP, alpha": (encoded(RGBA, "WEBP", lossless=True), 1),
    "JPEG, gray": (encoded(SMOOTH.convert("L"), "JPEG"), 3),
    "JPEG, CMYK": (encoded(SMOOTH.convert("CMYK"), "JPEG", quality=95), 3),
    "JPEG, progressive": (encoded(SMOOTH, "JPEG", progressive=True, subsampling=0), 3),
}
REFUSED = {
    "nothing": (b"", "no image"),
    "text": (b"hello, this is no image", "no image"),
    "TIFF": (encoded(RGB, "TIFF"), "no image"),
    "BMP, black and white": (encoded(RGB.convert("1"), "BMP"), "BMP"),
    "BMP, with its channels in another order": (masked_bmp(RGB, *MASKS["rgba"]), "other channels"),
    "BMP, with alpha": (masked_bmp(RGB, *MASKS["bgra"]), "other channels"),
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


PHOTO = Image.fromarray(astronaut()[:371, :493])


def part_of(data: bytes, region: tuple[int, int, int, int], target: tuple[int, int] = (224, 224)) -> np.ndarray:
    return decode_region(tf.constant(data), lambda height, width: region, *target).numpy()


@pytest.mark.parametrize("value", [1, 3, 6, 8])
@pytest.mark.parametrize("options", [{"subsampling": 0}, {"subsampling": 1}, {"subsampling": 2}, {"progressive": True}])
@pytest.mark.thorough
def test_a_region_of_a_jpeg_is_decoded_to_the_bit(decoder, options, value):
    exif = Image.Exif()
    exif[0x0112] = value
    data = encoded(PHOTO, "JPEG", exif=exif, **options)
    whole = decoder(data).numpy()
    for _ in range(20):
        height, width = (int(GENERATOR.integers(1, side + 1)) for side in whole.shape[:2])
        top, left = (int(GENERATOR.integers(0, s - n + 1)) for s, n in zip(whole.shape, (height, width), strict=False))
        found = part_of(data, (top, left, height, width), (500, 500))
        assert np.array_equal(found, whole[top : top + height, left : left + width])


@pytest.mark.parametrize(("value", "shift", "tolerance"), [(1, 0, 1.0), (1, 3, 6.0), (6, 3, 6.0)])  # gray levels
def test_a_large_photo_is_decoded_at_a_part_of_its_resolution(value, shift, tolerance):
    exif = Image.Exif()
    exif[0x0112] = value
    large = PHOTO.resize((1971, 1485), Image.Resampling.BICUBIC)
    data = encoded(large, "JPEG", quality=95, exif=exif)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    top, left, height, width = 100 + shift, 200 + shift, 900, 1000
    found = part_of(data, (top, left, height, width), (100, 100))
    assert found.shape[0] == pytest.approx(height / 4, abs=1)
    expected = upright.crop((left, top, left + width, top + height)).resize(found.shape[1::-1], Image.Resampling.BOX)
    assert np.abs(found.astype(float) - np.asarray(expected)).mean() < tolerance


def test_a_truncated_jpeg_is_refused_though_the_region_would_be_there():
    data = encoded(PHOTO, "JPEG")
    with pytest.raises(tf.errors.InvalidArgumentError):
        part_of(data[: len(data) // 2], (0, 0, 50, 50))


@pytest.mark.parametrize("pixels", [np.asarray(RGB), np.asarray(GRAY)[..., None]])
def test_pixels_come_back_from_a_ppm(decoder, pixels):
    expected = np.broadcast_to(pixels, (16, 24, 3))
    assert np.array_equal(decoder(ppm(pixels)), expected)
    assert np.array_equal(part_of(ppm(pixels), (3, 5, 7, 9)), expected[3:10, 5:14])
    assert np.array_equal(as_pillow_sees_it(ppm(pixels)), expected)


@pytest.mark.parametrize(
    "data", [b"P6", b"P6\n24 16\n255\n" + bytes(10), b"P6\n2 2\n65535\n" + bytes(24), b"P6\n# x\n"]
)
def test_other_ppm_files_are_refused(decoder, data):
    with pytest.raises(tf.errors.InvalidArgumentError, match="PPM"):
        decoder(data)
