import numpy as np
import pytest

from imgcls.explain.faithfulness import HeatmapJudge, centered_blob, judge_heatmaps, random_network
from imgcls.explain.faithfulness.faithfulness import BELIEVABLE, LIKE_BLOB, LIKE_CHANCE, LIKE_UNTRAINED
from imgcls.explain.heatmaps import ALL_ZERO, Heatmaps
from imgcls.explain.methods import METHODS, Method, MethodOptions

GRAD_CAM = METHODS["grad_cam"]


@pytest.fixture(scope="module")
def judge(cat) -> HeatmapJudge:
    return HeatmapJudge(cat.network, cat.pixels, cat.coefficients, random_network(cat.network), steps=8)


@pytest.mark.thorough
def test_grad_cam_of_a_cat_is_better_than_chance_and_turned_around_it_fails(cat, judge):
    maps = GRAD_CAM.compute(cat.network, cat.pixels, cat.coefficients, MethodOptions())
    (found,) = judge.judge(GRAD_CAM, maps, MethodOptions())
    assert found.verdict in (BELIEVABLE, LIKE_BLOB)
    assert found.gains.map > found.gains.random
    assert abs(found.likeness) < 0.7
    (turned,) = judge.judge(GRAD_CAM, Heatmaps(-maps.values), MethodOptions())
    assert turned.verdict == LIKE_CHANCE
    assert turned.fails


def test_a_blob_is_no_better_than_a_blob(judge):
    (found,) = judge.judge(GRAD_CAM, Heatmaps(centered_blob((224, 224))[None]), MethodOptions())
    assert found.gains.map == pytest.approx(found.gains.blob, abs=0.02)
    assert found.fails in (LIKE_BLOB, LIKE_CHANCE)


def edges(network, pixels, coefficients, options) -> Heatmaps:
    """The edges of an image, whatever the network is."""
    return Heatmaps(np.hypot(*np.gradient(pixels.mean(-1), axis=(1, 2))))


@pytest.mark.thorough
def test_a_map_of_edges_is_found_out(cat):
    method = Method("edges", "Edges", edges, "pixels", signed=False, paper="")
    maps = edges(cat.network, cat.pixels, cat.coefficients, MethodOptions())
    random = random_network(cat.network)
    options = MethodOptions()
    (found,) = judge_heatmaps(cat.network, cat.pixels, cat.coefficients, method, maps, options, random, steps=2)
    assert found.likeness == 1
    assert found.fails == LIKE_UNTRAINED
    (without,) = judge_heatmaps(cat.network, cat.pixels, cat.coefficients, method, maps, options, steps=2)
    assert without.likeness is None


@pytest.mark.parametrize("values", [np.zeros((1, 224, 224)), np.full((1, 224, 224), np.nan)])
@pytest.mark.thorough
def test_a_map_that_is_none_says_so(cat, values):
    maps = Heatmaps(values.astype(np.float32))
    (found,) = judge_heatmaps(cat.network, cat.pixels, cat.coefficients, GRAD_CAM, maps, MethodOptions(), steps=2)
    assert found.fails == maps.problems[0]
    assert (found.fails == ALL_ZERO) == (not values.any())
