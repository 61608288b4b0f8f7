"""Heat over images: both are seen, and a map that failed says so."""

import numpy as np
import pytest
from PIL import Image

from imgcls.explain.drawing.heat import banded, enlarged, heat_picture, shown_image

PHOTO = np.linspace(0, 255, 40 * 40 * 3, dtype=np.float32).reshape(40, 40, 3)


def middle(image, box) -> np.ndarray:
    """Mean color of a part, in shares of the side."""
    left, top, right, bottom = (round(each * image.width) for each in box)
    return np.asarray(image, np.float32)[top:bottom, left:right].mean((0, 1))


def test_small_images_grow_in_whole_steps_and_large_ones_stay():
    assert shown_image(np.zeros((28, 28, 1))).size == (224, 224)
    assert shown_image(np.zeros((240, 300, 3))).size == (300, 240)
    assert np.asarray(enlarged(Image.fromarray(np.eye(28, dtype=np.uint8) * 255)))[:8, :8].min() == 255


def test_a_shape_that_is_no_image_is_refused():
    with pytest.raises(ValueError, match=r"\(4, 4\); expected \(height, width, 1 or 3\)"):
        shown_image(np.zeros((4, 4)))
    with pytest.raises(ValueError, match=r"expected \(height, width\)"):
        heat_picture(PHOTO, np.zeros((2, 2, 2)), False, "x")


def test_heat_is_where_the_map_is_high_and_the_image_is_seen_elsewhere():
    values = np.zeros((40, 40), np.float32)
    values[:20, :20] = 3
    image = heat_picture(PHOTO, values, False, "x").image
    hot, cold = middle(image, (0, 0, 0.4, 0.4)), middle(image, (0.6, 0.6, 1, 1))
    assert hot[0] - hot[2] > 80  # yellow
    assert np.ptp(cold) < 2  # gray


def test_a_signed_map_is_symmetric_around_neutral():
    values = np.zeros((2, 2), np.float32)
    values[0], values[1] = 1, -4
    picture = heat_picture(PHOTO, np.repeat(np.repeat(values, 20, 0), 20, 1), True, "x")
    weak, strong = middle(picture.image, (0, 0, 1, 0.4)), middle(picture.image, (0, 0.6, 1, 1))
    assert weak[0] > weak[2]  # orange
    assert strong[2] - strong[0] > 2 * (weak[0] - weak[2])  # blue, and stronger
    assert picture.legend
    assert (picture.legend.low, picture.legend.high) == ("-4 against", "for 4")


def test_single_strong_pixels_do_not_darken_the_rest_and_the_legend_says_so():
    values = np.ones((40, 40), np.float32)
    values[3, 3] = 100
    legend = heat_picture(PHOTO, values, False, "x").legend
    assert legend
    assert (legend.high, legend.note) == ("1", "the strongest 0.5 % of pixels reach 100")
    smooth = heat_picture(PHOTO, np.arange(49.0).reshape(7, 7), False, "x").legend
    assert smooth
    assert (smooth.low, smooth.high, smooth.note) == ("0", "48", "")


def test_one_pixel_alone_is_shown():
    values = np.zeros((40, 40), np.float32)
    values[3, 3] = 5
    legend = heat_picture(PHOTO, values, False, "x").legend
    assert legend
    assert legend.high == "5"


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf, -1.0], ids=str)
def test_a_map_of_nothing_says_so_and_shows_no_heat(bad):
    picture = heat_picture(PHOTO, np.full((40, 40), bad, np.float32), False, "x")
    pixels = np.asarray(picture.image, np.int32)
    assert picture.legend is None
    assert (pixels.max(-1) == pixels.min(-1)).mean() > 0.99  # gray throughout
    assert (pixels[-20:] < 40).mean() > 0.5  # the band
    assert (pixels[-40:] > 200).any()  # its words


def test_a_map_that_fails_its_check_is_marked_and_still_seen():
    values = np.zeros((40, 40), np.float32)
    values[:20, :20] = 3
    image = heat_picture(PHOTO, values, False, "x", problem="looks the same with random weights").image
    hot = middle(image, (0, 0, 0.4, 0.4))
    assert hot[0] - hot[2] > 80
    assert (np.asarray(image)[-10:] < 40).mean() > 0.5


def test_a_band_fits_on_a_tiny_image():
    assert banded(Image.new("RGB", (20, 10)), "a sentence that is far too long for this").size == (20, 10)
