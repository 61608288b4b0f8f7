import io

import numpy as np
import pytest
from PIL import Image
from skimage import data

from imgcls.explain.large_photo import PhotoOptions, boxes_picture, class_picture, classify_photo
from imgcls.explain.network import Network
from imgcls.models import build_model


@pytest.fixture(scope="module")
def found():
    out = io.BytesIO()
    Image.fromarray(data.coffee()).save(out, "PNG")
    network = Network(build_model("lenet5_relu", (32, 32, 3), ["cup", "spoon", "table"]))
    return classify_photo(network, out.getvalue(), PhotoOptions(threshold=0.3, boxes=3))


def test_a_class_map_lies_over_the_photo_and_says_what_it_is(found):
    picture = class_picture(found, "spoon")
    assert picture.title == "Where spoon is"
    assert picture.image.size == (600, 400)
    assert any("lenet5_relu, one pass" in line for line in picture.lines)
    assert any("400x600 pixels; windows of 400x400, 200x200, 100x100" in line for line in picture.lines)
    assert not np.array_equal(np.asarray(picture.image), data.coffee())


def test_boxes_are_drawn_and_counted(found):
    picture = boxes_picture(found, most=2)
    assert picture.title.startswith("2 boxes of")
    assert len(found.boxes) > 2
    assert any("with lower probabilities not drawn" in line for line in picture.lines)
    assert not np.array_equal(np.asarray(picture.image), data.coffee())


def test_a_class_that_is_nowhere_says_so_on_the_picture(found):
    from dataclasses import replace

    nowhere = replace(found, scales=tuple(replace(scale, maps=scale.maps * 0.01) for scale in found.scales))
    drawn, usual = class_picture(nowhere, "cup").image, class_picture(found, "cup").image
    assert not np.array_equal(np.asarray(drawn)[-40:], np.asarray(usual)[-40:])


def test_no_box_is_a_title_of_its_own(found):
    from dataclasses import replace

    assert boxes_picture(replace(found, boxes=())).title == "No box"
