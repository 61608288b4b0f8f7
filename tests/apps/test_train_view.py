"""The second view: a run as a process of its own, followed on the page."""

import json
import shutil
import subprocess
import sys

import pytest
from parts import launches
from PIL import Image

from imgcls.config import TrainConfig
from imgcls.files import write_json
from imgcls.run_folder import RunFolder

SMALL = {"Batch size": 8, "Image size": 16}


@pytest.fixture
def started(page, clothes):
    """Start a run on `clothes` from the form."""

    def start(**settings: object):
        view = page("train").choose("Data", str(clothes))
        for label, value in {**SMALL, **settings}.items():
            view.choose(label, value)
        return view.press("Start training")

    yield start
    for launch in launches.list_launches():
        launches.stop(launch.name)


def test_a_run_is_started_followed_and_judged(page, started):
    view = started(Epochs=1)
    assert "Starting" in view.text
    view.wait_for("Go on to Predict")
    evaluation = json.loads((launches.RUNS / "clothes-1" / "evaluation.json").read_text())
    assert f"Accuracy on the test images {100 * evaluation['accuracy']:.1f} %" in view.text
    assert "95 % interval" in view.text
    assert view.widgets.get("download_button")[0].label == "Download the report"
    assert view.widgets.expander[0].label == "Files that were left out: 1"
    overview = page("train")
    assert "**clothes-1**" in overview.text
    assert "finished" in overview.text
    assert "Go on to Predict" in overview.press("Open").text


@pytest.mark.slow
def test_a_run_is_stopped_and_goes_on(started):
    view = started(Epochs=60).wait_for("Validation accuracy")
    assert view.widgets.get("progress")[0].proto.text.startswith("Epoch ")
    view.press("Stop").wait_for("Go on with it")
    assert "Interrupted" in view.text
    done = launches.look("clothes-1").folder.metrics()
    assert len(done) < 60
    assert "Starting" in view.press("Go on with it").text
    view.wait_for("Go on to Predict")
    metrics = launches.look("clothes-1").folder.metrics()
    assert metrics[: len(done)] == done
    assert [row["epoch"] for row in metrics] == list(range(1, 61))


def test_a_run_that_cannot_begin_says_why(started, clothes):
    for image in (clothes / "trouser").iterdir():
        image.write_bytes(b"")
    view = started(Epochs=1).wait_for("Remove it from the list")
    assert "Class 'trouser' has no readable image left" in view.errors
    assert "clothes-1" not in view.press("Remove it from the list").text


def test_what_can_be_known_before_is_said_before(page, here):
    view = page("train").choose("Data", str(here / "nowhere")).press("Start training")
    assert "There is nothing at" in view.errors
    view.choose("Data", "fashion_mini").choose("Model", "resnet_20").press("Start training")
    assert "Did you mean 'resnet20'?" in view.errors
    view.choose("Model", "auto").choose("Epochs", 0).press("Start training")
    assert "epochs is 0; expected 1 to" in view.errors
    view.choose("Epochs", 1).choose("Name of the run", "../up").press("Start training")
    assert "name is '../up'; expected the name of a folder" in view.errors
    assert not (here / "runs").exists()
    assert "There are no runs in" in view.text


def test_an_address_of_no_run_says_so(page, here):
    assert "There is no run 'gone'" in page("train", run="gone").errors
    assert "is no name" in page("train", run="../../etc").errors


def test_examples_of_the_augmentation_are_drawn(page, clothes):
    (clothes / "bag" / "notes.txt").unlink()
    view = page("train").choose("Data", str(clothes)).choose("Augmentation", "strong").press("Draw examples")
    assert "draw 1" in view.text
    assert len(view.widgets.get("image")) == 4 * (1 + 3)
    view.press("Draw every step and preset")
    assert all(name in view.text for name in ("original", "GridMask", "CutMix", "rare"))
    assert len(view.widgets.get("image")) == 4 * (1 + 17 + 5)


def test_folds_need_the_number_of_one(started):
    view = started(Folds=3)
    assert "Here a run has one of the folds: give its number." in view.errors


def test_a_head_that_is_being_fitted_is_shown_as_that(page, here):
    run = RunFolder.create(TrainConfig(runs="runs", name="clothes-1"))
    run.write_status("training", doing="Fitting the head with penalty 3 of 13", done=1, total=4)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as trainer:
        write_json(run.status_file, {**run.status(), "pid": trainer.pid})
        (bar,) = page("train", run="clothes-1").widgets.get("progress")
        trainer.communicate(b"\n")
    assert (bar.proto.text, bar.proto.value) == ("Fitting the head with penalty 3 of 13", 25)


def test_a_watched_run_shows_what_its_network_looks_like(page, small_run, here):
    shutil.copytree(small_run.path, here / "runs" / "small")
    run = RunFolder(here / "runs" / "small")
    run.write_status("finished", accuracy=0.9)
    assert "What the network looks like" not in {shown.label for shown in page("train", run="small").widgets.expander}
    run.watch.mkdir()
    Image.new("RGB", (40, 20)).save(run.watch / "strip.png")
    assert "What the network looks like" in {shown.label for shown in page("train", run="small").widgets.expander}
