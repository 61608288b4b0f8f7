"""The guard must agree with what reads files one by one: the same pixels, the same refusals, the same words."""

import io
import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from imgcls.data.images.preprocessing import Preprocessing, preprocess
from imgcls.data.images.reading import for_each_file
from imgcls.serving.guarded_reading import in_places, problems, read_batch
from tests.data.images.every_format import MASKS, masked_bmp, moved_gif

PREPROCESSING = Preprocessing(32, 24, 3)


@pytest.fixture(scope="module")
def read():
    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string)])
    def function(image_bytes):
        places, pixels = read_batch(image_bytes, PREPROCESSING)
        return in_places(pixels, image_bytes, places), problems(image_bytes, places)

    def call(files: list[bytes]):
        pixels, reasons = function(tf.constant(files, tf.string, shape=(len(files),)))
        return pixels.numpy(), [reason.decode() for reason in reasons.numpy()]

    return call


def encoded(format: str, mode: str = "RGB", **options) -> bytes:
    random_pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    image = Image.fromarray(random_pixels).convert(mode)
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def assert_agree(read, tmp_path_factory):
    """Asserts that the guard says of each file what reading them one by one says; returns the reasons."""
    folder = tmp_path_factory.mktemp("files")
    single = tf.function(lambda data: preprocess(data, PREPROCESSING), input_signature=[tf.TensorSpec((), tf.string)])

    def check(files: list[bytes]) -> list[str]:
        paths = [folder / str(place) for place in range(len(files))]
        for path, data in zip(paths, files, strict=True):
            path.write_bytes(data)
        pixels, reasons = read(files)
        for place, outcome in enumerate(for_each_file(paths, lambda data: single(data).numpy())):
            assert reasons[place] == outcome.problem
            np.testing.assert_array_equal(pixels[place], 0 if outcome.problem else outcome.result)
        return reasons

    return check


@pytest.mark.thorough
def test_formats_and_what_is_none(assert_agree):
    jpeg, png = encoded("JPEG"), encoded("PNG")
    frames = [Image.new("RGB", (20, 20), color) for color in ("red", "blue")]
    animated = io.BytesIO()
    frames[0].save(animated, "WEBP", save_all=True, append_images=frames[1:])
    good = [
        jpeg,
        png,
        encoded("PNG", "P"),
        encoded("PNG", "LA"),
        encoded("PNG", "1"),
        encoded("PNG", "RGBA"),
        encoded("GIF", "P"),
        encoded("BMP"),
        encoded("BMP", "L"),
        encoded("BMP", "P"),
        encoded("WEBP"),
        encoded("JPEG", "L"),
        encoded("JPEG", exif=_turned()),
        encoded("PPM"),
        encoded("GIF", "P", transparency=3),
        moved_gif(encoded("GIF", "P"), 70, 60, 5, 3),
    ]
    bad = [
        b"",
        b"\0",
        b"a text, no image",
        jpeg[:300],
        png[:200],
        png[:-20],
        b"\xff\xd8\xff",
        b"GIF89a",
        b"BM" * 40,
        b"RIFF1234WEBP",
        b"RIFF1234WAVE",
        encoded("BMP", "1"),
        animated.getvalue(),
        encoded("TIFF"),
        encoded("ICO"),
        b"\xff\xd8\xff" + b"0" * 1_234_567,
        encoded("PPM")[:-9],
        encoded("PPM", "1"),
        masked_bmp(Image.new("RGB", (8, 8)), *MASKS["rgba"]),
    ]
    mixed = [file for pair in zip(good + bad[len(good) :], bad, strict=False) for file in pair]
    reasons = assert_agree([*mixed, *good])
    assert reasons[-len(good) :] == [""] * len(good)
    assert len(set(reasons)) > 8


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "BMP"])
@pytest.mark.thorough
def test_damaged_files(assert_agree, format):
    draw = random.Random(format)
    whole = encoded(format, "P" if format == "GIF" else "RGB")
    files = []
    for _ in range(200):
        damaged = bytearray(whole[: draw.randrange(len(whole) // 2, len(whole) + 1)])
        for _ in range(draw.randrange(4)):
            place = draw.randrange(len(damaged) if draw.random() < 0.5 else 60)
            if place not in range(16, 26):  # the size stays: an image of 4 gigapixels tests the memory, not the guard
                damaged[place] = draw.randrange(256)
        files.append(bytes(damaged))
    reasons = assert_agree([whole, *files])
    assert reasons[0] == ""
    assert any(reasons)


@pytest.mark.parametrize("files", [[], [b"no image"], [b"", b"x" * 5000]])
def test_batch_without_a_readable_image(read, files):
    pixels, reasons = read(files)
    assert pixels.shape == (len(files), 32, 24, 3)
    assert not pixels.any()
    assert all(reasons)
    assert len(reasons) == len(files)


def test_threads_do_not_mix_their_batches(read, images):
    files = [path.read_bytes() for path in images]
    pixels, _ = read(files)

    def work(turn: int) -> bool:
        bad = {place for place in range(len(files)) if (place + turn) % 4 == 0}
        found, reasons = read([b"bad" if place in bad else file for place, file in enumerate(files)])
        expected = np.where(np.isin(range(len(files)), list(bad))[:, None, None, None], 0, pixels)
        return np.array_equal(found, expected) and {i for i, reason in enumerate(reasons) if reason} == bad

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(80)))
