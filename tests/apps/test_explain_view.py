"""The fourth view: heat maps for uploaded images and those of a run's test split."""

import io
import shutil
import sys

import numpy as np
import pytest
from PIL import Image

from imgcls.run_folder import RunFolder


@pytest.fixture
def finished_run(small_run, here):
    """A run folder as a finished training leaves it, in the folder of its images."""
    shutil.copytree(small_run.path, here / "runs" / "small")
    RunFolder(here / "runs" / "small").write_status("finished", accuracy=0.9)
    return "runs/small"


def select(view, label: str, values: list[str]) -> None:
    next(each for each in view.widgets.multiselect if each.label == label).set_value(values)


def badges(view) -> list[str]:
    return [shown.value for shown in view.widgets.markdown if "-badge[" in shown.value]


def test_uploaded_images_are_explained_and_what_is_no_image_is_said(page, finished_run, small_data):
    bag, trouser = (sorted((small_data / "test" / name).iterdir())[0] for name in ("bag", "trouser"))
    view = page("explain", model=finished_run)
    select(view, "Methods", ["saliency", "grad_cam"])
    view.upload({"my <bag>.png": bag.read_bytes(), "notes.txt": b"no image", "t.png": trouser.read_bytes()})
    view.choose("Class", "bag").choose("Against", "trouser").choose("Layer", "stage2_block3").press("Explain")
    assert not view.errors
    assert "1 file could not be explained" in view.text
    problems, table, _ = (shown.value for shown in view.widgets.dataframe)
    assert problems["file"].tolist() == ["notes.txt"]
    assert table["image"].tolist() == ["my <bag>.png"] * 2 + ["t.png"] * 2
    assert table["layer"].tolist() == ["", "stage2_block3"] * 2
    assert set(table["explained"]) == {"bag against trouser"}
    assert table["deletion"].notna().all()
    assert len(badges(view)) == 4
    downloads = {button.label for button in view.widgets.get("download_button")}
    assert downloads == {"Download the contact sheet", "Download the arrays"}


def test_images_of_the_test_split_for_their_true_class(page, finished_run, small_data, monkeypatch):
    refused = page("explain", model=finished_run).choose("Images", "Of the run's test split")
    assert "lies outside of" in refused.errors
    monkeypatch.setattr(sys, "argv", [*sys.argv, "--root", str(small_data)])
    view = page("explain", model=finished_run)
    select(view, "Methods", ["saliency"])
    view.choose("Images", "Of the run's test split").choose("True class", "sneaker").choose("How many", 2)
    view.choose("Class", "true").widgets.checkbox[0].uncheck()
    view.press("Explain")
    assert not view.errors
    table = view.widgets.dataframe[0].value
    assert len(table) == 2
    assert set(table["explained"]) == {"sneaker"}
    assert not badges(view)


def test_what_cannot_be_explained_is_a_sentence(page, finished_run):
    view = page("explain", model=finished_run).choose("Class", "bag").choose("Against", "bag")
    assert "'bag' is explained against itself" in view.errors
    select(view, "Methods", [])
    assert "Choose at least one method" in view.look().errors


def test_the_layers_of_a_model_are_a_table(page, finished_run):
    table = page("explain", model=finished_run).widgets.dataframe[-1].value
    assert "stage3_block3" in set(table["layer"])


def test_what_is_downloaded_holds_every_map(small_run, small_data, monkeypatch):
    from parts import explanations

    from imgcls.workflow.explanation.answers import Question
    from imgcls.workflow.network_of import network_of

    paths = [next(iter(sorted((small_data / "test" / name).iterdir()))) for name in ("bag", "sneaker")]
    found = explanations.explain(network_of(small_run.path), paths, Question(("grad_cam",), check=False), {})
    arrays = np.load(io.BytesIO(found.arrays))
    assert sorted(name.split("/")[1] for name in arrays.files if name.endswith("grad_cam")) == ["grad_cam"] * 2
    assert Image.open(io.BytesIO(found.sheet)).width > 400
    assert [name for name, *_ in found.images] == [path.name for path in paths]
    assert len(found.images[0][2]) == 1
