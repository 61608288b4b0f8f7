import shutil

import pytest

from imgcls.calibrate import Options, wishes
from imgcls.config import JudgementConfig
from imgcls.models.classifier import judgement, load_model
from imgcls.run_folder import RunFolder


@pytest.fixture
def run(small_run, tmp_path):
    return shutil.copytree(small_run.path, tmp_path / "run")


def test_a_run_is_calibrated_and_it_is_said_what_that_means(run, command):
    before = (run / "model.keras").read_bytes()
    result = command("calibrate", run, "--precision", 0.9, "--dry-run")
    assert result.code == 0
    assert "18 images in validation are too few" in result.out
    assert "--dry-run" in result.out
    assert (run / "model.keras").read_bytes() == before
    result = command("calibrate", run, "--precision", 0.9)
    assert result.code == 0
    assert f"python -m imgcls.evaluate {run}" in result.out
    assert result.err == ""
    assert judgement(load_model(run / "model.keras")) is not None
    assert RunFolder(run).config.judgement.answer_precision == 0.9


def test_what_cannot_be_is_refused_before_anything_is_read(run, command, tmp_path):
    assert "is no run folder" in command("calibrate", tmp_path).err
    assert "exclude each other" in command("calibrate", run, "--precision", 0.9, "--answered", 0.9).err
    assert "--answer-precision is 98.0; expected 0.5 to 0.9999" in command("calibrate", run, "--precision", 98).err
    (run / "model.keras").unlink()
    assert "has no model yet" in command("calibrate", run).err


def test_what_is_not_given_stays_as_the_run_has_it(tmp_path):
    before = JudgementConfig(calibrate=False, answer_coverage=0.8, known_share=0.9)
    assert wishes(Options(tmp_path), before) == JudgementConfig(answer_coverage=0.8, known_share=0.9)
    assert wishes(Options(tmp_path, precision=0.98), before) == JudgementConfig(answer_precision=0.98, known_share=0.9)
    assert wishes(Options(tmp_path, answered=0.9, by_class=True), before).answer_by_class
    assert wishes(Options(tmp_path, by_class=True), before).answer_coverage == 0.8
    assert wishes(Options(tmp_path, coverage=0.95, sets="aps"), before).set_method == "aps"
