import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from imgcls.data.manifest.table import NO_LABEL, SET_ASIDE, Manifest


@pytest.fixture
def run(small_run, tmp_path):
    return shutil.copytree(small_run.path, tmp_path / "run")


@pytest.mark.thorough
def test_a_run_is_judged_and_the_figures_agree_everywhere(run, command):
    result = command("evaluate", run)
    assert result.code == 0
    figures = json.loads((run / "evaluation.json").read_text())
    assert figures["images"] == 30
    assert figures["accuracy_low"] < figures["accuracy"] <= figures["accuracy_high"]
    assert f"Accuracy on the test split: {100 * figures['accuracy']:.1f} %" in result.out
    assert f"{100 * figures['accuracy']:.1f} %" in (run / "report.html").read_text()
    assert sum(map(sum, figures["confusion"])) == 30


@pytest.mark.thorough
def test_images_that_wait_for_a_label_are_no_broken_files(run, command):
    manifest = Manifest.load(run / "manifest.parquet")
    table = manifest.table
    more = table.iloc[:3].assign(image=["a.png", "b.png", "c.png"], label="", problems=[NO_LABEL, NO_LABEL, SET_ASIDE])
    Manifest(pd.concat([table, more], ignore_index=True), manifest.root).save(run / "manifest.parquet")
    assert command("evaluate", run).code == 0
    report = (run / "report.html").read_text()
    assert "Files that cannot be used" not in report
    assert "Files left out" not in report
    assert "2 images had no label when this was trained." in report
    assert json.loads((run / "evaluation.json").read_text())["problems"] == []


@pytest.mark.thorough
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


@pytest.mark.thorough
def test_each_split_and_each_source_has_files_of_its_own(run, command, small_data, tmp_path):
    sources = [tmp_path / place / "photos" for place in ("one", "other")]
    for source in sources:
        shutil.copytree(small_data / "test", source)
    shutil.rmtree(sources[1] / "bag")
    (run / "evaluation.json").write_text("the judgement on the test split")
    told = {}
    for name, arguments in {
        "validation": ("--split", "validation"),
        "one": ("--data", sources[0]),
        "other": ("--data", sources[1]),
    }.items():
        result = command("evaluate", run, *arguments)
        assert result.code == 0
        told[name] = [line.split(": ")[1] for line in result.out.splitlines() if line.startswith(("Report", "Figures"))]
        if name != "validation":
            assert f"Accuracy on all images of {sources[0].parent.parent}" in result.out
    assert (run / "evaluation.json").read_text() == "the judgement on the test split"
    files = [file for pair in told.values() for file in pair]
    assert len(set(files)) == 6
    assert told["validation"][0].endswith("report-validation.html")
    judged = {name: json.loads(Path(figures).read_text()) for name, (_, figures) in told.items()}
    assert {name: (one["split"], one["images"]) for name, one in judged.items()} == {
        "validation": ("validation", judged["validation"]["images"]),
        "one": ("all", 30),
        "other": ("all", 20),
    }


def test_a_class_that_the_model_does_not_know_is_found_before_an_image_is_opened(
    run, command, small_data, tmp_path, no_image_is_opened
):
    shutil.copytree(small_data / "test" / "bag", tmp_path / "photos" / "bag")
    shutil.copytree(small_data / "test" / "bag", tmp_path / "photos" / "boot")
    result = command("evaluate", run, "--data", tmp_path / "photos")
    assert result.code == 2
    assert "classes that the model does not know: 'boot' (10 images). It knows: bag, sneaker, trouser." in result.err


@pytest.mark.thorough
def test_a_bundle_is_judged_on_labelled_images_and_nothing_is_written_into_it(run, command, small_data, tmp_path):
    assert command("export", run, "--output", tmp_path / "bundles").code == 0
    bundle = tmp_path / "bundles" / "run"
    before = sorted(bundle.rglob("*"))
    refused = command("evaluate", bundle)
    assert (refused.code, "Name some: --data FOLDER." in refused.err) == (2, True)
    result = command("evaluate", bundle, "--data", small_data, "--output", tmp_path / "judged")
    assert result.code == 0, result.err
    assert sorted(bundle.rglob("*")) == before
    figures = json.loads(next((tmp_path / "judged").glob("evaluation-small-*-test.json")).read_text())
    assert command("evaluate", run).code == 0
    assert figures["confusion"] == json.loads((run / "evaluation.json").read_text())["confusion"]
    assert next((tmp_path / "judged").glob("report-small-*-test.html")).is_file()
