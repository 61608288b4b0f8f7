"""The distribution of units as pictures."""

import numpy as np
import pytest

from imgcls.explain.network import Network
from imgcls.explain.views.statistics_picture import DEAD, layers_picture, units_picture
from imgcls.explain.views.unit_statistics import unit_statistics
from imgcls.models import build_model

ORANGE = tuple(int(DEAD[at : at + 2], 16) for at in (1, 3, 5))


@pytest.fixture(scope="module", params=[False, True], ids=["alive", "one is dead"])
def statistics(request):
    model = build_model("lenet5_relu", class_names=["a", "b"])
    weights, bias = model.get_layer("c1_conv").get_weights()
    bias[:] = 1
    bias[2] = -1000 if request.param else 1
    model.get_layer("c1_conv").set_weights([weights, bias])
    pixels = np.random.default_rng(0).uniform(0, 255, (4, 32, 32, 1)).astype("float32")
    return request.param, unit_statistics(Network(model), [pixels], ["c1"])


@pytest.mark.parametrize(
    "drawn", [lambda found: units_picture(found[0], "x"), lambda found: layers_picture(found, "x")]
)
def test_dead_units_are_orange_and_others_are_not(statistics, drawn):
    dead, found = statistics
    picture = drawn(found)
    assert (np.asarray(picture.image) == ORANGE).all(-1).any() == dead
    assert any("dead" in line for line in picture.lines)
