"""What the app may open, and that it runs no network file unless it was started so."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pandas as pd
import pytest
from jobs import job, runs
from parts import config_form
from projects import imports
from projects.image_folders import check_images
from projects.project import create_project
from projects.versions import add_version
from safety import allowed_paths

from imgcls.config import InputConfig, LabelsConfig, NetworkConfig, TrainConfig
from imgcls.config_file import save_toml
from imgcls.data.manifest.table import Manifest
from imgcls.models.registry import NETWORK_FILES, REFUSED
from imgcls.run_folder import RunFolder

NETWORK = """
from pathlib import Path
from imgcls.models import architecture

Path({marker!r}).touch()

@architecture({name!r}, image_size=32)
def uploaded(net, x):
    return net.conv_norm_act(x, 8, 3, strides=2, name="stage1")
"""


@pytest.fixture
def outside(tmp_path_factory) -> Path:
    """A folder with two classes of images' names, beside the one that the app was started in."""
    folder = tmp_path_factory.mktemp("outside")
    for name in ("cat", "dog"):
        (folder / name).mkdir()
        (folder / name / "1.png").write_bytes(b"secret")
    return folder


@pytest.fixture
def start(monkeypatch):
    def given(*flags: str) -> None:
        monkeypatch.setattr(sys, "argv", ["apps/app.py", *map(str, flags)])

    return given


def test_a_path_has_to_lie_below_the_root_with_its_symlinks_resolved(here, outside, start):
    (here / "photos").mkdir()
    (here / "link").symlink_to(outside)
    for inside in ("photos", here / "photos", "photos/../photos", "not_there"):
        allowed_paths.check_path(inside)
    for leaving in (outside, "/", "..", "../x", "link", "link/cat", "photos/../..", "~", outside / "not_there"):
        with pytest.raises(ValueError, match=f"lies outside of {here}, the folder that this app may read"):
            allowed_paths.check_path(leaving)
    start("--root", outside)
    allowed_paths.check_path("link/cat")
    allowed_paths.check_path("runs/mine")  # what the app itself writes stays open to it
    with pytest.raises(ValueError, match="lies outside"):
        allowed_paths.check_path("photos")


def test_what_is_typed_begins_at_the_root(here, outside, start):
    (here / "photos").mkdir()
    (outside / "out").symlink_to(here)
    (here / "runs" / "mine").mkdir(parents=True)
    assert allowed_paths.typed_path("photos") == Path("photos")  # the app was started in its root
    start("--root", outside)
    for typed, path in [("cat", outside / "cat"), ("runs/mine", Path("runs/mine")), ("nowhere", outside / "nowhere")]:
        assert allowed_paths.typed_path(typed) == path
        allowed_paths.check_path(path)
    for leaving in ("photos", "../photos", "cat/../..", "out/photos", str(here / "photos"), "~"):
        with pytest.raises(ValueError, match=r"There is nothing|lies outside"):
            open_typed(leaving)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("start.keras", "{root}/start.keras"),
        ("nets/mine.py", "{root}/nets/mine.py"),
        ("nowhere/a.weights.h5", "{root}/nowhere/a.weights.h5"),
        ("keras_hub:presets/vit", "keras_hub:{root}/presets/vit"),
        ("keras_hub:vit_base_patch16", "keras_hub:vit_base_patch16"),
        *((name, name) for name in ("auto", "nets", "resnet50", "imagenet", "timm:resnet18.a1_in1k", "./here.keras")),
    ],
)
def test_a_file_that_is_typed_in_place_of_a_name_begins_at_the_root(here, outside, start, typed, meant):
    (outside / "nets").mkdir()
    (outside / "presets" / "vit").mkdir(parents=True)
    (here / "runs" / "mine").mkdir(parents=True)
    assert allowed_paths.typed_name(typed) == typed  # the app was started in its root
    start("--root", outside)
    assert allowed_paths.typed_name(typed) == meant.format(root=outside).replace("./here", f"{outside}/here")


def test_the_paths_of_a_training_begin_at_the_root(here, outside, start):
    from parts.train.answers import Answer
    from parts.train.state import config_of

    start("--root", outside)
    (outside / "earlier").mkdir()
    typed = {("network", "init_from"): "earlier", ("network", "model"): "start.keras"}
    network = config_of(Answer("good", "", {}, ()), typed).network
    assert (network.init_from, network.model) == (str(outside / "earlier"), str(outside / "start.keras"))
    network = config_of(Answer("good", "", {}, ()), {("network", "weights"): "few/weights.h5"}).network
    assert network.weights == str(outside / "few" / "weights.h5")


