"""The third view: names and bars for uploaded images."""

import shutil

import pytest


@pytest.fixture
def finished_run(small_run, here):
    """A run folder as a finished training leaves it."""
    shutil.copytree(small_run.path, here / "runs" / "small")
    from imgcls.run_folder import RunFolder

    RunFolder(here / "runs" / "small").write_status("finished", accuracy=0.9)
    return "runs/small"


def test_images_are_named_and_what_is_no_image_is_said(page, finished_run, small_data):
    bag, trouser = (sorted((small_data / "test" / name).iterdir())[0] for name in ("bag", "trouser"))
    view = page("predict", model=finished_run)
    view.upload({"my <bag>.png": bag.read_bytes(), "notes.txt": b"no image", "t.png": trouser.read_bytes()})
    assert "1 of 3 files could not be read" in view.text
    problems, table = (shown.value for shown in view.widgets.dataframe)
    assert problems["file"].tolist() == ["notes.txt"]
    assert "expected JPEG" in problems["reason"][0]
    assert table["image"].tolist() == ["my <bag>.png", "notes.txt", "t.png"]
    assert table["class"][1] == ""
    assert table["probability"].dropna().between(1 / 3, 1).all()
    assert view.html.count("<img") == 2
    assert "my &lt;bag&gt;.png" in view.html
    assert view.widgets.get("download_button")[0].label == "Download the table"


def test_the_page_agrees_with_the_command(page, finished_run, small_data, command, here):
    images = sorted((small_data / "test" / "sneaker").iterdir())[:4]
    view = page("predict").upload({image.name: image.read_bytes() for image in images})
    assert command("predict", finished_run, small_data / "test" / "sneaker", "--output", "all.csv").code == 0
    import pandas as pd

    expected = pd.read_csv("all.csv").head(4)
    shown = view.widgets.dataframe[0].value
    assert shown["class"].tolist() == expected["class"].tolist()
    assert shown["probability"].tolist() == pytest.approx(expected["probability"].tolist(), abs=1e-5)


def test_only_files_that_are_no_images(page, finished_run):
    view = page("predict").upload({"empty.png": b""})
    assert view.widgets.dataframe[0].value["reason"].tolist() == ["the file is empty (0 bytes)"]
    assert "<img" not in view.html


def test_without_a_run_there_is_still_imagenet(page):
    view = page("predict")
    assert "There is no model of your own yet" in view.text
    assert view.widgets.selectbox[0].options[0] == "efficientnet_lite0: the 1,000 classes of ImageNet"


def test_a_photo_is_named_with_imagenet_weights(page, here):
    from skimage import data

    with open(data.__path__[0] + "/coffee.png", "rb") as photo:
        view = page("predict").upload({"coffee.png": photo.read()})
    assert view.widgets.dataframe[0].value["class"][0] == "espresso"
