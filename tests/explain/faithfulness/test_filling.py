import numpy as np
import tensorflow as tf
from skimage import data

from imgcls.explain.faithfulness.filling import filled


def photo() -> np.ndarray:
    return data.astronaut()[:256, :250].astype(np.float32)[None]


def test_what_is_not_covered_stays_and_single_pixels_are_restored():
    pixels, covered = photo(), np.random.default_rng(0).random((1, 256, 250)) < 0.1
    found = filled(pixels, tf.constant(covered)).numpy()
    np.testing.assert_allclose(found[~covered], pixels[~covered], atol=1e-3)
    error = np.abs(found - pixels)[covered].mean()
    assert error < 0.3 * np.abs(pixels - pixels.mean((1, 2)))[covered].mean()


def test_a_region_takes_the_colors_around_it_and_no_edge_shows():
    pixels, covered = np.full((1, 64, 64, 1), 80.0, np.float32), np.zeros((1, 64, 64), bool)
    pixels[:, 20:40, 20:40], covered[:, 18:42, 18:42] = 255.0, True
    np.testing.assert_allclose(filled(pixels, tf.constant(covered)).numpy(), 80.0, atol=1.0)


def test_an_image_that_is_all_covered_has_its_mean_color():
    pixels = photo()
    found = filled(pixels, tf.ones(pixels.shape[:3], tf.bool)).numpy()
    np.testing.assert_allclose(found, np.broadcast_to(pixels.mean((1, 2)), found.shape), rtol=1e-4)
