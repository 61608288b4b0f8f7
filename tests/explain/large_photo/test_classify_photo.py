import io

import keras
import numpy as np
import pytest
from PIL import Image
from skimage import data

from imgcls.explain.large_photo import PhotoClassifier, PhotoOptions, classify_photo
from imgcls.explain.large_photo.classify_photo import scaled_sizes
from imgcls.explain.large_photo.sliding_plan import SlidingPlan
from imgcls.explain.network import Network
from imgcls.models import build_model

PLANTED = {"espresso": (data.coffee(), (40, 30, 420)), "tripod": (data.camera(), (800, 420, 380))}  # left, top, width


def png(pixels):
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def small_network(**options):
    return Network(build_model("resnet20", (32, 32, 3), options.pop("names", ["cat", "dog", "background"]), **options))


@pytest.mark.thorough
def test_real_objects_are_found_where_they_are():
    """The real weights, photos that they know, at known places of a gray canvas."""
    network = Network(build_model("efficientnet_lite0", weights="imagenet"))
    canvas, places = Image.new("RGB", (1280, 900), (120, 130, 120)), {}
    for name, (pixels, (left, top, width)) in PLANTED.items():
        image = Image.fromarray(pixels).convert("RGB")
        image = image.resize((width, round(width * image.height / image.width)))
        canvas.paste(image, (left, top))
        places[name] = (left, top, left + image.width, top + image.height)
    found = classify_photo(network, png(np.asarray(canvas)), PhotoOptions(shares=(1.0, 0.5)))
    assert found.plan.way == "one pass"
    assert found.size == (900, 1280)
    assert [box.probability for box in found.boxes] == sorted([box.probability for box in found.boxes], reverse=True)
    for name, (left, top, right, bottom) in places.items():
        best = next(box for box in found.boxes if box.class_name == name)
        assert left < best.center[0] < right
        assert top < best.center[1] < bottom
        heat = found.heat(name)
        row, column = int((top + bottom) / 2 * len(heat) / 900), int((left + right) / 2 * heat.shape[1] / 1280)
        assert heat[row, column] > 0.5 * heat.max()
        assert heat[-1, 0] < 0.1 * heat.max()  # where nothing is


def test_a_photo_is_seen_at_several_scales_and_maps_have_places():
    found = classify_photo(small_network(), png(data.coffee()), PhotoOptions(threshold=0.0))
    assert [scale.size[0] for scale in found.scales] == [32, 64, 128]
    assert [round(scale.window[0]) for scale in found.scales] == [400, 200, 100]
    for scale in found.scales:
        assert scale.maps.shape == (2, (scale.size[0] - 32) // 4 + 1, (scale.size[1] - 32) // 4 + 1)
        last = scale.edges(np.array([scale.maps.shape[1] - 1]), np.array([scale.maps.shape[2] - 1]))
        np.testing.assert_allclose(last[0, 2:], (600, 400))  # the last window ends with the photo
    assert found.joined.shape == (2, 85, 128)
    assert set(found.class_names) == {"cat", "dog"}
    assert found.shown.shape == (400, 600, 3)
    assert found.notes == ()


def test_the_background_gets_no_boxes_but_a_map_if_it_is_named():
    keras.utils.set_random_seed(4)  # with which it sees both; most others give one of them all of the probability
    options = PhotoOptions(classes=("background", "cat"), threshold=0.0, shares=(1.0,))
    found = classify_photo(small_network(), png(data.coffee()), options)
    assert found.class_names == ("background", "cat")
    assert {box.class_name for box in found.boxes} == {"cat"}
    assert found.heat("background").max() > 0
    with pytest.raises(ValueError, match="No map of 'dog' was kept; there are maps of background, cat"):
        found.heat("dog")


def test_windows_by_themselves_see_nearly_what_one_pass_sees():
    network = Network(build_model("lenet5_relu", (32, 32, 3), ["cat", "dog"]))
    photo = png(data.coffee()[:200, :200])
    passed = classify_photo(network, photo, PhotoOptions(shares=(0.5,)))
    windows = classify_photo(network, photo, PhotoOptions(shares=(0.5,), way="windows", step=4 / 32))
    assert (passed.plan.way, windows.plan.way) == ("one pass", "windows")
    assert passed.class_names == windows.class_names
    np.testing.assert_allclose(passed.scales[0].maps, windows.scales[0].maps, atol=1e-5)


def test_a_network_that_sees_the_whole_image_is_given_windows():
    network = Network(build_model("mlp", (28, 28, 1), ["cat", "dog"]))
    found = classify_photo(network, png(data.coffee()), PhotoOptions(threshold=1.0))
    assert found.plan.way == "windows"
    assert found.notes == ("No window reaches a probability of 1, so there is no box.",)
    assert [scale.maps.shape[1:] for scale in found.scales] == [(1, 3), (5, 9), (13, 21)]


def test_a_small_photo_is_enlarged_and_this_is_said():
    found = classify_photo(small_network(), png(data.coffee()[:20, :30]))
    assert [scale.size for scale in found.scales] == [(32, 48), (64, 96), (128, 192)]
    assert "photo has 20x30 pixels, which is small for this network: it was enlarged up to 6.4 times" in found.notes[0]


def test_progress_is_reported_in_percent():
    reports = []
    options = PhotoOptions(on_progress=lambda done, total: reports.append(done))
    classify_photo(small_network(), png(data.coffee()), options)
    assert reports == sorted(reports)
    assert reports[-1] == 100


def test_one_classifier_takes_many_photos_and_factors_in_place_of_shares():
    classifier = PhotoClassifier(small_network(), PhotoOptions(factors=(0.5, 0.25)))
    first, second = classifier(png(data.coffee())), classifier(png(data.chelsea()))
    assert [scale.size for scale in first.scales] == [(100, 152), (200, 300)]
    assert [scale.size for scale in second.scales] == [(76, 112), (152, 224)]


def test_a_class_that_the_network_does_not_know_is_said_before_the_photo_is_read():
    with pytest.raises(ValueError, match=r"resnet20 knows no class 'cot'\. Did you mean 'cat'"):
        PhotoClassifier(small_network(), PhotoOptions(classes=("cot",)))


def test_a_scale_that_is_too_large_is_said():
    plan = SlidingPlan("windows", "", (224, 224), (56, 56))
    with pytest.raises(ValueError, match="A scale makes 9016x224 pixels of a photo of 9000x200; expected at most 4096"):
        scaled_sizes(plan, (9000, 200), [1.0])
