import numpy as np

from imgcls.explain.methods import METHODS, MethodOptions
from imgcls.explain.methods.integrated_gradients import Path, integrated_gradients
from imgcls.explain.target import class_scores
from tests.explain.methods.conftest import images

compute = METHODS["integrated_gradients"].compute


def test_a_linear_network_gives_each_pixel_its_term_of_the_sum(linear_network):
    network, weights = linear_network
    pixels = images(network, 1)
    found = compute(network, pixels, class_scores(network, ["dog"]), MethodOptions(steps=2))
    np.testing.assert_allclose(found.values[0], (pixels[0] * weights[..., 1]).sum(-1), rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(found.figures["baseline_score"], [1.0], rtol=1e-5)  # the bias
    assert found.figures["completeness_error"][0] < 1e-4


def test_the_map_sums_up_to_the_difference_of_the_scores(small_network):
    scores = class_scores(small_network, ["cat", "dog"])
    found = compute(small_network, images(small_network, 2), scores, MethodOptions(steps=16))
    difference = found.figures["image_score"] - found.figures["baseline_score"]
    np.testing.assert_allclose(found.values.sum((1, 2)), difference, rtol=0.01)
    assert found.figures["completeness_error"].max() < 0.01


def test_points_are_added_where_the_score_changes():
    """A score that jumps at a twentieth of the way, as in a network that answers alike from there on."""

    def points(places):
        slopes = np.where(np.abs(places - 0.05) < 0.02, 25.0, 0.0)
        scores = np.clip((places - 0.03) / 0.04, 0, 1)
        return Path(places, scores, slopes[:, None, None])

    path = points(np.linspace(0, 1, 10))
    assert path.error > 0.5
    while path.error > 0.01:
        path = path.joined(points(path.worst_middles()))
    assert len(path.places) < 60
    assert np.mean(path.places < 0.12) > 0.5
    np.testing.assert_allclose(path.integral(), [[1.0]], rtol=0.01)


def test_more_points_than_eight_times_the_steps_are_not_tried(small_network):
    scores = class_scores(small_network, ["cat"])
    found = integrated_gradients(small_network, images(small_network, 1), scores, MethodOptions(steps=2), tolerance=0)
    assert found.figures["points"][0] <= 16 + 8
