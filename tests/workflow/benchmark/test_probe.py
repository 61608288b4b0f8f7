import numpy as np
import pandas as pd
import pytest

from imgcls.evaluation.intervals import wilson_interval
from imgcls.progress import Progress
from imgcls.workflow.benchmark.images import load_images
from imgcls.workflow.benchmark.network import build
from imgcls.workflow.benchmark.probe import drawn_rows, linear_probe, share_right
from imgcls.workflow.benchmark.request import BenchmarkRequest


@pytest.fixture(scope="module")
def asked(small_data, tmp_path_factory):
    request = BenchmarkRequest(
        str(small_data), models=("lenet5",), image_size=32, runs=tmp_path_factory.mktemp("probe")
    )
    return request, load_images(request, Progress())


@pytest.mark.thorough
def test_a_probe_names_images_that_it_has_not_seen_and_leaves_the_test_out(asked):
    request, images = asked
    found = linear_probe(images, build(request, images, "lenet5"))
    assert found.images == len(images.rows) == 120
    assert not (images.rows["split"] == "test").any()
    assert 0.8 < found.low < found.value < found.high
    assert found.how == "a linear classifier on random features"
    assert found.train_seconds > 0


def test_features_from_the_cache_have_no_time_of_training(asked):
    request, images = asked
    network = build(request, images, "lenet5")
    linear_probe(images, network)
    again = linear_probe(images, network)
    assert again.train_seconds is None
    assert again.reached == ()


@pytest.mark.thorough
def test_a_network_without_its_weights_says_why(asked, monkeypatch):
    request, images = asked
    network = build(request, images, "lenet5")
    assert (network.weights, network.why) == ("none", "Nobody has published weights for it.")

    def fail(*_, **__):
        raise ConnectionError("The weights of MobileNetV2 could not be downloaded (no network). Download them.")

    monkeypatch.setattr("imgcls.models.weights.keras_twins.load_twin", fail)
    network = build(request, images, "mobilenet_v3_small_075")
    assert network.weights == "none"
    assert network.why == "Its weights cannot be had here: The weights of MobileNetV2 could not be downloaded."


def test_the_interval_of_images_that_stand_alone_is_wilsons():
    labels, probabilities = np.array([0, 1] * 20), np.eye(2)[[0, 1] * 15 + [1, 0] * 5]
    value, low, high = share_right(labels, probabilities, pd.Series(range(40)))
    assert (value, (low, high)) == (0.75, wilson_interval(30, 40))


def test_images_that_belong_together_count_for_less():
    labels, probabilities = np.array([0, 1] * 20), np.eye(2)[[0, 1] * 15 + [1, 0] * 5]
    alone = share_right(labels, probabilities, pd.Series(range(40)))
    together = share_right(labels, probabilities, pd.Series(np.arange(40) // 4))
    assert together[2] - together[1] > 1.2 * (alone[2] - alone[1])


def test_of_many_images_some_are_drawn_and_a_few_of_every_class():
    rows = pd.DataFrame({"label": ["common"] * 9000 + ["rare"] * 6})
    found = drawn_rows(rows, seed=0)
    assert 2000 <= len(found) <= 2010
    assert (found["label"] == "rare").sum() >= 5
    assert found.index.is_monotonic_increasing
    assert len(drawn_rows(rows[:500], seed=0)) == 500
