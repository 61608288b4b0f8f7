import keras
import numpy as np
import pytest

from imgcls.explain.methods.deconvnet import deconvnet_of_unit
from imgcls.explain.network import Network
from imgcls.explain.units.top_patches import NEUTRAL, top_patches
from imgcls.models import build_model
from tests.explain.units.samples import in_batches, sample_images

PATTERN = np.array([[1, 0, 0, 0, 1], [0, 1, 0, 1, 0], [0, 0, 1, 0, 0], [0, 1, 0, 1, 0], [1, 0, 0, 0, 1]], np.float32)


@pytest.fixture(scope="module")
def detector():
    """A network whose unit 2 of c1 looks for a cross of 5 by 5 pixels; unit 3 is silent, whatever it sees."""
    keras.utils.set_random_seed(0)
    model = build_model("lenet5_relu", class_names=["cat", "dog"])
    layer = model.get_layer("c1_conv")
    kernel = np.random.default_rng(0).normal(0, 0.1, layer.kernel.shape)
    kernel[..., 0, 2] = PATTERN - PATTERN.mean()
    kernel[..., 0, 3] = 0
    layer.kernel.assign(kernel)
    return Network(model)


@pytest.fixture(scope="module")
def planted():
    """20 images of weak noise; the cross stands in image 13 at row 4, column 20, and weaker in image 5 at 10, 3."""
    pixels = np.random.default_rng(1).uniform(0, 40, (20, 32, 32, 1)).astype(np.float32)
    pixels[13, 4:9, 20:25, 0] = 255 * PATTERN
    pixels[5, 10:15, 3:8, 0] = 150 * PATTERN
    return pixels, [f"image {each}" for each in range(20)]


def test_the_planted_patch_is_found_and_cut_out(detector, planted):
    unit = top_patches(detector, in_batches(*planted, 6), {"c1": [2]}, count=3)["c1"][0]
    first, second, third = unit.patches
    assert (first.image, first.row, first.column, first.window) == ("image 13", 4, 20, (20, 4, 25, 9))
    assert (first.pixels[..., 0] == 255 * PATTERN).all()
    assert (second.image, second.row, second.column) == ("image 5", 10, 3)
    assert first.response > second.response > third.response
    assert third.image not in ("image 13", "image 5")


def test_its_deconvnet_picture_is_the_pattern(detector, planted):
    patch = top_patches(detector, in_batches(*planted, 6), {"c1": [2]}, count=1)["c1"][0].patches[0]
    likeness = np.corrcoef(patch.deconvnet.ravel(), PATTERN.ravel())[0, 1]
    assert likeness > 0.999


def test_nothing_outside_the_window_excites_the_unit(detector, planted):
    found = top_patches(detector, in_batches(*planted, 6), {"c3": [7]}, count=4)["c3"][0]
    for patch in found.patches:
        pixels = planted[0][planted[1].index(patch.image)][None]
        whole = deconvnet_of_unit(detector, pixels, "c3", 7, np.array([[patch.row, patch.column]]))[0]
        left, top, right, bottom = patch.window
        inside = whole[top:bottom, left:right].copy()
        assert np.allclose(inside, patch.deconvnet, rtol=1e-4, atol=1e-7)
        assert np.any(inside)
        whole[top:bottom, left:right] = 0
        assert not np.any(whole)


def test_a_response_is_what_the_network_gives_there(detector, planted):
    pixels, names = planted
    for unit in top_patches(detector, in_batches(pixels, names, 8), {"c3": ()}, count=2)["c3"]:
        for patch in unit.patches:
            maps = detector.run(pixels[names.index(patch.image)][None], keep=["c3"]).maps["c3"].numpy()
            assert maps[0, patch.row, patch.column, unit.unit] == pytest.approx(patch.response, rel=1e-4)
            assert maps[0, ..., unit.unit].max() == pytest.approx(patch.response, rel=1e-4)


def test_the_order_of_the_batches_does_not_matter(detector, planted):
    batches = in_batches(*planted, 5)
    one, other = (top_patches(detector, each, {"c1": ()}, count=4)["c1"] for each in (batches, batches[::-1]))
    assert [[p.image for p in unit.patches] for unit in one] == [[p.image for p in unit.patches] for unit in other]


def test_a_silent_unit_has_no_patches(detector, planted):
    assert top_patches(detector, in_batches(*planted, 20), {"c1": [3]})["c1"][0].patches == ()


def test_fewer_images_than_patches(detector, planted):
    found = top_patches(detector, [(planted[0][:2], planted[1][:2])], {"c1": [2]}, count=9)
    assert len(found["c1"][0].patches) == 2


def test_what_lies_outside_the_image_is_neutral():
    network = Network(build_model("resnet20", (28, 28, 1), num_classes=10))
    found = top_patches(network, in_batches(*sample_images(30), 16), {"stage1_block3": ()}, count=5)["stage1_block3"]
    cut_off = [patch for unit in found for patch in unit.patches if not patch.seen.all()]
    assert cut_off
    for patch in cut_off:
        assert patch.pixels.shape == (15, 15, 1)
        assert (patch.pixels[~patch.seen] == NEUTRAL).all()
        assert not patch.deconvnet[~patch.seen].any()


def test_a_field_larger_than_the_image_gives_all_of_it(detector, planted):
    units = top_patches(detector, in_batches(*planted, 20), {"c5": ()}, count=1)["c5"]
    patch = next(unit.patches[0] for unit in units if unit.patches)
    assert patch.pixels.shape == (32, 32, 1)
    assert (patch.pixels == planted[0][planted[1].index(patch.image)]).all()


def test_several_layers_and_the_most_telling_units(detector, planted):
    found = top_patches(detector, in_batches(*planted, 20), {"c1": (), "c3": (1, 4, 9)}, count=3, most_units=2)
    assert list(found) == ["c1", "c3"]
    assert [len(units) for units in found.values()] == [2, 2]
    assert {unit.unit for unit in found["c3"]} < {1, 4, 9}


@pytest.mark.parametrize(
    ("units", "message"),
    [({"c2": [0]}, "no layer 'c2'"), ({"c1": [6]}, "no unit 6; it has 6"), ({"c1": [-1]}, "no unit -1")],
)
def test_what_does_not_exist_is_named(detector, planted, units, message):
    with pytest.raises(ValueError, match=message):
        top_patches(detector, in_batches(*planted, 20), units)


def test_no_images(detector):
    with pytest.raises(ValueError, match="no image among which"):
        top_patches(detector, [], {"c1": [2]})


def test_images_that_can_be_read_once_are_refused(detector, planted):
    with pytest.raises(ValueError, match="read only once"):
        top_patches(detector, iter(in_batches(*planted, 20)), {"c1": [2]})


def test_no_patches_wanted(detector, planted):
    with pytest.raises(ValueError, match="expected at least 1"):
        top_patches(detector, in_batches(*planted, 20), {"c1": [2]}, count=0)
