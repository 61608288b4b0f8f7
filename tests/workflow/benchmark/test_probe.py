import numpy as np
import pandas as pd
import pytest

from imgcls.progress import Progress
from imgcls.workflow.benchmark.images import load_images
from imgcls.workflow.benchmark.network import build
from imgcls.workflow.benchmark.probe import drawn_rows, linear_probe
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
    assert 0.8 < found.judged.low < found.judged.value < found.judged.high
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
    assert (network.weights, network.why) == ("none", "No published weights of lenet5 are known.")

    def fail(*_, **__):
        raise ConnectionError("The weights of MobileNetV2 could not be downloaded (no network). Download them.")

    monkeypatch.setattr("imgcls.models.weights.keras_twins.load_twin", fail)
    network = build(request, images, "mobilenet_v3_small_075")
    assert network.weights == "none"
    assert network.why == "Its weights cannot be had here: The weights of MobileNetV2 could not be downloaded."


def test_of_many_images_some_are_drawn_and_a_few_of_every_class():
    names = ["common"] * 9000 + ["rare"] * 6
    rows = pd.DataFrame({"label": names, "labels": [[name] for name in names]})
    found = drawn_rows(rows, seed=0)
    assert 2000 <= len(found) <= 2010
    assert (found["label"] == "rare").sum() >= 5
    assert found.index.is_monotonic_increasing
    assert len(drawn_rows(rows[:500], seed=0)) == 500


def test_a_few_images_of_every_class_are_drawn_where_an_image_has_several():
    rows = pd.DataFrame({"labels": [["common"]] * 8994 + [[]] * 6 + [["common", "rare"]] * 6})
    found = drawn_rows(rows.assign(label=rows["labels"].str[0].fillna("")), seed=0)
    assert 2000 <= len(found) <= 2015
    assert (found["labels"].str.len() == 2).sum() >= 5


@pytest.mark.thorough
def test_networks_are_judged_by_average_precision_where_an_image_has_several_classes(collages, tmp_path):
    request = BenchmarkRequest(str(collages), models=("lenet5",), image_size=32, runs=tmp_path)
    images = load_images(request, Progress())
    network = build(request, images, "lenet5")
    assert (
        abs(float(np.sum(network.model(np.zeros((1, *network.model.input_shape[1:]), np.float32)))) - 1) > 0.01
    )  # each by itself
    found = linear_probe(images, network)
    assert found.judged.metric == "macro_average_precision"
    assert found.images == len(images.rows) == 64
    assert 0.6 < found.judged.low < found.judged.value < found.judged.high
