"""A sheet of a layer's units."""

import numpy as np
import pytest

from imgcls.explain.network import Network
from imgcls.explain.views.activation_maps import activation_maps, activation_picture, strongest_units
from imgcls.models import build_model

PHOTO = np.random.default_rng(0).uniform(0, 255, (32, 32, 3)).astype("float32")


def ramp(units: int = 100) -> np.ndarray:
    return np.arange(units, dtype=np.float32) * np.ones((4, 4, 1), np.float32)


def test_maps_are_what_the_layer_gives():
    model = build_model("resnet20", class_names=["a", "b"])
    maps = activation_maps(Network(model), PHOTO[None], "stem")
    assert maps.shape == (1, 32, 32, 16)
    assert maps.min() == 0  # behind a rectifier


def test_the_strongest_come_first_and_the_rest_is_counted():
    assert strongest_units(ramp())[:3] == [99, 98, 97]
    picture = activation_picture(PHOTO, ramp(), "x", most=10)
    assert "100 units of 4 x 4 positions, the strongest first, 90 not shown" in picture.lines[-1]
    assert picture.legend
    assert (picture.legend.low, picture.legend.high, picture.legend.signed) == ("0", "99", False)


def test_units_are_ordered_by_number_or_chosen():
    by_number = np.asarray(activation_picture(PHOTO, ramp(4), "x", order="number").image)
    chosen = np.asarray(activation_picture(PHOTO, ramp(4), "x", units=[0, 1, 2, 3]).image)
    np.testing.assert_array_equal(by_number, chosen)
    assert (np.asarray(activation_picture(PHOTO, ramp(4), "x").image) != chosen).any()


def test_negative_values_get_a_symmetric_scale_and_a_given_one_is_kept():
    legend = activation_picture(PHOTO, ramp(4) - 9, "x").legend
    assert legend
    assert (legend.low, legend.high, legend.signed) == ("-9", "9", True)
    legend = activation_picture(PHOTO, ramp(4), "x", top=20).legend
    assert legend
    assert legend.high == "20"


@pytest.mark.parametrize("bad", [0.0, np.nan], ids=str)
def test_a_layer_that_says_nothing_is_marked(bad):
    image = np.asarray(activation_picture(PHOTO, np.full((4, 4, 12), bad, np.float32), "x").image)
    assert (image[-12:] < 40).mean() > 0.5  # a band
