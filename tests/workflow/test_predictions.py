import shutil

import numpy as np
import pytest

from imgcls.data.manifest.table import Manifest
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.models.classifier import load_model
from imgcls.run_folder import RunFolder
from imgcls.workflow import predictions
from imgcls.workflow.predictions import predictions_of


@pytest.fixture
def run(small_run, tmp_path):
    copied = shutil.copytree(small_run.path, tmp_path / "run", ignore=shutil.ignore_patterns("predictions"))
    return RunFolder(copied)


@pytest.fixture
def nothing_is_predicted(monkeypatch):
    return lambda: monkeypatch.setattr(predictions, "predictor_of_run", lambda run: pytest.fail("it predicted"))


@pytest.mark.thorough
def test_predictions_are_made_once_and_hold_what_the_network_says(run, nothing_is_predicted):
    made = predictions_of(run, "validation")
    nothing_is_predicted()
    read = predictions_of(run, "validation")
    np.testing.assert_array_equal(read.probabilities, made.probabilities)
    rows = Manifest.load(run.manifest_file).split("validation")
    assert list(read.rows["image"]) == list(rows["image"])
    shifted = np.exp(read.logits - read.logits.max(axis=1, keepdims=True))
    np.testing.assert_allclose(shifted / shifted.sum(axis=1, keepdims=True), read.probabilities, atol=1e-5)
    assert read.embeddings.shape == (len(rows), load_model(run.model_file).get_layer("embedding").output.shape[-1])
    assert (read.facts["split"], read.facts["run"]) == ("validation", "run")


@pytest.mark.thorough
def test_predictions_of_another_model_or_of_other_images_are_made_anew(run, monkeypatch):
    predictions_of(run, "test")
    loaded = []
    of_run = predictions.predictor_of_run
    monkeypatch.setattr(predictions, "predictor_of_run", lambda run: loaded.append(run) or of_run(run))
    model = load_model(run.model_file)
    model.get_layer("logits").set_weights([0 * weights for weights in model.get_layer("logits").get_weights()])
    model.save(run.model_file)
    assert np.ptp(predictions_of(run, "test").probabilities) == 0
    manifest = Manifest.load(run.manifest_file)
    table = manifest.table.drop(index=manifest.split("test").index[0])
    Manifest(table, manifest.root).save(run.manifest_file)
    assert len(predictions_of(run, "test")) == 29
    run.predictions_file("test").write_bytes(b"damaged")
    assert len(predictions_of(run, "test")) == 29
    assert len(loaded) == 3


def test_of_a_large_split_some_are_drawn_and_always_the_same(run, nothing_is_predicted):
    some = predictions_of(run, "train", most=20)
    assert (len(some), some.facts["drawn_of"]) == (20, 102)
    nothing_is_predicted()
    assert list(predictions_of(run, "train", most=20).rows["image"]) == list(some.rows["image"])


def test_where_all_are_there_nothing_is_drawn(run, nothing_is_predicted):
    everything = predictions_of(run, "train")
    nothing_is_predicted()
    assert len(predictions_of(run, "train", most=20)) == len(everything)


def test_a_split_without_images_is_named(run):
    manifest = Manifest.load(run.manifest_file)
    Manifest(manifest.table[manifest.table["split"] != "test"], manifest.root).save(run.manifest_file)
    with pytest.raises(ValueError, match="has no images for test"):
        predictions_of(run, "test")


def test_what_was_saved_is_read_by_others(run):
    predictions_of(run, "test")
    assert len(PredictionTable.load(run.predictions / "test.parquet")) == 30


def test_a_run_whose_images_are_gone_is_refused_and_nothing_is_written(run, command):
    manifest = Manifest.load(run.manifest_file)
    Manifest(manifest.table, run.path / "nowhere").save(run.manifest_file)
    model = run.model_file.read_bytes()
    for name in ("evaluate", "calibrate"):
        result = command(name, run.path)
        assert result.code == 2
        assert "images can be read; the first, " in result.err
        assert f"Bring the folder {run.path / 'nowhere'} back." in result.err
    assert not list(run.path.glob("predictions/*"))
    assert run.model_file.read_bytes() == model
