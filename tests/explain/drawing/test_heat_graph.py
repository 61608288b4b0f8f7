"""What a server draws is what the command draws."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from imgcls.explain.drawing.heat import heat_picture
from imgcls.explain.drawing.heat_graph import heat_pngs


def bump(size: tuple[int, int], sharp: float) -> np.ndarray:
    """A map with a single summit; the sharper, the fewer pixels are hot."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    return np.exp(-sharp * ((rows / size[0] - 0.4) ** 2 + (columns / size[1] - 0.6) ** 2)).astype(np.float32)


@pytest.mark.parametrize("size", [(28, 28), (32, 40), (224, 224), (300, 200)])
@pytest.mark.parametrize("channels", [1, 3])
def test_both_draw_the_same(size, channels):
    random = np.random.default_rng(1)
    pixels = random.uniform(0, 255, (3, *size, channels)).astype(np.float32)
    speck = np.zeros(size, np.float32)
    speck[5:10, 5:12] = np.linspace(0.2, 9, 35).reshape(5, 7)
    values = np.stack([bump(size, 4), bump(size, 400) + 0.01, speck])
    specs = [tf.TensorSpec((None, *each.shape[1:])) for each in (pixels, values)]
    graph = tf.function(heat_pngs, input_signature=specs)
    for png, each, map_ in zip(graph(pixels, values).numpy(), pixels, values, strict=True):
        found = np.asarray(Image.open(io.BytesIO(png)), int)
        expected = np.asarray(heat_picture(each, map_, signed=False, title="").image, int)
        assert found.shape == expected.shape
        different = np.abs(found - expected).max(-1)
        assert np.mean(different > 2) < 1e-3  # a value on the border between two colors of the table


def test_a_map_without_heat_leaves_the_image_gray():
    pixels = np.full((2, 28, 28, 3), (200, 10, 10), np.float32)
    values = np.zeros((2, 28, 28), np.float32)
    values[1] = np.nan
    for png in heat_pngs(tf.constant(pixels), tf.constant(values)).numpy():
        shown = np.asarray(Image.open(io.BytesIO(png)))
        assert np.ptp(shown) == 0


def test_no_image_gives_no_picture():
    assert heat_pngs(tf.zeros((0, 28, 28, 1)), tf.zeros((0, 28, 28))).shape == (0,)
