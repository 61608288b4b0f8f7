from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from imgcls.config import TrainConfig
from imgcls.data.manifest.table import Manifest
from imgcls.progress import Progress
from imgcls.workflow.out_of_sample import _folds, _keys, _without_labels, features_of


class Run:
    """What is asked of a run here."""

    def __init__(self, path, **network) -> None:
        config = TrainConfig()
        network = {"model": "resnet18", "weights": "none", "plan": "scratch", **network}
        self.path, self.config = path, replace(config, network=replace(config.network, **network))


@pytest.fixture
def manifest(small_run):
    return Manifest.load(small_run.manifest_file)


@pytest.mark.parametrize(
    ("network", "model", "plan", "says"),
    [
        ({"model": "efficientnet_lite1", "weights": "imagenet", "plan": "head"}, "efficientnet_lite1", "head", "own"),
        (
            {"model": "efficientnet_lite1", "weights": "imagenet", "plan": "all"},
            "efficientnet_lite1",
            "features",
            "before the run",
        ),
        ({}, "efficientnet_lite0", "features", "--retrain"),
        ({"weights": "mine.keras", "plan": "head"}, "efficientnet_lite0", "features", "--retrain"),
    ],
)
def test_the_features_are_those_of_a_network_that_has_seen_no_label(manifest, tmp_path, network, model, plan, says):
    config, how = _without_labels(Run(tmp_path / "run", **network), manifest)
    assert (config.network.model, config.network.weights, config.network.plan) == (model, "imagenet", plan)
    assert config.training.precision == "float32"
    assert says in how


def test_units_are_in_one_fold_and_there_are_no_more_folds_than_units():
    records = {"image": [f"{i}.png" for i in range(8)], "label": list("abababab")}
    rows = Manifest.from_records(pd.DataFrame(records), "photos").table
    units = pd.Series([0, 1, 0, 1, 2, 3, 2, 3])
    folds = _folds(rows, units, 10, seed=0)
    assert folds.max() == 3
    assert all(len(set(folds[units == unit])) == 1 for unit in range(4))


def test_examples_of_one_image_are_told_apart_by_their_boxes():
    records = {"image": ["a.png", "a.png", "b.png"], "label": ["x"] * 3}
    boxes = {"x_min": [0, 5, np.nan], "y_min": [0, 5, np.nan], "x_max": [4, 9, np.nan], "y_max": [4, 9, np.nan]}
    assert len(set(_keys(Manifest.from_records(pd.DataFrame({**records, **boxes}), ".").table))) == 3


@pytest.mark.thorough
def test_the_packaged_network_gives_features_of_a_run_that_was_trained_from_nothing(small_run, manifest):
    rows = manifest.split("test").iloc[:3]
    features, embedding, how = features_of(small_run, manifest, rows, Progress())
    assert np.isfinite(features).all()
    assert features[:, embedding].shape == (3, 1280)
    assert "efficientnet_lite0" in how
