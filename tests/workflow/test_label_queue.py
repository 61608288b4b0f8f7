import json
import shutil
from dataclasses import replace

import pandas as pd
import pytest

from imgcls.labels.formats import label_studio
from imgcls.workflow.label_queue import sort_images


@pytest.fixture
def folder(small_data, tmp_path):
    """Images without labels, one of them five times, and a file that is none."""
    made = tmp_path / "new"
    made.mkdir()
    for name in ("bag", "trouser"):
        for image in sorted((small_data / "test" / name).iterdir())[:6]:
            shutil.copy(image, made / f"{name}-{image.name}")
    first = min(made.iterdir())
    for number in range(4):
        shutil.copy(first, made / f"copy {number}.png")
    (made / "notes.txt").write_text("no image")
    return made


def test_a_folder_is_sorted_and_written_for_people_and_for_label_studio(small_run, folder, tmp_path):
    found = sort_images(small_run, folder, most=12)
    assert [file.rsplit("/", 1)[-1] for file, _ in found.problems] == ["notes.txt"]
    assert len(found.paths) == 16
    files = found.write(tmp_path / "out")
    assert {file.parent for file in files.values()} == {tmp_path / "out"}
    table = pd.read_csv(files["table"])
    assert len(table) == 12
    copied = table["image"].str.startswith("copy") | (table["image"] == min(found.table()["image"]))
    assert copied.sum() <= 2  # five copies are one image
    tasks = json.loads(files["tasks"].read_text())
    assert tasks[0]["data"]["image"].startswith("/data/local-files/?d=")
    for task in tasks:  # a person says that all of them are bags
        result = {**task["predictions"][0]["result"][0], "value": {"choices": ["bag"]}}
        task["annotations"] = [{"completed_by": 1, "result": [result]}]
    (folder / "export.json").write_text(json.dumps(tasks))
    rows = label_studio.read(folder / "export.json").boxes_or_images
    assert sorted(rows["image"]) == sorted(table["image"])
    assert "Images of new" in files["page"].read_text()


def test_what_the_classifier_does_not_know_is_said(small_run, folder):
    found = sort_images(small_run, folder, most=3)
    strange = replace(found, decisions=["none of these"] * len(found.paths))
    assert "3 images of them may show none of the classes" in " ".join(strange.sentences())
    assert strange.table()["decision"].unique().tolist() == ["none of these"]
    assert "none of the classes" not in " ".join(replace(found, decisions=[""] * len(found.paths)).sentences())


def test_a_folder_without_an_image_is_refused(small_run, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="holds no files"):
        sort_images(small_run, tmp_path / "empty")
    (tmp_path / "empty" / "notes.txt").write_text("no image")
    with pytest.raises(ValueError, match=r"None of the 1 file in .* is an image that can be read"):
        sort_images(small_run, tmp_path / "empty")
