import base64
import io

import numpy as np
from PIL import Image

from imgcls.evaluation.thumbnails import SIDE, packed_thumbnails


def decoded(packed: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(packed)))


def test_small_images_keep_their_pixels_and_large_ones_become_small(tmp_path):
    random = np.random.default_rng(0)
    pixels = random.integers(0, 255, (28, 20, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "small.png")
    photo = Image.fromarray(random.integers(0, 255, (600, 900, 3), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    photo.save(tmp_path / "turned.jpg", exif=exif)
    (tmp_path / "broken.png").write_text("none")
    paths = [tmp_path / name for name in ("small.png", "turned.jpg", "broken.png", "gone.png")]
    found = packed_thumbnails(paths, None, 1_000_000)
    assert np.array_equal(np.asarray(decoded(found[0])), pixels)
    assert decoded(found[1]).size == (round(SIDE * 2 / 3), SIDE)
    assert found[2] == found[3] == ""


def test_a_box_is_what_is_shown(tmp_path):
    image = Image.new("RGB", (40, 30), "red")
    image.paste("blue", (10, 10, 20, 20))
    image.save(tmp_path / "boxed.png")
    boxes = np.array([[10, 10, 20, 20], [np.nan] * 4], np.float32)
    found = packed_thumbnails([tmp_path / "boxed.png"] * 2, boxes, 1_000_000)
    assert decoded(found[0]).size == (10, 10)
    assert decoded(found[0]).getpixel((5, 5)) == (0, 0, 255)
    assert decoded(found[1]).size == (40, 30)


def test_there_are_no_more_than_there_is_room_for(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (50, 50, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "image.png")
    one = len(packed_thumbnails([tmp_path / "image.png"], None, 1_000_000)[0])
    assert list(packed_thumbnails([tmp_path / "image.png"] * 9, None, 3 * one)) == [0, 1, 2]
