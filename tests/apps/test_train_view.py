"""The page Train: three answers, every setting, and a real run that is stopped, goes on, and ends."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from types import SimpleNamespace

import psutil
import pytest
from conftest import APP, ROOT, SAMPLE, Page
from jobs import runs
from parts.config_form import label_of
from parts.train import compare
from parts.train.drawer import matching

from imgcls.config import InputConfig, TrainConfig
from imgcls.files import write_json
from imgcls.models.registry import NETWORK_FILES
from imgcls.run_folder import RunFolder

SPEED = {"image_size": 32, "looks": 1000.0, "last_blocks": 400.0, "learns": 300.0, "begin": 5.0, "day": "2026-11-26"}
MEASURED = {"speed.of_network": SPEED, "speed.of_reading": {"images_per_second": 500.0}}
PATIENCE = 400  # seconds, on a machine that does other things too
MODELS = ["lenet5_relu", "resnet20"]


@pytest.fixture(autouse=True)
def measured(monkeypatch):
    """The trial of the machine, which takes a minute, is done."""
    stand_in(monkeypatch)


def stand_in(patch):
    patch.setattr("parts.train.estimate.ask", lambda name, file, **_: write_json(file, MEASURED[name]))
    patch.setattr("parts.train.drawer.ask_worker", lambda name: MODELS)


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """A tiny training from the form, stopped and gone on with: what the page said at each point, and its project."""
    here = tmp_path_factory.mktemp("story")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here)
        patch.setattr(sys, "argv", [str(APP)])
        patch.setenv(NETWORK_FILES, "")
        patch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)
        stand_in(patch)
        project = clothes_project(here)
        told = {}
        view = Page("train", project="clothes").open("Settings")
        for label, value in {"Model": "lenet5_relu", "Epochs": 2000, "Batch size": 8}.items():
            view.choose(label, value)
        view.choose("Early stopping patience", 0).choose("Name of the run", "shoes").press("Start")
        told["started"] = view.wait_for("TensorFlow is loaded", PATIENCE).text
        told["training"] = view.wait_for("Time left", PATIENCE).text
        told["chart"] = view.wait_for("after each epoch", PATIENCE).text
        told["stopped"] = view.press("Stop").wait_for("Go on", PATIENCE).text
        done = runs.look(project, "shoes").folder.metrics()
        shorten(project, len(done) + 3)
        told["gone on"] = view.press("Go on").text
        told["finished"] = view.wait_for("See the results", PATIENCE).text
        yield SimpleNamespace(told=told, here=here, project=project, done=done)


def clothes_project(here):
    from projects.project import create_project
    from projects.versions import add_version

    from imgcls.config import LabelsConfig
    from imgcls.data.inspection.inspect import inspect
    from imgcls.data.sources.importing import import_manifest

    for name in ("bag", "sneaker", "trouser"):
        (here / "pictures" / name).mkdir(parents=True)
        for image in sorted((SAMPLE / "train" / name).iterdir())[:10]:
            shutil.copy(image, here / "pictures" / name)
    project = create_project("Clothes")
    manifest = inspect(import_manifest(str(here / "pictures"), LabelsConfig()).manifest)
    add_version(project, manifest, "30 images added", 0)
    return project


def shorten(project, epochs):
    """Let a run that goes on have so many epochs, so that the test does not train all of them."""
    run = runs.look(project, "shoes").folder
    run.save_config(replace(run.config, training=replace(run.config.training, epochs=epochs)))


@pytest.fixture
def finished(story, here):
    """A copy of the project with the finished run."""
    from projects.project import open_project

    shutil.copytree(story.here / "projects", here / "projects")
    return open_project("clothes")


def test_a_finished_run_whose_folder_is_gone_is_trained_again_or_taken_off_the_list(page, project, monkeypatch):
    from imgcls.config import TrainConfig
    from imgcls.config_file import save_toml

    folder = project.jobs / "one"
    about = {"run": "shoes", "version": 1, "before": None}
    write_json(folder / "job.json", {"kind": "train", "title": "Train shoes", "who": "", "asked": 1.0, "about": about})
    write_json(folder / "end.json", {"code": 0, "time": 2.0})
    (folder / "output.log").touch()
    save_toml(TrainConfig(name="shoes", runs=str(project.runs)), project.runs / ".asked" / "shoes.toml")
    started = []
    monkeypatch.setattr(runs, "start_job", lambda *facts: started.append(facts[2]))
    view = page("train", project=project.name, run="shoes")
    assert "somebody moved or deleted it" in view.text
    assert "Go on" not in view.text
    view.press("Train again")
    assert started == ["Train shoes"]
    assert "No run yet" in view.press("Take it off the list").text


@pytest.mark.slow
def test_a_run_is_followed_stopped_and_gone_on_with(story):
    told = story.told
    assert "TensorFlow is loaded" in told["started"]
    assert "Images a second" in told["training"]
    assert "interrupted" not in told["training"]
    assert "It can go on from its last checkpoint." in told["stopped"]
    assert "without a word" not in told["gone on"]
    assert "Stop" in told["gone on"]
    run = runs.look(story.project, "shoes")
    metrics = run.folder.metrics()
    assert metrics[: len(story.done)] == story.done
    assert run.version == 1
    found = json.loads((story.project.runs / "shoes" / "evaluation.json").read_text())
    assert f"It names {100 * found['accuracy']:.1f} % of" in told["finished"]
    assert "95 % interval" in told["finished"]


@pytest.mark.slow
def test_runs_are_listed_compared_and_deleted_once_confirmed(page, finished):
    shutil.copytree(finished.runs / "shoes", finished.runs / "boots")
    view = page("train", project="clothes")
    assert "%** right" in view.text
    view.choose("Compare shoes", True).choose("Compare boots", True).press("Compare these 2")
    assert "Runs side by side" in view.text
    assert "None: the runs differ in their data" in view.text
    view = page("train", project="clothes", run="shoes")
    assert "This cannot be undone" in view.text
    view.press("Delete it for good")
    assert not (finished.runs / "shoes").exists()
    assert "Choose how good it shall be" in view.text


@pytest.mark.slow
def test_settings_that_differ_are_named_as_the_form_names_them(finished):
    one = runs.look(finished, "shoes").folder.config
    other = replace(one, training=replace(one.training, learning_rate=0.1))
    table = compare.differences(finished, {"one": one, "other": other})
    assert table.loc["Learning rate"].tolist() == ["0.003", "0.1"]


def test_what_a_run_that_waits_leaves_open_is_not_compared(project, small_run):
    settled = RunFolder(small_run.path).config
    one = replace(settled, input=replace(settled.input, data=str(project.data / "0001.parquet")))
    other = TrainConfig(input=InputConfig(data="projects/clothes/data/0002.parquet"))
    other = replace(other, training=replace(other.training, epochs=50))
    assert (one.input.image_size, other.input.image_size) == (28, 0)
    table = compare.differences(project, {"small": one, "run-1": other}, ["run-1"])
    assert table.loc["Data"].tolist() == ["version 1", "version 2"]
    assert table.loc["Epochs"].tolist() == [str(one.training.epochs), "50"]
    assert not {"Image size", "Color", "Batch size", "Learning rate"} & set(table.index)


def test_what_is_not_judged_yet_has_no_figures():
    row = compare.results([runs.Run("run-1", "waiting")]).loc[0]
    assert row[["Accuracy", "95 % interval", "Test images"]].tolist() == [None, None, None]


def test_runs_side_by_side_follow_a_run_that_is_trained(page, project, small_run, monkeypatch):
    for name in ("small", "other"):
        shutil.copytree(small_run.path, project.runs / name)
    states, asked = ["training"], []
    look, fragment = runs.look, compare.fragment
    monkeypatch.setattr(compare, "look", lambda *asked: replace(look(*asked), state=states[-1]))
    monkeypatch.setattr(compare, "fragment", lambda run_every: asked.append(run_every) or fragment(run_every))
    view = page("train", project="clothes", compare="small,other")
    assert asked[-1]
    states.append("finished")
    view.look()
    assert asked[-1] is None
    assert "Settings that differ" in view.text


def runner_of(job):
    """The number of the process that a job was started as, once it has begun."""
    file, end = job.folder / "runner.pid", time.monotonic() + PATIENCE
    while not file.is_file() and time.monotonic() < end:
        time.sleep(0.05)
    return int(file.read_text())


def test_a_killed_process_is_said_in_a_sentence(page, project):
    from imgcls.config import InputConfig, TrainConfig

    config = TrainConfig(input=InputConfig(data="projects/clothes/data/0001.parquet"))
    name = runs.start_run(project, config, 1)
    job = runs.look(project, name).job
    runner = runner_of(job)
    everyone = [psutil.Process(runner), *psutil.Process(runner).children(recursive=True)]
    os.killpg(runner, signal.SIGKILL)
    psutil.wait_procs(everyone, 20)
    view = page("train", project="clothes", run=name)
    assert "Its process died without a word" in view.text
    assert "Go on" in view.text
    assert "Delete it for good" in view.text


@pytest.mark.parametrize(
    ("kept", "said"), [("step-000000003", "It can go on from its last checkpoint."), ("fixed", "begins it anew")]
)
def test_a_run_that_died_says_whether_it_has_a_checkpoint_to_go_on_from(page, project, kept, said):
    from imgcls.config import TrainConfig

    run = RunFolder.create(TrainConfig(name="shoes", runs=str(project.runs)))
    run.manifest_file.touch()
    (run.checkpoints / kept).mkdir(parents=True)
    text = page("train", project="clothes", run="shoes").text
    assert said in text
    assert ("from its last checkpoint" in text) == (kept != "fixed")


def test_a_run_that_was_stopped_can_be_used_as_it_is(page, project, small_run, monkeypatch):
    shutil.copytree(small_run.path, project.runs / "small")
    RunFolder(project.runs / "small").write_status("interrupted")
    asked = []
    monkeypatch.setattr(runs, "start_job", lambda project, kind, title, program, *_: asked.append(program))
    page("train", project="clothes", run="small").press("Use it as it is")
    assert asked == [("imgcls.train", "--resume", str(project.runs / "small"), "--epochs", "3")]


def test_three_answers_say_what_they_do_and_how_long(page, project):
    view = page("train", project="clothes")
    assert all(title in view.text for title in ("Quick", "Good is chosen", "Best"))
    assert "min" in view.text
    assert "estimated from a trial on this machine" in view.text
    assert "The images are small" in view.text
    assert "never sees" in view.text
    view.press("Choose best")
    assert "What Best does, and why" in view.text
    assert "generalizes better" in view.text


def test_the_name_of_a_run_stays_typed_while_another_run_begins(page, project, monkeypatch):
    monkeypatch.setattr(runs, "start_job", lambda *asked: started.append(asked[5]["run"]))
    started, view = [], page("train", project="clothes")
    field = lambda: next(each for each in view.widgets.text_input if each.label == "Name of the run")  # noqa: E731
    field().set_value("baseline")
    RunFolder.create(TrainConfig(name="run-1", runs=str(project.runs)))
    view.press("Start")
    assert started == ["baseline"]
    view.widgets.query_params.pop("run")
    view.look()
    assert field().value == ""


def test_the_reading_of_images_is_timed_at_the_size_of_the_network(page, project, monkeypatch):
    asked = []

    def ask(name, file, image_size, **_):
        asked.append((name, image_size))
        write_json(file, {**MEASURED[name], **({"image_size": image_size or 32} if name == "speed.of_network" else {})})

    monkeypatch.setattr("parts.train.estimate.ask", ask)
    view = page("train", project="clothes").open("Settings").choose("Find a setting", "image size")
    view.choose("Image size", 64).choose("Image size", 96)
    assert {size for name, size in asked if name == "speed.of_reading"} >= {64, 96}


@pytest.mark.slow
def test_a_search_runs_to_its_end_and_its_best_settings_are_taken(page, project):
    from parts.train.tune import SEARCHED

    view = page("train", project="clothes").open("Settings")
    for label, value in {"Model": "lenet5_relu", "Epochs": 1, "Batch size": 8}.items():
        view.choose(label, value)
    view.open("Search for better settings")
    next(slider for slider in view.widgets.slider if slider.label == "Runs").set_value(2)
    view.look().press("Search").wait_for("Take the settings of the best", PATIENCE)
    table = next(shown.value for shown in view.widgets.dataframe if "Validation accuracy" in shown.value)
    assert len(table) == 2
    view.press("Take the settings of the best")
    assert "You changed 5 settings" in view.text
    taken = view.widgets.session_state["changed settings of clothes"]
    for name in ("Learning rate", "Label smoothing"):
        assert taken[SEARCHED[name][0]] == pytest.approx(table.iloc[0][name])
    view.choose("Find a setting", "label smoothing")
    assert view.widgets.number_input[0].value == pytest.approx(table.iloc[0]["Label smoothing"])


def test_data_that_cannot_be_trained_on_says_what_is_missing(page, project, here):
    from projects.project import create_project
    from projects.versions import NO_LABEL, add_version, whole_manifest_of

    from imgcls.data.manifest.table import Manifest

    create_project("Empty")
    empty = page("train", project="empty")
    assert "There are no images in this project yet" in empty.text
    assert "No run yet" in empty.text
    assert "Press Start" not in empty.text  # there is none
    manifest = whole_manifest_of(project)
    table = manifest.table.assign(label="", labels=[[]] * len(manifest.table), problems=NO_LABEL)
    add_version(project, Manifest(table, manifest.root), "labels removed", 1)
    assert "30 images wait for one" in page("train", project="clothes").text
    of_one = manifest.table.assign(label="bag", labels=[["bag"]] * len(manifest.table))
    add_version(project, Manifest(of_one, manifest.root), "one class", 2)
    assert "All images are of one class, 'bag'" in page("train", project="clothes").text


@pytest.mark.parametrize("boxes", ["single", "crop"])
@pytest.mark.parametrize("labels", [["bag", "sneaker"], []], ids=["several", "none"])
def test_images_that_got_several_classes_or_none_by_hand_are_trained_on(page, project, boxes, labels):
    from projects.decisions import read_decision, record
    from projects.fold_decisions import save_decisions
    from projects.versions import add_version, whole_manifest_of

    manifest = whole_manifest_of(project)
    manifest.table.attrs["boxes"] = boxes  # as an import of boxes says what it made of them
    add_version(project, manifest, "as an import of boxes", 1)
    values = {"id": "t", "queue": "all", "version": 2, "row": 0, "act": "label", "labels": labels}
    record(project, [read_decision(values, "")])
    save_decisions(project)
    opened = page("train", project="clothes")
    assert any(button.label == "Start" for button in opened.widgets.button)


def test_a_setting_is_found_by_a_word_and_kept_when_the_search_hides_it(page, project):
    view = page("train", project="clothes").open("Settings").choose("Find a setting", "label smoothing")
    assert [box.label for box in view.widgets.number_input] == ["Label smoothing"]
    assert "--" not in view.widgets.number_input[0].help
    view.choose("Label smoothing", 0.2).choose("Find a setting", "sgd")
    assert "Optimizer" in [box.label for box in view.widgets.selectbox]
    assert "You changed 1 setting" in view.text
    view.choose("Find a setting", "label smoothing")
    assert view.widgets.number_input[0].value == 0.2
    assert "No setting has" in view.choose("Find a setting", "xyzzy").text


@pytest.mark.parametrize("word", ["mirror", "mirroring", "Mirror"])
def test_a_setting_is_found_by_what_else_it_is_called(word):
    assert "horizontal_flip" in [setting.path[-1] for setting in matching(word)]


def test_a_setting_is_found_by_its_name_in_files_and_shown_in_plain_words():
    (found,) = matching("pixel dtype")
    assert label_of(found) == "Number format of the pixels"


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("Batch size", "0: chosen by itself, 64, less if few images"),
        ("Learning rate", "0: chosen by itself, 0.003, and more for batches above 64 images"),
        ("Image size", "0: the images' own where all have one of at most 64, else the model's"),
    ],
)
def test_what_0_stands_for_is_said_beside_the_field(page, project, label, said):
    view = page("train", project="clothes").open("Settings").choose("Find a setting", label)
    assert said in view.text


def test_the_drawer_is_the_same_one_once_a_setting_is_changed(page, project):
    view = page("train", project="clothes").open("Settings").choose("Find a setting", "start from")
    first = {part.label: part.proto.id for part in view.widgets.expander}
    view.choose("Start from", "..").press("Start")
    assert {part.label: part.proto.id for part in view.widgets.expander} == first


def test_a_setting_that_is_wrong_is_said_beside_it_until_start_is_pressed(page, project):
    view = page("train", project="clothes").open("Settings").choose("Epochs", 0)
    assert view.errors.count("“Epochs” is 0") == 1
    assert "A setting is wrong" in view.text
    assert view.press("Start").errors.count("“Epochs” is 0") == 2


def test_a_value_out_of_range_is_said_without_flags(page, project):
    view = page("train", project="clothes").open("Settings").choose("Epochs", 0).press("Start")
    assert "“Epochs” is 0; expected 1 to" in view.errors
    assert "--" not in view.errors
    assert not list(project.runs.iterdir())


def test_a_name_that_is_no_folder_and_a_network_file_are_refused(page, project):
    view = page("train", project="clothes").open("Settings").choose("Name of the run", "../up").press("Start")
    assert "'../up'" in view.errors
    view.choose("Name of the run", "").choose("Model", "own.py").press("Start")
    assert "is a Python file, and this app runs none" in view.errors
    assert not list(project.jobs.iterdir())


def test_a_misspelt_network_is_refused_before_start_with_the_nearest_names(page, project):
    view = page("train", project="clothes").open("Settings").choose("Model", "my_resnet99").press("Start")
    assert "There is no network 'my_resnet99'. The nearest are se_resnet50, " in view.errors
    assert "python -m" not in view.errors
    assert not list(project.jobs.iterdir())
    assert "There is no network" not in view.choose("Model", "keras_applications:MobileNetV2").errors


def test_the_machine_is_not_tried_with_a_model_outside(page, project, tmp_path_factory, monkeypatch):
    asked = []
    monkeypatch.setattr("parts.train.estimate.ask", lambda name, **arguments: asked.append(arguments))
    model = tmp_path_factory.mktemp("outside") / "mine.keras"
    view = page("train", project="clothes").open("Settings")
    asked.clear()
    view.choose("Model", str(model))
    assert f"{model} lies outside of" in view.errors
    assert asked == []


def test_an_address_of_no_run_says_so(page, project):
    assert "There is no run 'gone'" in page("train", project="clothes", run="gone").errors
    assert "is no name" in page("train", project="clothes", run="../../etc").errors


def test_the_page_imports_no_tensorflow(project):
    code = (
        f"import sys; sys.path[:0] = ['{ROOT}/apps', '{ROOT}/tests/apps', '{ROOT}']; from conftest import Page; "
        "from worker import later; later.ask = lambda *_, **__: None; sys.argv[1:] = []; "
        "assert 'Choose how good' in Page('train', project='clothes').text; print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip().endswith("False"), done.stderr


@pytest.mark.thorough
def test_pictures_show_the_augmentation_whitening_and_balance(project):
    from worker.client import call

    manifest = str(project.data / "0001.parquet")
    rows = call("augmentation.sheet", manifest=manifest, image_size=0, preset="light", own={"rotation": 20.0})
    assert [name for name, _ in rows] == ["original", "draw 1", "draw 2", "draw 3"]
    assert all(image.startswith(b"\x89PNG") for _, images in rows for image in images)
    layers = ["keras_cv.RandomShear(0.3)"]
    rows = call("augmentation.sheet", manifest=manifest, image_size=0, preset="light", own={}, layers=layers,
                everything=True)  # fmt: skip
    assert rows[-1][0] == "keras_cv.RandomShear"
    rows = call("augmentation.whitening", manifest=manifest, image_size=0, color="auto", kind="zca", epsilon=None)
    assert [name for name, _ in rows] == ["before", "after ZCA"]
    way, counted = call("balance.effect", counts=[90, 30, 10], settings={"balance": "weights"})
    assert way == "weights"
    assert counted == pytest.approx([130 / 3] * 3)
