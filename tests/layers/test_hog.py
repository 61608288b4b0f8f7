import keras
import numpy as np
import pytest
import skimage
import tensorflow as tf

from imgcls.layers import HOG

RANDOM = np.random.default_rng(0)
IMAGES = {
    "astronaut": skimage.data.astronaut()[:200, 100:301],
    "camera": skimage.data.camera()[100:300, 50:251, None],
    "chelsea": skimage.data.chelsea()[:128, :150],
    "noise of few values, with many equal gradients": RANDOM.integers(0, 4, (64, 64, 3)),
    "flat": np.full((40, 40, 3), 7),
}
FORMS = [
    {},
    {"orientations": 8, "pixels_per_cell": (16, 12), "cells_per_block": (2, 1)},  # 22.5, 45, 90 degrees: bounds of bins
    {"orientations": 12, "block_norm": "L1", "transform_sqrt": True},
    {"orientations": 1, "block_norm": "L2", "cells_per_block": (1, 1)},
    {"orientations": 6, "block_norm": "L1-sqrt", "pixels_per_cell": (5, 7)},
]


@pytest.mark.parametrize("scale", [1, 255])
@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("name", IMAGES)
def test_equals_scikit_image(name, form, scale):
    image = IMAGES[name].astype("float32") / np.float32(scale)
    expected = skimage.feature.hog(image, **form, channel_axis=-1) if form else _default(image)
    outputs = HOG(**form)(image[None])[0]
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=1e-5)


def _default(image):
    return skimage.feature.hog(image, channel_axis=-1)


def test_grayscale_images_equal_scikit_image_without_channels():
    image = IMAGES["camera"].astype("float32")
    expected = skimage.feature.hog(image[..., 0], feature_vector=False)
    outputs = HOG(flatten=False)(image[None])[0]
    assert outputs.shape == expected.shape
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=1e-5)


def test_a_ramp_votes_for_its_own_orientation():
    rows, columns = np.mgrid[:16, :16].astype("float32")
    for degrees in (10, 50, 110, 170):
        ramp = rows * np.sin(np.radians(degrees)) + columns * np.cos(np.radians(degrees))
        histogram = HOG(cells_per_block=(1, 1), flatten=False)(ramp[None, ..., None])
        assert np.argmax(np.sum(histogram, axis=(0, 1, 2, 3, 4))) == degrees // 20


def test_gradients_are_finite_on_flat_images():
    for form in FORMS:
        images = tf.zeros((1, 48, 48, 3))
        with tf.GradientTape() as tape:
            tape.watch(images)
            loss = tf.reduce_sum(HOG(**form)(images))
        assert np.isfinite(tape.gradient(loss, images)).all()


def test_exported_model_gives_the_same(tmp_path):
    pixels = keras.Input((32, 32, 3))
    model = keras.Model(pixels, HOG()(pixels))
    images = skimage.data.astronaut()[None, :32, :32].astype("float32")
    model.export(tmp_path, verbose=False)
    np.testing.assert_allclose(tf.saved_model.load(tmp_path).serve(images), model(images), atol=1e-6)


def test_impossible_settings_are_refused():
    with pytest.raises(ValueError, match="block_norm is 'l2'; expected one of L1, L1-sqrt, L2, L2-Hys"):
        HOG(block_norm="l2")
    with pytest.raises(ValueError, match=r"orientations is 0, .* expected numbers of at least 1"):
        HOG(orientations=0)
    with pytest.raises(ValueError, match=r"images have \(23, 64\) pixels; expected .* at least one block, \(24, 24\)"):
        HOG()(np.zeros((1, 23, 64, 3)))
    with pytest.raises(ValueError, match=r"images have \(None, None\) pixels"):
        HOG()(keras.Input((None, None, 3)))
