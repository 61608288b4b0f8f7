import io

import numpy as np
import pytest
from PIL import Image
from skimage import data

from imgcls.data.images.preprocessing import Preprocessing, preprocess
from imgcls.explain.large_photo.photo import read_photo


def encoded(image, form, **more):
    out = io.BytesIO()
    image.save(out, form, **more)
    return out.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_pixels_are_those_of_prediction(form, tmp_path):
    path = tmp_path / "cup"
    path.write_bytes(encoded(Image.fromarray(data.coffee()), form))
    photo = read_photo(path)
    assert (photo.name, photo.size) == ("cup", (400, 600))
    way = Preprocessing(60, 90, interpolation="bicubic", crop_share=0.5)
    found = photo.resized((60, 90), way)
    if form != "TIFF":  # which prediction reads as a PNG copy
        whole = Preprocessing(60, 90, interpolation="bicubic", resize="stretch")
        np.testing.assert_array_equal(found, preprocess(path.read_bytes(), whole).numpy())
    assert found.shape == (60, 90, 3)
    assert abs(found.mean() - data.coffee().mean()) < 1


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_photo_is_turned_upright(form):
    exif = Image.Exif()
    exif[0x0112] = 6  # stored turned by a quarter
    photo = read_photo(encoded(Image.new("RGB", (80, 40)), form, exif=exif))
    assert photo.size == (80, 40)
    assert photo.name == "photo"


def test_a_network_for_gray_images_gets_gray():
    photo = read_photo(encoded(Image.fromarray(data.coffee()), "PNG"))
    assert photo.resized((40, 60), Preprocessing(28, 28, channels=1)).shape == (40, 60, 1)


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "the file is empty"), (b"hello", "no image that can be read"), (None, "no such file")],
)
def test_what_is_no_photo_is_said(content, why, tmp_path):
    path = tmp_path / "photo.jpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"photo.jpg cannot be read: {why}"):
        read_photo(path)


def test_a_truncated_photo_is_said_at_the_latest_when_its_pixels_are_wanted():
    whole = encoded(Image.fromarray(data.coffee()), "JPEG")
    with pytest.raises(ValueError, match="photo cannot be read: a damaged or truncated JPEG file"):
        read_photo(whole[: len(whole) // 2]).resized((40, 60), Preprocessing(40, 60))
