"""The learning curve of a run: which images and which features it takes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from imgcls.config import TrainConfig
from imgcls.data.manifest.table import Manifest
from imgcls.workflow import learning_curve
from imgcls.workflow.learning_curve import learning_curve_of, whose_features


class Run:
    """What is asked of a run here."""

    def __init__(self, path, rows: pd.DataFrame, **network) -> None:
        config = TrainConfig()
        network = {"model": "resnet18", "weights": "none", "plan": "scratch", **network}
        self.path, self.config = path, replace(config, network=replace(config.network, **network))
        self.manifest_file = path / "manifest.parquet"
        Manifest.from_records(rows, path).save(self.manifest_file)


def rows(train: int, validation: int, test: int = 10) -> pd.DataFrame:
    count = train + validation + test
    splits = ["train"] * train + ["validation"] * validation + ["test"] * test
    labels = np.array(["cat", "dog"])[np.arange(count) % 2]
    return pd.DataFrame({"image": [f"{i}.png" for i in range(count)], "label": labels, "split": splits})


@pytest.fixture
def asked(monkeypatch):
    """The rows whose features are asked for; those of dogs are larger, and the first image cannot be read."""
    seen = []

    def features_of(run, manifest, rows, progress):
        seen.append(rows)
        noise = np.random.default_rng(0).normal(size=(len(rows), 8))
        values = noise + 2.0 * (rows["label"] == "dog").to_numpy()[:, None]
        values[0] = np.nan
        return values, slice(None), ""

    monkeypatch.setattr(learning_curve, "features_of", features_of)
    return seen


def test_training_images_are_learned_and_validation_images_judge_and_the_test_is_not_read(tmp_path, asked):
    found = learning_curve_of(Run(tmp_path, rows(300, 100)))
    (every,) = asked
    assert set(every["split"]) == {"train", "validation"}
    assert found.images == found.points[-1].images == 299
    assert found.points[-1].accuracy > 0.9
    assert found.features == whose_features(Run(tmp_path, rows(1, 1)))


def test_a_run_without_validation_says_so(tmp_path, asked):
    found = learning_curve_of(Run(tmp_path, rows(300, 0)))
    assert (found.points, found.reason) == ((), "The run has no validation images.")
    assert asked == []


@pytest.mark.parametrize(
    ("network", "says"),
    [
        ({}, "ImageNet features of efficientnet_lite0, because the run's own have seen the labels"),
        ({"weights": "imagenet", "plan": "all"}, "the features that resnet18 had before the run"),
        ({"weights": "imagenet", "plan": "head"}, "the run's own frozen features, of resnet18"),
    ],
)
def test_it_is_said_whose_features_they_are(tmp_path, network, says):
    assert says in whose_features(Run(tmp_path, rows(1, 1), **network))
