"""Small pictures in rows."""

import numpy as np
import pytest
from PIL import Image

from imgcls.explain.drawing.tiles import tiles


def test_they_stand_in_rows_in_their_order():
    images = [Image.new("RGB", (20, 10), (value, 0, 0)) for value in (50, 100, 150)]
    sheet = np.asarray(tiles(images, columns=2))
    assert [int(sheet[row, column, 0]) for row, column in ((2, 2), (2, 26), (16, 2))] == [50, 100, 150]


def test_labels_stand_below_and_long_ones_are_shortened():
    images = [Image.new("RGB", (20, 20))] * 2
    assert tiles(images, ["a", "a label that is far too long"], columns=1).width == 20
    assert tiles(images, ["a", "b"], columns=1).height > tiles(images, columns=1).height


def test_none_and_a_wrong_number_of_labels_are_refused():
    with pytest.raises(ValueError, match="0 images and 0 labels"):
        tiles([])
    with pytest.raises(ValueError, match="1 images and 2 labels"):
        tiles([Image.new("RGB", (2, 2))], ["a", "b"])
