import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from skimage import data

from imgcls.data.images.preprocessing import Preprocessing, preprocess


def png(image: np.ndarray) -> bytes:
    encoded = io.BytesIO()
    Image.fromarray(image).save(encoded, "PNG")
    return encoded.getvalue()


COFFEE = png(data.coffee())  # 400 rows, 600 columns


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_a_photo_comes_out_as_pillow_resizes_it(interpolation):
    pixels = preprocess(COFFEE, Preprocessing(224, 224, interpolation=interpolation, crop_share=0.875)).numpy()
    middle = Image.fromarray(data.coffee()).crop((125, 25, 475, 375))  # 350 = 0.875 * 400
    expected = np.asarray(middle.resize((224, 224), Image.Resampling[interpolation.upper()]), np.float32)
    assert pixels.dtype == np.float32
    assert np.abs(pixels - expected).mean() < 0.5  # Pillow rounds to whole gray levels, twice
    assert np.abs(pixels - expected).max() < 8


def test_stretching_keeps_the_whole_image():
    pixels = preprocess(COFFEE, Preprocessing(50, 75, resize="stretch")).numpy()
    expected = np.asarray(Image.fromarray(data.coffee()).resize((75, 50), Image.Resampling.BILINEAR), np.float32)
    assert np.abs(pixels - expected).mean() < 0.5


def test_an_image_of_the_right_size_is_not_touched():
    small = data.coffee()[:28, :28]
    assert np.array_equal(preprocess(png(small), Preprocessing(28, 28)).numpy(), small)


def test_gray_is_luma():
    pixels = preprocess(png(np.full((4, 4, 3), (255, 0, 0), np.uint8)), Preprocessing(4, 4, channels=1))
    assert np.allclose(pixels, 0.299 * 255, atol=0.1)
    assert pixels.shape == (4, 4, 1)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 300, 3), (300, 1, 3)])
def test_extreme_images_have_pixels_too(shape):
    pixels = preprocess(png(np.full(shape, 200, np.uint8)), Preprocessing(32, 32, crop_share=0.5))
    assert np.allclose(pixels, 200)


@pytest.mark.thorough
def test_eager_and_graph_agree():
    preprocessing = Preprocessing(64, 64)
    graph = tf.function(lambda image_bytes: preprocess(image_bytes, preprocessing))
    assert np.array_equal(graph(tf.constant(COFFEE)), preprocess(COFFEE, preprocessing))


@pytest.mark.parametrize(
    "fields", [{"height": 0}, {"channels": 2}, {"resize": "pad"}, {"interpolation": "best"}, {"crop_share": 0.0}]
)
def test_values_out_of_range_are_refused(fields):
    with pytest.raises(ValueError, match=f"{next(iter(fields))} is"):
        Preprocessing(**{"height": 32, "width": 32, **fields})
