"""What a position sees: no pixel outside of the theoretical field moves it, and the pixels inside do."""

import numpy as np
import pytest

from imgcls.explain.network import Network
from imgcls.explain.views.receptive_field import (
    center,
    effective_field,
    effective_picture,
    field_picture,
    field_sentence,
    strongest_position,
)
from imgcls.models import build_model

NETWORKS = {
    "lenet5": (32, 32, 1),
    "resnet20": (32, 32, 3),
    "densenet_bc_100_12": (32, 32, 3),
    "mobilenet_v2_035": (96, 96, 3),
    "highway19": (32, 32, 3),
    "nin": (32, 32, 3),
    "googlenet": (96, 96, 3),
    "alexnet": (99, 99, 3),
}


DEEP = {"densenet_bc_100_12", "mobilenet_v2_035", "highway19"}


@pytest.fixture(scope="module", params=[pytest.param(n, marks=[pytest.mark.slow] * (n in DEEP)) for n in NETWORKS])
def network(request):
    return Network(build_model(request.param, NETWORKS[request.param], ["a", "b"]))


def pixels_of(network: Network, count: int = 2) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (count, *network.size, network.channels)).astype("float32")


def some_layers(network: Network) -> list[str]:
    """One a third of the way, and the last whose field is smaller than the image."""
    narrow = [
        each.name
        for each in network.maps
        if isinstance(each.fields, tuple) and each.fields[0].size < network.size[0] and min(each.shape[:2]) > 1
    ]
    return list(dict.fromkeys([narrow[len(narrow) // 3], narrow[-1]]))


@pytest.mark.thorough
def test_no_gradient_lies_outside_and_it_reaches_the_edge(network):
    for name in some_layers(network):
        layer = network.layer(name)
        for position in ((0, 0), center(layer)):
            found = effective_field(network, pixels_of(network), name, position)
            left, top, right, bottom = found.window
            seen = np.zeros(network.size, bool)
            seen[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = True
            assert found.values[~seen].sum() == 0, (name, position)
            assert found.outside < 1e-9
            assert found.values[seen].max() > 0, (name, position)


def test_a_single_convolution_sees_its_whole_window():
    network = Network(build_model("resnet20", class_names=["a", "b"]))
    found = effective_field(network, pixels_of(network), "stem_conv", (7, 9), unit=3)
    rows, columns = np.nonzero(found.values)
    assert (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1) == (6, 9, 8, 11)
    assert found.window == (8, 6, 11, 9)
    assert found.half_side in (1, 3)


def test_squeeze_and_excitation_sees_beyond_and_the_picture_says_so():
    network = Network(build_model("se_resnet20", class_names=["a", "b"]))
    name = next(each.name for each in network.maps if each.kind == "SqueezeExcitation")
    pixels = pixels_of(network)
    found = effective_field(network, pixels, name)
    assert found.outside > 0
    lines = effective_picture(pixels[0], found, "x").lines
    assert any("lies outside of the box" in line for line in lines) == (found.outside > 0.001)


def test_what_lies_outside_of_the_image_is_shown_as_such():
    network = Network(build_model("lenet5_relu", class_names=["a", "b"]))
    resnet = Network(build_model("resnet20", class_names=["a", "b"]))
    inside = field_picture(pixels_of(network)[0], network.layer("c1"), (5, 5), "x")
    assert inside.image.size == (224, 224)
    layer = resnet.layer("stem")
    corner = field_picture(pixels_of(resnet)[0], layer, (0, 0), "x")
    assert corner.image.size == (231, 231)  # one pixel of padding, seven times enlarged
    assert np.asarray(corner.image)[100, 2].tolist() == [225] * 3
    assert "sees 3 x 3 pixels, 56% of it outside of the image" in corner.lines[-1]
    assert "outside" not in field_sentence(layer, (5, 5), (32, 32))


def test_positions_are_found_and_checked():
    maps = np.zeros((4, 5, 2))
    maps[3, 1, 1] = 2
    assert strongest_position(maps, 1) == (3, 1)
    network = Network(build_model("lenet5", class_names=["a", "b"]))
    with pytest.raises(ValueError, match="c1 has no position 28, 0; rows run from 0 to 27"):
        effective_field(network, pixels_of(network), "c1", (28, 0))
    with pytest.raises(ValueError, match="no unit 6"):
        effective_field(network, pixels_of(network), "c1", unit=6)


def test_a_small_field_is_shown_with_its_surroundings():
    network = Network(build_model("resnet20", class_names=["a", "b"]))
    pixels = pixels_of(network)
    small = effective_picture(pixels[0], effective_field(network, pixels, "stem", (7, 9)), "x")
    assert "shown: rows 3 to 11, columns 5 to 13" in small.lines
    deep = effective_field(network, pixels, network.maps[-1].name)
    assert not any("shown" in line for line in effective_picture(pixels[0], deep, "x").lines)


def test_grouped_convolutions_take_batches_of_two_sizes(monkeypatch):
    monkeypatch.setattr("imgcls.explain.views.receptive_field.AT_ONCE", 2)
    network = Network(build_model("alexnet", (99, 99, 3), ["a", "b"]))
    three = effective_field(network, pixels_of(network, 3), "conv2_conv")
    monkeypatch.setattr("imgcls.explain.views.receptive_field.AT_ONCE", 3)
    np.testing.assert_allclose(
        three.values, effective_field(network, pixels_of(network, 3), "conv2_conv").values, rtol=1e-3, atol=1e-9
    )
