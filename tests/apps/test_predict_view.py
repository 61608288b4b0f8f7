"""Predict: names and bars for pictures, kept on disk."""

import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest


@pytest.fixture
def trained(small_run, project):
    """A project with a run as a finished training leaves it."""
    shutil.copytree(small_run.path, project.runs / "small")
    return project


@pytest.fixture
def pictures(small_data):
    """A bag, a sneaker and a pair of trousers, as files that are dropped."""
    files = [sorted((small_data / "test" / name).iterdir())[0] for name in ("bag", "sneaker", "trouser")]
    return {f"{file.parent.name}.png": file.read_bytes() for file in files}


def table_of(view) -> pd.DataFrame:
    """The table with all answers, which is the last on the page."""
    return view.widgets.dataframe[-1].value


def test_pictures_are_named_and_what_is_no_picture_is_said(page, trained, pictures):
    view = page("predict", project=trained.name)
    view.upload({"my <bag>.png": pictures["bag.png"], "notes.txt": b"no image", "t.png": pictures["trouser.png"]})
    assert "1 file cannot be read. The other 2 pictures can." in view.text
    problems, table = (shown.value for shown in view.widgets.dataframe)
    assert problems["file"].tolist() == ["notes.txt"]
    assert "expected JPEG" in problems["reason"][0]
    assert table["image"].tolist() == ["my <bag>.png", "notes.txt", "t.png"]
    assert table["answer"].tolist()[1:] == ["", "trouser"]
    assert table["probability"].dropna().between(1 / 3, 1).all()
    assert view.html.count("<img") == 2
    assert "my &lt;bag&gt;.png" in view.html


def test_answers_survive_a_reload_and_one_more_picture_asks_for_one_more_answer(page, trained, pictures, monkeypatch):
    view = page("predict", project=trained.name).upload({"bag.png": pictures["bag.png"]})
    address = view.widgets.query_params
    again = page("predict", project=trained.name, answer=address["answer"])
    assert table_of(again)["image"].tolist() == ["bag.png"]

    from worker import client

    asked, stream = [], client.stream

    def counting(name, **arguments):
        asked.extend(arguments["pictures"])
        return stream(name, **arguments)

    monkeypatch.setattr("parts.predict.naming.stream", counting)
    again.upload(pictures)
    assert table_of(again)["image"].tolist() == ["bag.png", "sneaker.png", "trouser.png"]
    assert len(asked) == 2


def test_the_page_agrees_with_the_command(page, trained, pictures, small_data, command, here):
    view = page("predict", project=trained.name).upload(pictures)
    first = next((small_data / "test" / "bag").parent.glob("bag"))
    assert command("predict", trained.runs / "small", first, "--output", "all.csv").code == 0
    expected = pd.read_csv("all.csv").iloc[0]
    shown = table_of(view).iloc[0]
    assert (shown["class"], shown["probability"]) == (
        expected["class"],
        pytest.approx(expected["probability"], abs=1e-5),
    )


def test_below_the_threshold_the_answer_is_not_sure(page, trained, pictures):
    from projects.threshold import set_threshold

    set_threshold(trained, "small", 1.0)
    view = page("predict", project=trained.name).upload(pictures)
    assert set(table_of(view)["answer"]) == {"not sure"}
    assert "Answers below 100% are shown as not sure." in view.text
    assert view.html.count('class="quiet"') == 3


def test_a_picture_is_unlike_all_others_where_the_model_says_so():
    from parts.predict.said import said_of

    row = {"waits": False, "problem": "", "decision": "none of these", "labels": [], "classes": ["a"],
           "probabilities": [0.9]}  # fmt: skip
    assert said_of(row, 0.0) == ("unlike", "unlike anything it was trained on")


def test_only_files_that_are_no_pictures(page, trained):
    view = page("predict", project=trained.name).upload({"empty.png": b""})
    assert view.widgets.dataframe[0].value["reason"].tolist() == ["the file is empty (0 bytes)"]
    assert "1 file cannot be read." in view.text
    assert "other" not in next(shown.value for shown in view.widgets.warning)
    assert "<img" not in view.html


def test_an_answer_that_is_gone_is_said(page, trained):
    view = page("predict", project=trained.name, answer="20260101-000000")
    assert "not there any more" in view.text
    assert "answer" not in view.widgets.query_params


def test_an_answer_is_deleted(page, trained, pictures):
    view = page("predict", project=trained.name).upload(pictures)
    view.press("Delete this")
    assert not list(trained.answers.iterdir())
    assert "Earlier answers" not in view.text


def test_a_picture_is_named_with_imagenet_weights(page, project):
    from skimage import data

    with open(data.__path__[0] + "/coffee.png", "rb") as photo:
        view = page("predict", project=project.name).upload({"coffee.png": photo.read()})
    assert table_of(view)["answer"][0] == "espresso"
    assert "No model of this project is trained yet" in view.text


def test_a_folder_on_the_server_is_named_by_a_job(page, trained, clothes):
    view = page("predict", project=trained.name)
    view.widgets.button_group[0].set_value("On the server").run()
    view.choose("Folder, zip or tar file on the server", "/etc").press("Name these pictures")
    assert "lies outside of" in view.errors
    view.choose("Folder, zip or tar file on the server", "clothes").press("Name these pictures")
    view.wait_for("31 pictures, named by: Run small.")
    assert "1 file cannot be read" in view.text
    assert table_of(view)["image"][0].startswith("bag/")
    assert view.html.count("<img") == 24


def test_pictures_of_a_zip_file_are_shown(trained, pictures, here):
    from projects.answers import rows_of, start_answer
    from projects.models import list_models

    with zipfile.ZipFile(here / "a.zip", "w") as archive:
        archive.writestr("x/bag.png", pictures["bag.png"])
    answer = start_answer(trained, list_models(trained)[0], pictures=str(here / "a.zip"))
    from parts.predict.archived import with_files

    (row,) = with_files(answer, [{"image": "x/bag.png", "file": "a.zip/x/bag.png"}])
    assert Path(row["file"]).read_bytes() == pictures["bag.png"]
    assert rows_of(answer).empty


def test_pictures_join_the_data_once_with_the_predicted_class(page, trained, pictures):
    from projects.versions import NO_LABEL, manifest_of

    view = page("predict", project=trained.name).upload(pictures).press("Add them")
    assert "3 images added." in view.text
    table = manifest_of(trained).table
    assert table["problems"].tolist()[-3:] == [NO_LABEL] * 3
    assert all(path.is_file() for path in manifest_of(trained).paths(table.tail(3)))
    view.press("Add them")
    assert "They are all there already." in view.text


def test_the_app_itself_imports_no_tensorflow():
    import subprocess
    import sys

    from tests.conftest import ROOT

    code = ("import sys; sys.path[:0] = ['apps']; import parts.predict.answer, parts.predict.add_to_data, "
            "parts.predict.drop_zone, parts.predict.model_choice, parts.predict.naming; "
            "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules")  # fmt: skip
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
