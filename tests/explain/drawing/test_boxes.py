"""Boxes on images."""

import numpy as np
from PIL import Image

from imgcls.explain.drawing.boxes import Box, boxed


def test_a_box_lies_where_it_was_given():
    drawn = np.asarray(boxed(Image.new("RGB", (100, 100), "white"), [Box(10, 5, 20, 15)], scale=4.0))
    rows, columns = np.nonzero((drawn == (255, 158, 27)).all(-1))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (20, 59, 40, 79)


def test_what_reaches_outside_or_is_tiny_is_drawn():
    image = Image.new("RGB", (60, 40), "white")
    boxes = [
        Box(-50, -50, 500, 500, "a label wider than the image"),
        Box(3, 3, 3, 3),
        Box(90, 90, 95, 95, "x"),
    ]
    assert boxed(image, boxes).size == image.size
    assert image.getcolors() == [(2400, (255, 255, 255))]  # the given one is left as it was
