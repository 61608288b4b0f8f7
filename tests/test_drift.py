import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from imgcls.serving.drift_reference import DRIFT, write_drift_reference


@pytest.fixture(scope="module")
def bundle(small_run, small_bundle, tmp_path_factory):
    """The bundle of a run; its reference is that of the test images, because few were validated on."""
    from imgcls.data.manifest.table import Manifest
    from imgcls.run_folder import RunFolder
    from imgcls.workflow.drift import drift_reference_of

    run = RunFolder(shutil.copytree(small_run.path, tmp_path_factory.mktemp("runs") / "small"))
    manifest = Manifest.load(run.manifest_file)
    table = manifest.table.copy()
    table["split"] = table["split"].where(table["split"] == "test", "validation")
    Manifest(table, manifest.root).save(run.manifest_file)
    version = Path(shutil.copytree(small_bundle, tmp_path_factory.mktemp("saved_models") / "small" / "1"))
    write_drift_reference(version, drift_reference_of(run))
    return version


@pytest.fixture
def dark(small_data, tmp_path):
    """The test images, darkened."""
    (tmp_path / "dark").mkdir()
    for place, path in enumerate(sorted((small_data / "test").rglob("*.png"))):
        with Image.open(path) as image:
            image.point(lambda value: int(0.6 * value)).save(tmp_path / "dark" / f"{place}.png")
    return tmp_path / "dark"


@pytest.mark.thorough
def test_images_like_those_of_validation_do_not_differ(bundle, command, small_data, tmp_path):
    result = command("drift", bundle.parent, small_data / "test", "--output", tmp_path / "drift.html")
    assert result.code == 0
    assert "Today's images are like those it was trained for: in 30 images" in result.out
    assert "embeddings" in result.out
    assert "Drift" in (tmp_path / "drift.html").read_text()


@pytest.mark.thorough
def test_darker_images_differ_and_the_exit_code_says_so(bundle, command, dark, tmp_path):
    (dark / "broken.png").write_bytes(b"no image")
    result = command("drift", bundle, dark, "--output", tmp_path / "drift.json")
    assert result.code == 4
    assert "they are darker" in result.out
    assert "1 file could not be read" in result.out
    figures = json.loads((tmp_path / "drift.json").read_text())
    assert figures["drift"] is True
    assert len(figures["problems"]) == 1


def test_too_few_images_have_an_exit_code_of_their_own(bundle, command, small_data):
    result = command("drift", bundle, small_data / "test" / "bag")
    assert result.code == 5
    assert "There are only 10 images: too few to say." in result.out


def test_more_images_than_are_wanted_are_drawn(bundle, command, small_data):
    result = command("drift", bundle, small_data / "train", "--images", 32)
    assert "32 images of 120 are looked at" in result.out


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
@pytest.mark.thorough
def test_a_log_of_predict_is_compared_by_confidence_and_classes(bundle, command, small_data, tmp_path, ending):
    log = tmp_path / f"log.{ending}"
    if ending == "csv":
        command("predict", bundle, small_data / "test", "--output", log)
    else:
        import pandas as pd

        table = pd.DataFrame({"class": ["bag", "sneaker", "trouser"] * 20, "probability": 0.9, "problem": ""})
        table.to_parquet(log) if ending == "parquet" else table.to_json(log, orient="records", lines=True)
    result = command("drift", bundle, log)
    assert result.code in (0, 4)
    assert "only confidence and classes were compared" in result.out


def test_what_cannot_be_compared_is_refused_in_a_sentence(bundle, command, small_data, tmp_path):
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "readme.txt").write_text("no image")
    assert "holds no image that can be read; first readme.txt" in command("drift", bundle, tmp_path / "texts").err
    assert "There is nothing at" in command("drift", bundle, tmp_path / "gone").err
    assert "There is nothing at nope. Expected a bundle that" in command("drift", "nope", "nope").err
    assert "There is no bundle at" in command("drift", tmp_path, small_data).err
    (tmp_path / "log.csv").write_text("image,label\na.png,bag\n")
    assert "The log has no column 'class', but image, label." in command("drift", bundle, tmp_path / "log.csv").err
    (tmp_path / "log.parquet").write_text("no table")
    assert "cannot be read as a log of predictions" in command("drift", bundle, tmp_path / "log.parquet").err


def test_a_bundle_without_a_reference_is_refused_in_a_sentence(bundle, command, small_data, tmp_path):
    old = shutil.copytree(bundle, tmp_path / "old" / "1")
    (old / DRIFT).unlink()
    result = command("drift", old, small_data / "test")
    assert result.code == 2
    assert "holds no reference of drift. Export the run again" in result.err
    (old / DRIFT).write_text("{")
    assert "cannot be read" in command("drift", old, small_data / "test").err
