import shutil
from dataclasses import replace

import numpy as np
import pytest

from imgcls.data.manifest.table import Manifest
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.run_folder import RunFolder
from imgcls.workflow.predictions import predictions_of


@pytest.fixture(scope="module")
def judged(small_run, tmp_path_factory):
    """The run with its predictions."""
    run = RunFolder(shutil.copytree(small_run.path, tmp_path_factory.mktemp("judged") / "run"))
    for split in ("validation", "test"):
        predictions_of(run, split)
    return run.path


@pytest.fixture
def runs(judged, tmp_path):
    """Two runs of the same model. By its saved predictions, the first one is always right, and the second one takes
    every bag for a trouser."""
    old, new = (shutil.copytree(judged, tmp_path / name) for name in ("old", "new"))
    table = PredictionTable.load(old / "predictions" / "test.parquet")
    right = 0.7 * table.targets + 0.1
    wrong = np.where(table.labels[:, None] == 0, [0.1, 0.1, 0.8], right)
    for run, probabilities in ((old, right), (new, wrong)):
        replace(table, probabilities=probabilities, logits=None).save(run / "predictions" / "test.parquet")
    return [old, new]


@pytest.fixture
def nothing_is_predicted(monkeypatch):
    monkeypatch.setattr("imgcls.workflow.compare.predict_table", lambda *_: pytest.fail("images were predicted"))


def test_two_runs_are_compared_by_their_saved_predictions(runs, command, tmp_path, nothing_is_predicted):
    result = command("compare", *runs, "--output", tmp_path / "page.html")
    assert result.code == 0
    assert "old is better than new by" in result.out
    assert "bag: old gets 10 of 10 right and new 0" in result.out
    page = (tmp_path / "page.html").read_text()
    assert page.count("data:image/jpeg;base64,") == 10
    assert "old is better than new by" in page
    assert "http" not in page.replace("http://www.w3.org/", "")


@pytest.mark.thorough
def test_predictions_that_are_missing_are_made(runs, command):
    for run in runs:
        shutil.rmtree(run / "predictions")
    result = command("compare", *runs)
    assert result.code == 0
    assert "are right and wrong on the same images, all 30 of them" in result.out
    assert (runs[1] / "predictions" / "test.parquet").is_file()
    assert "--output comparison.html" in result.out


def test_several_runs_and_what_differs_in_their_configs(runs, command, tmp_path):
    third = shutil.copytree(runs[0], tmp_path / "third")
    text = (third / "config.toml").read_text()
    (third / "config.toml").write_text(text.replace("epochs = 3\n", "epochs = 4\n"))
    result = command("compare", *runs, third, "--output", tmp_path / "page.html")
    assert result.code == 0
    assert "It is better than new; no difference to third can be seen." in result.out
    assert [line.split() for line in result.out.splitlines() if line.startswith("epochs")] == [
        ["epochs", "3", "3", "4"]
    ]
    assert "epochs" in (tmp_path / "page.html").read_text()


@pytest.mark.thorough
def test_other_labelled_images_are_judged_by_both(runs, command, small_data, tmp_path):
    shutil.copytree(small_data / "test", tmp_path / "photos")
    result = command("compare", *runs, "--data", tmp_path / "photos")
    assert result.code == 0
    assert f"Compared on all images of {tmp_path / 'photos'}. No difference can be seen" in result.out


def test_other_splits_are_refused_before_anything_is_predicted(runs, command, nothing_is_predicted):
    manifest = Manifest.load(runs[1] / "manifest.parquet")
    table = manifest.table.copy()
    test = table.index[table["split"] == "test"]
    table.loc[test[:4], "split"] = "train"
    Manifest(table, manifest.root).save(runs[1] / "manifest.parquet")
    result = command("compare", *runs)
    assert result.code == 2
    assert "old and new have other test images, so they cannot be compared: 26 of 30 and 26 are in both." in result.err


def test_other_classes_are_refused(runs, command, nothing_is_predicted):
    manifest = Manifest.load(runs[1] / "manifest.parquet")
    table = manifest.table.replace({"label": {"bag": "purse"}})
    table["labels"] = [[label] for label in table["label"]]
    Manifest(table, manifest.root).save(runs[1] / "manifest.parquet")
    result = command("compare", *runs)
    assert result.code == 2
    assert "old and new have other classes" in result.err
    assert "old alone knows bag; new alone knows purse" in result.err


def test_a_run_without_model_or_data_is_refused_in_a_sentence(runs, command):
    moved = Manifest.load(runs[0] / "manifest.parquet")
    Manifest(moved.table, runs[0] / "gone").save(runs[0] / "manifest.parquet")
    shutil.rmtree(runs[0] / "predictions")
    result = command("compare", *runs)
    assert result.code == 2
    assert "None of the 30 images can be read; the first, " in result.err
    assert f"Bring the folder {runs[0] / 'gone'} back." in result.err
    (runs[1] / "model.keras").unlink()
    assert "has no model yet" in command("compare", *runs).err


def test_what_is_no_comparison_is_refused(runs, command, tmp_path):
    assert "Expected two runs or more, and got 1" in command("compare", runs[0]).err
    assert "is named twice. Name each run once." in command("compare", runs[0], runs[0]).err
    assert "expected a file that ends in .html" in command("compare", *runs, "--output", tmp_path / "page.pdf").err


def test_validation_is_said_to_flatter(runs, command):
    result = command("compare", *runs, "--split", "validation")
    assert result.code == 0
    assert "too few images to say" in result.out
    assert "their figures flatter" in result.out
