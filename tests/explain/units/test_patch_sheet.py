import numpy as np

from imgcls.explain.network import Network
from imgcls.explain.units.patch_sheet import OUTSIDE, field_in_words, patch_sheet, unit_picture
from imgcls.explain.units.top_patches import TopPatch, UnitPatches
from imgcls.models import build_model


def patch(gray: float, seen: bool = True) -> TopPatch:
    pixels = np.full((4, 4, 1), gray, np.float32)
    deconvnet = np.zeros((4, 4, 1), np.float32)
    deconvnet[0, 0], deconvnet[3, 3] = 0.02, -0.02
    return TopPatch("a.png", 0, 0, 3.5, (0, 0, 4, 4), pixels, deconvnet, np.full((4, 4), seen))


def test_a_block_shows_the_patches_and_beside_them_their_projections():
    picture = unit_picture(UnitPatches("stem", 7, (patch(255), patch(0), patch(255, seen=False))))
    width = (picture.image.width - 12) // 2
    assert picture.title == "stem, unit 7"
    assert picture.lines == ("responses 3.5 to 3.5",)
    assert [picture.image.getpixel((x, 50)) for x in (50, 150, 250)] == [(255,) * 3, (0,) * 3, OUTSIDE]
    right = width + 12
    assert [picture.image.getpixel((right + x, x)) for x in (3, 40, 93)] == [(255,) * 3, (128,) * 3, (0,) * 3]


def test_a_silent_unit_says_so_on_its_picture():
    silent, empty = (unit_picture(UnitPatches("stem", 7, some)) for some in ((), (patch(0),)))
    assert silent.image.tobytes() != empty.image.tobytes()
    assert silent.lines == ()
    assert len(silent.image.getcolors(10_000)) > 3  # a band with letters


def test_a_sheet_holds_all_units():
    network = Network(build_model("lenet5", num_classes=10))
    one, four = (
        patch_sheet(network.layer("c1"), [UnitPatches("c1", unit, (patch(9),)) for unit in range(count)])
        for count in (1, 4)
    )
    assert four.height > one.height
    assert four.width > one.width


def test_what_a_position_sees_is_said():
    network = Network(build_model("lenet5", num_classes=10))
    assert field_in_words(network.layer("c1")) == "5 x 5 pixels"
