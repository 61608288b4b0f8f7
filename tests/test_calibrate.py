import shutil

import pytest

from imgcls.calibrate import Options, wishes
from imgcls.config import JudgementConfig
from imgcls.evaluation.judgement.judgement import NOT_SURE
from imgcls.models.classifier import load_model
from imgcls.run_folder import RunFolder
from imgcls.workflow.judgement_layer import judgement_of
from imgcls.workflow.predictions import predictions_of


@pytest.fixture
def run(small_run, tmp_path):
    return shutil.copytree(small_run.path, tmp_path / "run")


@pytest.mark.thorough
def test_a_run_is_calibrated_and_it_is_said_what_that_means(run, command):
    before = (run / "model.keras").read_bytes()
    result = command("calibrate", run, "--precision", 0.9, "--dry-run")
    assert result.code == 0
    assert "18 images in validation are too few to fit a temperature" in result.out
    assert "18 images in validation are too few to say when it is sure enough" in result.out
    assert "18 images in validation are too few for prediction sets" in result.out
    assert "Nothing was written into the model" in result.out
    assert (run / "model.keras").read_bytes() == before


def test_too_few_images_leave_every_image_answered(run, command):
    result = command("calibrate", run, "--precision", 0.9)
    assert result.code == 0
    assert result.err == ""
    assert f"python -m imgcls.evaluate {run}" in result.out
    fitted = judgement_of(load_model(run / "model.keras"))
    assert fitted.temperature == 1.0
    table = predictions_of(RunFolder(run), "validation")
    assert NOT_SURE not in fitted.decide(table)
    assert fitted.sets.apply(table.probabilities).all()
    assert RunFolder(run).config.judgement.answer_precision == 0.9


def test_what_cannot_be_is_refused_before_anything_is_read(run, command, tmp_path):
    assert "is no run folder" in command("calibrate", tmp_path).err
    assert "exclude each other" in command("calibrate", run, "--precision", 0.9, "--answered", 0.9).err
    assert "--precision is 98.0; expected 0.5 to 0.9999" in command("calibrate", run, "--precision", 98).err
    (run / "model.keras").unlink()
    assert "has no model yet" in command("calibrate", run).err


def test_what_is_not_given_stays_as_the_run_has_it(tmp_path):
    before = JudgementConfig(calibrate=False, answer_coverage=0.8, known_share=0.9)
    assert wishes(Options(tmp_path), before) == JudgementConfig(answer_coverage=0.8, known_share=0.9)
    assert wishes(Options(tmp_path, precision=0.98), before) == JudgementConfig(answer_precision=0.98, known_share=0.9)
    assert wishes(Options(tmp_path, answered=0.9, by_class=True), before).answer_by_class
    assert wishes(Options(tmp_path, by_class=True), before).answer_coverage == 0.8
    assert wishes(Options(tmp_path, coverage=0.95, sets="aps"), before).set_method == "aps"
