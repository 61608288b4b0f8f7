import shutil

import numpy as np
import pytest

from imgcls.config import InputConfig, JudgementConfig, TrainConfig, TrainingConfig
from imgcls.evaluation.calibration import log_loss
from imgcls.evaluation.judgement import NONE_OF_THESE, NOT_SURE
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.models import keras_file
from imgcls.models.classifier import judgement, load_model, temperature
from imgcls.run_folder import RunFolder
from imgcls.training.run import train_network
from imgcls.workflow import predictions
from imgcls.workflow.calibrate import calibrate_run, fit_judgement
from imgcls.workflow.create import create_run
from imgcls.workflow.judgement_layer import judgement_of
from imgcls.workflow.predictions import predict_table, predictions_of
from imgcls.workflow.predictor import predictor_of_run


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of three classes that are hard to tell apart, with 60 images in validation, whose test images are gone."""
    from tests.conftest import copy_sample

    data = copy_sample(tmp_path_factory.mktemp("data") / "tops", ("coat", "pullover", "shirt"), 40, 4)
    config = TrainConfig(
        input=InputConfig(data=str(data), validation_size=0.5),
        training=TrainingConfig(epochs=3, batch_size=16),
        runs=str(tmp_path_factory.mktemp("runs")),
        name="tops",
    )
    run, manifest = create_run(config)
    assert train_network(run, manifest)
    shutil.rmtree(data / "test")
    return run


@pytest.fixture
def run(trained, tmp_path):
    return RunFolder(shutil.copytree(trained.path, tmp_path / "run"))


def test_what_is_fitted_without_test_images_is_kept_in_the_model(run, monkeypatch):
    fitted = calibrate_run(run, JudgementConfig(answer_coverage=0.8))
    model = load_model(run.model_file)
    assert temperature(model) == fitted.temperature != 1.0
    kept = judgement_of(model)
    assert kept.thresholds.values.tolist() == fitted.thresholds.values.tolist()
    assert kept.sets.quantiles.tolist() == fitted.sets.quantiles.tolist()
    assert kept.to_dict() == fitted.to_dict()
    monkeypatch.setattr(predictions, "predictor_of_run", lambda run: pytest.fail("it predicted"))
    saved = predictions_of(run, "validation")
    assert kept.decide(saved).tolist() == fitted.decide(saved).tolist()
    assert kept.thresholds.reached.answered == (kept.thresholds.chosen(saved.probabilities)[1]).sum() >= 48


def test_the_model_says_what_the_saved_tables_say(run):
    calibrate_run(run)
    for split in ("validation", "train"):
        saved = PredictionTable.load(run.predictions_file(split))
        manifest = predictions.Manifest.load(run.manifest_file)
        anew = predict_table(predictor_of_run(run), manifest, manifest.split(split), {})
        np.testing.assert_allclose(saved.probabilities, anew.probabilities, atol=1e-5)
        np.testing.assert_allclose(saved.logits, anew.logits, atol=1e-4)


def test_the_loss_on_validation_is_no_higher_than_before(run):
    before = predictions_of(run, "validation")
    fitted = calibrate_run(run)
    losses = [log_loss(before.logits / each, before.labels) for each in (fitted.temperature, 1.0)]
    assert losses[0] < losses[1]


def test_a_second_call_gives_the_same(run):
    first = calibrate_run(run).to_dict()
    assert calibrate_run(run).to_dict() == first
    shutil.rmtree(run.predictions)
    again = calibrate_run(run).to_dict()
    assert again["temperature"] == pytest.approx(first["temperature"], rel=1e-4)
    assert again["thresholds"]["reached"] == first["thresholds"]["reached"]


def test_the_layer_of_the_model_decides_as_the_judgement_does(run):
    fitted = calibrate_run(run, JudgementConfig(answer_coverage=0.7, set_coverage=0.8))
    model = load_model(run.model_file)
    table = predictions_of(run, "validation")
    found = judgement(model)([table.probabilities, table.logits, table.embeddings])
    names = np.array([*table.class_names, NOT_SURE, NONE_OF_THESE], object)
    assert names[np.asarray(found["decision"])].tolist() == fitted.decide(table).tolist()
    assert np.array_equal(np.asarray(found["prediction_set"]), fitted.sets.apply(table.probabilities))


def test_what_was_wished_stays_in_the_config(run):
    wished = JudgementConfig(answer_coverage=0.8, set_method="lac")
    calibrate_run(run, wished)
    assert run.config.judgement == wished
    assert calibrate_run(run).thresholds.wish == "coverage"


def test_a_model_that_cannot_be_written_stays_as_it_was(run, monkeypatch):
    before = run.model_file.read_bytes()

    def full(model, path):
        path.write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(keras_file, "save", full)
    with pytest.raises(OSError, match="no space left"):
        calibrate_run(run)
    assert run.model_file.read_bytes() == before


def test_too_few_images_leave_everything_answered_and_are_said(small_run, tmp_path, caplog):
    run = RunFolder(shutil.copytree(small_run.path, tmp_path / "run"))
    with caplog.at_level("INFO", logger="imgcls"):
        fitted = calibrate_run(run, JudgementConfig(answer_precision=0.9))
    assert fitted.temperature == 1.0
    table = predictions_of(run, "validation")
    assert NOT_SURE not in fitted.decide(table)
    assert fitted.sets.apply(table.probabilities).all()
    assert "18 images in validation are too few to fit a temperature" in caplog.text
    assert "too few to say when it is sure enough" in caplog.text
    assert "too few for prediction sets" in caplog.text


def test_a_class_that_is_missing_in_validation_is_said(run):
    manifest = predictions.Manifest.load(run.manifest_file)
    rows = manifest.table.copy()
    rows.loc[(rows["split"] == "validation") & (rows["label"] == "shirt"), "split"] = "train"
    predictions.Manifest(rows, manifest.root).save(run.manifest_file)
    fitted = fit_judgement(run, JudgementConfig()).judgement
    assert "Validation has no image of 'shirt'" in fitted.notes[-1]


def test_a_run_without_images_for_validation_is_refused(run):
    manifest = predictions.Manifest.load(run.manifest_file)
    rows = manifest.table.copy()
    rows.loc[rows["split"] == "validation", "split"] = "train"
    predictions.Manifest(rows, manifest.root).save(run.manifest_file)
    with pytest.raises(ValueError, match="no images for validation"):
        calibrate_run(run)
