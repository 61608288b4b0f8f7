import io
import struct

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps

from imgcls.data.images.decoding import decode
from imgcls.data.images.exif import orientation

ORIENTATION = 0x0112
IMAGE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (3, 5, 3), np.uint8).repeat(8, 0).repeat(8, 1))


def encoded(image_format: str, **options) -> bytes:
    data = io.BytesIO()
    IMAGE.save(data, image_format, **options)
    return data.getvalue()


def little_endian(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = "a description before the tag"
    exif[ORIENTATION] = value
    return exif


def big_endian(value: int) -> bytes:
    return b"Exif\0\0MM\0*\0\0\0\x08\0\x01" + struct.pack(">HHIHH", ORIENTATION, 3, 1, value, 0) + bytes(4)


@pytest.fixture(scope="module")
def decoder():
    return tf.function(decode, input_signature=[tf.TensorSpec((), tf.string)])


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "JPEG, big endian", "PNG", "WebP"])
def test_images_are_turned_as_pillow_turns_them(decoder, kind, value):
    exif = big_endian(value) if kind.endswith("endian") else little_endian(value)
    options = (
        {"quality": 95, "subsampling": 0} if kind.startswith("JPEG") else {"lossless": True} if kind == "WebP" else {}
    )
    data = encoded(kind.split(",")[0], exif=exif, **options)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    found = decoder(data).numpy()
    assert found.shape == (expected.height, expected.width, 3)
    assert np.abs(found.astype(int) - np.asarray(expected)).max() <= 2  # two JPEG decoders round differently


@pytest.mark.parametrize("cut", [2, 8, 20, 30, 40, 60])
def test_a_damaged_block_counts_as_upright(cut):
    data = encoded("JPEG", exif=little_endian(6))
    assert int(orientation(data[:cut] + bytes(40))) in (1, 6)
    assert int(orientation(data[:cut])) == 1 or cut >= 60


def test_noise_never_raises():
    generator = np.random.default_rng(0)
    for start in (b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b""):
        for length in (0, 1, 11, 12, 64, 500):
            assert 1 <= int(orientation(start + generator.bytes(length))) <= 8