def open_typed(text: str) -> None:
    if not allowed_paths.check_path(allowed_paths.typed_path(text)).exists():
        raise ValueError("There is nothing at it.")


def test_the_pages_read_below_another_root(page, project, clothes, tmp_path_factory, start):
    root = tmp_path_factory.mktemp("root")
    shutil.copytree(clothes, root / "more" / "voc")
    start("--root", root)
    view = page("data", project=project.name, add="1")
    view.widgets.button_group[0].set_value("On the server")
    view.look()
    assert str(root) in view.text.replace("\\", "")
    view.choose("Folder or annotation file on the server", "more/voc").press("Add these images")
    (file,) = (project.folder / "imports").glob("*/request.json")
    assert imports.request_of(project, file.parent.name).source == str(root / "more" / "voc")
    view.wait_for("30 were here already")


def test_a_data_set_that_brings_a_program_is_refused():
    for name in ("tfds:cifar10", "tfds:cats_vs_dogs:4.0.0", "tfds:mnist_corrupted/shot_noise", "fashion_mini"):
        allowed_paths.check_source(name)
    for name in ("tfds:huggingface:some", "tfds:somebody/", "tfds:../x", "tfds:/tmp/x", "tfds:"):
        with pytest.raises(ValueError, match="bring programs of their own"):
            allowed_paths.check_source(name)


@pytest.mark.parametrize("flags", [("--rot", "/"), ("--allow-network",), ("--root", "nowhere"), ("extra",)])
def test_a_mistake_in_the_flags_opens_nothing(page, start, flags):
    start(*flags)
    view = page("home")
    assert "The app was started with" in view.errors
    assert "[--root FOLDER] [--allow-network-files]" in view.errors
    assert not view.widgets.button


def is_refused(config_class: type, place: tuple[str, ...], path: str) -> bool:
    values = {place: path, **({("consensus",): "majority"} if place == ("golden",) else {})}
    try:
        allowed_paths.check_config(config_form.make(config_class, values))
    except ValueError as error:
        return "lies outside of" in str(error)
    return False


@pytest.mark.parametrize(
    ("config_class", "paths"),
    [
        (LabelsConfig, {"images", "unpack_to", "rename", "golden", "overlay"}),
        (TrainConfig, {"data", "overlay", "model", "weights", "init_from", "runs"}),
    ],
)
def test_every_text_of_a_config_is_a_path_until_it_is_named_as_none(here, outside, config_class, paths):
    texts = [
        setting for setting in config_form.settings(config_class) if str in (setting.kind, *get_args(setting.kind))
    ]
    refused = {setting.path[-1] for setting in texts if is_refused(config_class, setting.path, str(outside / "file"))}
    assert paths <= refused
    assert {setting.path[-1] for setting in texts} - refused <= allowed_paths.NO_PATHS
    allowed_paths.check_config(config_class())


def test_the_data_view_looks_at_nothing_outside(page, clothes, outside):
    create_project("Clothes")
    view = page("data", project="clothes")
    view.widgets.button_group[0].set_value("On the server")
    view.look()
    for place in (outside, outside / "not_there", clothes / ".." / ".."):
        view.choose("Folder or annotation file on the server", str(place)).press("Add these images")
        assert "lies outside of" in view.errors
    view.choose("Folder or annotation file on the server", str(clothes))
    view.choose("Folder of the images", str(outside / "x")).press("Add these images")
    assert f"{outside / 'x'} lies outside of" in view.errors


def test_an_uploaded_manifest_shows_no_image_from_outside(page, here, outside):
    table = pd.DataFrame({"image": ["cat/1.png", "dog/1.png"], "label": ["cat", "dog"]})
    climbing = pd.DataFrame({"image": [f"../../{outside.name}/cat/1.png", "dog/1.png"], "label": ["cat", "dog"]})
    (here / "cat").mkdir()
    hashed = table.assign(sha256=f"../../../../../..{outside}/cat/1", traits="transcoded", width=1, height=1)
    Manifest.from_records(hashed, here).save(here / "hashed.parquet")
    Manifest.from_records(table, outside).save(here / "sly.parquet")
    Manifest.from_records(climbing, here).save(here / "climbing.parquet")
    for file in ("sly", "climbing", "hashed"):
        with pytest.raises(ValueError, match=r"outside of what this app may read|checksums that are none"):
            check_images(Manifest.load(here / f"{file}.parquet"), [here])


