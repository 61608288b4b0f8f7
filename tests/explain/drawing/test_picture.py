"""A picture with title, lines and legend."""

import numpy as np
import pytest
from PIL import Image

from imgcls.explain.drawing.legend import Legend
from imgcls.explain.drawing.picture import Picture

IMAGE = Image.new("RGB", (50, 40), "#ff0000")


def test_all_that_is_said_adds_to_its_height():
    bare = Picture(IMAGE, "title").drawn()
    full = Picture(IMAGE, "title", ("method: Grad-CAM", "class: cat"), Legend("0", "1", note="clipped")).drawn()
    assert full.height > bare.height + 50
    assert full.width == bare.width
    assert (np.asarray(bare) == (255, 0, 0)).all(-1).sum() == 50 * 40  # the image is shown as it is


@pytest.mark.parametrize("width", [1, 100, 244, 1000])
def test_it_is_drawn_as_wide_as_is_asked(width):
    picture = Picture(Image.new("RGB", (300, 200)), "a long title " * 9, ("a line " * 9,), Legend("-1", "1", True))
    assert picture.drawn(width).width == width


def test_it_is_saved_whole(tmp_path):
    Picture(IMAGE, "title").save(tmp_path / "deep" / "one.png")
    with Image.open(tmp_path / "deep" / "one.png") as image:
        assert image.format == "PNG"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["one.png"]
