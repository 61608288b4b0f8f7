import json
import shutil

import pytest

from imgcls.data.manifest import Manifest


@pytest.fixture
def run(small_run, tmp_path):
    return shutil.copytree(small_run.path, tmp_path / "run")


def test_a_run_is_judged_and_the_figures_agree_everywhere(run, command):
    result = command("evaluate", run)
    assert result.code == 0
    figures = json.loads((run / "evaluation.json").read_text())
    assert figures["images"] == 30
    assert figures["accuracy_low"] < figures["accuracy"] <= figures["accuracy_high"]
    assert f"Accuracy on the test split: {100 * figures['accuracy']:.1f} %" in result.out
    assert f"{100 * figures['accuracy']:.1f} %" in (run / "report.html").read_text()
    assert sum(map(sum, figures["confusion"])) == 30


def test_images_that_are_gone_are_missing_and_not_wrong(run, command, tmp_path):
    manifest = Manifest.load(run / "manifest.parquet")
    table = manifest.table.copy()
    test = table.index[table["split"] == "test"]
    table.loc[test[0], "image"] = "gone.png"
    Manifest(table, manifest.root).save(run / "manifest.parquet")
    result = command("evaluate", run)
    assert result.code == 3
    figures = json.loads((run / "evaluation.json").read_text())
    assert (figures["images"], figures["missing"]) == (29, 1)
    assert "gone.png" in (run / "report.html").read_text()


def test_what_is_no_finished_run_is_refused(run, command, tmp_path):
    assert "is no run folder" in command("evaluate", tmp_path).err
    (run / "model.keras").unlink()
    result = command("evaluate", run)
    assert result.code == 2
    assert f"--resume {run}" in result.err


def test_a_damaged_model_is_refused(run, command):
    data = (run / "model.keras").read_bytes()
    (run / "model.keras").write_bytes(data[: len(data) // 2])
    result = command("evaluate", run)
    assert result.code == 2
    assert "model.keras is no classifier that imgcls saved" in result.err