def test_an_image_that_is_a_link_shows_no_file_from_outside(here, outside):
    for name in ("cat", "dog"):
        (here / "photos" / name).mkdir(parents=True)
        (here / "photos" / name / "1.png").symlink_to("../../photos/own.png")
    (here / "photos" / "own.png").write_bytes(b"own")
    table = pd.DataFrame({"image": ["cat/1.png", "dog/1.png"], "label": ["cat", "dog"]})
    manifest = Manifest.from_records(table, here / "photos")
    check_images(manifest, [here])
    allowed_paths.check_images(manifest, "photos/table")
    (here / "photos" / "dog" / "1.png").unlink()
    (here / "photos" / "dog" / "1.png").symlink_to(outside / "cat" / "1.png")
    with pytest.raises(ValueError, match=r"dog/1.png, outside of what this app may read"):
        check_images(manifest, [here])
    with pytest.raises(ValueError, match=r"dog/1.png lies outside of"):
        allowed_paths.check_images(manifest, "photos/table")


@pytest.mark.parametrize("manifest", ["hashed", "sly", "climbing"])
def test_nothing_is_trained_on_images_from_outside(page, project, here, outside, manifest):
    table = pd.DataFrame({"image": ["cat/1.png", "dog/1.png"], "label": ["cat", "dog"]})
    (here / "cat").mkdir()
    found = {
        "hashed": (table.assign(sha256=f"../../../../../..{outside}/cat/1", traits="transcoded"), here),
        "sly": (table, outside),
        "climbing": (table.assign(image=[f"../../{outside.name}/cat/1.png", "dog/1.png"]), here),
    }[manifest]
    add_version(project, Manifest.from_records(*found), "from outside", 1)
    view = page("train", project=project.name)
    assert ("checksums that are none" if manifest == "hashed" else "lies outside of") in view.text
    assert "Start" not in {button.label for button in view.widgets.button}


def test_a_network_file_is_not_run_unless_the_start_allows_it(page, project, here, start, monkeypatch):
    monkeypatch.setattr("parts.train.estimate.ask", lambda *_, **__: None)
    (here / "my_net.py").write_text(NETWORK.format(marker=str(here / "was run"), name="uploaded_one"))
    view = page("train", project=project.name).open("Settings").choose("Model", "my_net.py").press("Start")
    assert "my_net.py is a Python file, and this app runs none" in view.errors
    assert "Whoever starts the app can allow such files" in view.errors
    assert not (here / "was run").exists()
    assert not runs.list_runs(project)
    start("--allow-network-files")
    allowed_paths.check_config(TrainConfig(network=NetworkConfig(model="my_net.py")))
    assert NETWORK_FILES in allowed_paths.environment()
    assert allowed_paths.environment()[NETWORK_FILES] == ""


@pytest.mark.thorough
def test_the_training_process_refuses_network_files_too(project, clothes, here):
    (here / "my_net.py").write_text(NETWORK.format(marker=str(here / "was run"), name="uploaded_two"))
    config = TrainConfig(name="sly", input=InputConfig(data=str(clothes)), network=NetworkConfig(model="my_net.py"))
    with pytest.raises(ValueError, match="this app runs none"):
        runs.start_run(project, config, 1)
    save_toml(config, here / "sly.toml")
    program = ("imgcls.train", "--config", "sly.toml")
    started = job.start_job(project, "train", "Train sly", program, allowed_paths.environment())
    while job.is_running(started.folder):
        os.sched_yield()
    assert "my_net.py is not run: IMGCLS_NETWORK_FILES is 'refused' here." in job.look(project, started.id).message
    assert not (here / "was run").exists()


def test_a_run_with_a_network_file_does_not_go_on_from_the_app(project):
    Path("my_net.py").write_text("never run")
    run = RunFolder.create(TrainConfig(name="mine", runs=str(project.runs), network=NetworkConfig(model="my_net.py")))
    run.manifest_file.touch()
    run.write_status("interrupted")
    with pytest.raises(ValueError, match="this app runs none"):
        runs.go_on(project, "mine")
    assert not list(project.jobs.iterdir())


def test_the_registry_obeys_the_environment(tmp_path):
    (tmp_path / "my_net.py").write_text(NETWORK.format(marker=str(tmp_path / "was run"), name="uploaded_four"))
    code = "from imgcls.models import find_architecture; find_architecture('my_net.py')"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), NETWORK_FILES: REFUSED}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert "is not run: IMGCLS_NETWORK_FILES is 'refused' here" in done.stderr
    assert not (tmp_path / "was run").exists()
