import shutil

import numpy as np
import pytest

from imgcls.config import InputConfig, JudgementConfig, NetworkConfig, TrainConfig, TrainingConfig
from imgcls.data.manifest.table import Manifest
from imgcls.evaluation.judgement.calibration import log_loss
from imgcls.evaluation.judgement.judgement import NONE_OF_THESE, NOT_SURE
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.models import keras_file
from imgcls.models.classifier import judgement, load_model, temperature
from imgcls.run_folder import RunFolder
from imgcls.training.run import train_network
from imgcls.workflow import predictions
from imgcls.workflow.calibrate import Fitted, calibrate_run, keep_judgement, missing_in_words
from imgcls.workflow.create import create_run
from imgcls.workflow.judgement_layer import judgement_of
from imgcls.workflow.predictions import predict_table, predictions_of
from imgcls.workflow.predictor import predictor_of_run
from tests.conftest import copy_sample
from tests.evaluation.judged_tables import drawn

pytestmark = pytest.mark.thorough

WISHED = JudgementConfig(answer_coverage=0.8, set_coverage=0.8)


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory):
    """A run of three classes that are hard to tell apart, with 60 images in validation and without its test images;
    its predictions from before it was calibrated, and what was fitted."""
    data = copy_sample(tmp_path_factory.mktemp("data") / "tops", ("coat", "pullover", "shirt"), 40, 4)
    config = TrainConfig(
        input=InputConfig(data=str(data), validation_size=0.5),
        network=NetworkConfig(model="lenet5_relu"),
        training=TrainingConfig(epochs=3, batch_size=16),
        runs=str(tmp_path_factory.mktemp("runs")),
        name="tops",
    )
    run, manifest = create_run(config)
    assert train_network(run, manifest)
    shutil.rmtree(data / "test")
    before = predictions_of(run, "validation")
    return run, before, calibrate_run(run, WISHED)


@pytest.fixture
def run(calibrated, tmp_path):
    return RunFolder(shutil.copytree(calibrated[0].path, tmp_path / "run"))


def test_what_is_fitted_without_test_images_is_kept_in_the_model(calibrated):
    run, before, fitted = calibrated
    model = load_model(run.model_file)
    assert temperature(model) == fitted.temperature != 1.0
    losses = [log_loss(before.logits / each, before.labels) for each in (fitted.temperature, 1.0)]
    assert losses[0] < losses[1]
    kept = judgement_of(model)
    for part in ("temperature", "thresholds", "sets", "notes"):
        assert kept.to_dict()[part] == fitted.to_dict()[part]
    assert kept.unknown.threshold == pytest.approx(fitted.unknown.threshold)
    assert kept.unknown.candidates == fitted.unknown.candidates


def test_the_saved_tables_are_those_of_the_new_model(calibrated, monkeypatch):
    run, before, fitted = calibrated
    manifest = Manifest.load(run.manifest_file)
    anew = predict_table(predictor_of_run(run), manifest, manifest.split("validation"), {})
    monkeypatch.setattr(predictions, "predictor_of_run", lambda run: pytest.fail("it predicted"))
    for split in ("validation", "train"):
        assert predictions_of(run, split).facts["split"] == split
    saved = predictions_of(run, "validation")
    np.testing.assert_allclose(saved.probabilities, anew.probabilities, atol=1e-5)
    np.testing.assert_allclose(saved.logits, before.logits, atol=1e-5)
    assert fitted.thresholds.reached.answered == fitted.thresholds.chosen(saved.probabilities)[1].sum() >= 48


def test_the_layer_of_the_model_decides_as_the_judgement_does(calibrated):
    run, _, fitted = calibrated
    table = predictions_of(run, "validation")
    found = judgement(load_model(run.model_file))([table.probabilities, table.logits, table.embeddings])
    names = np.array([*table.class_names, NOT_SURE, NONE_OF_THESE], object)
    assert names[np.asarray(found["decision"])].tolist() == fitted.decide(table).tolist()
    assert np.array_equal(np.asarray(found["prediction_set"]), fitted.sets.apply(table.probabilities))


def test_a_second_call_gives_the_same_by_the_wishes_that_stay_in_the_config(run, calibrated):
    assert run.config.judgement == WISHED
    first, again = calibrated[2].to_dict(), calibrate_run(run).to_dict()
    assert again["temperature"] == pytest.approx(first["temperature"], rel=1e-4)
    assert again["thresholds"]["reached"] == first["thresholds"]["reached"]
    assert again["sets"]["method"] == first["sets"]["method"]
    np.testing.assert_allclose(again["sets"]["quantiles"], first["sets"]["quantiles"], rtol=1e-3)


def test_a_model_that_cannot_be_written_stays_as_it_was(run, calibrated, monkeypatch):
    before = run.model_file.read_bytes()
    tables = [PredictionTable.load(run.predictions_file(split)) for split in ("validation", "train")]

    def full(model, path):
        path.write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(keras_file, "save", full)
    with pytest.raises(OSError, match="no space left"):
        keep_judgement(run, Fitted(calibrated[2], *tables))
    assert run.model_file.read_bytes() == before


def test_a_class_that_is_missing_in_validation_is_said():
    table = drawn(100)
    assert missing_in_words(table) == ""
    assert "no image of 'class 2', so" in missing_in_words(table.take(table.labels != 2))


def test_a_run_without_images_for_validation_is_refused(run):
    manifest = Manifest.load(run.manifest_file)
    rows = manifest.table.copy()
    rows.loc[rows["split"] == "validation", "split"] = "train"
    Manifest(rows, manifest.root).save(run.manifest_file)
    with pytest.raises(ValueError, match="no images for validation"):
        calibrate_run(run)
