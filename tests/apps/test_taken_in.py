"""Runs and exported models of the command line in a project."""

import shutil
from dataclasses import replace

import pytest
from jobs.known_models import list_models
from projects.judged_run import judged_runs
from projects.project import create_project
from projects.taken_in import found_here, is_run, take_bundle, take_run

from imgcls.data.manifest.table import Manifest
from imgcls.run_folder import RunFolder

FIELD = "Folder of a run or of an exported model"


@pytest.fixture
def project(here):
    return create_project("Clothes")


@pytest.fixture
def run(here, small_run, small_data):
    """A run where the command line puts runs, its images beside it, and a link that leads out in its folder."""
    folder = here / "runs" / "first"
    shutil.copytree(small_run.path, folder)
    shutil.copytree(small_data, here / "small")
    file = RunFolder(folder).manifest_file
    replace(Manifest.load(file), root=here / "small").save(file)
    RunFolder(folder).write_status("finished")
    (folder / "secret.txt").symlink_to("/etc/hostname")
    return folder


@pytest.fixture
def bundle(here):
    """What the app looks for in an exported model."""
    folder = here / "saved_models" / "served" / "3"
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"a network")
    return folder


def options(view):
    return next(box for box in view.widgets.selectbox if box.label == FIELD).options


def test_a_run_is_found_copied_and_opened(page, project, run, bundle):
    view = page("train", project="clothes")
    assert options(view) == ["runs/first", "saved_models/served"]
    view.choose(FIELD, "runs/first").press("Take it in")
    assert view.widgets.query_params["run"] == "first"
    assert "Accuracy" in view.text
    assert (project.runs / "first" / "model.keras").is_file()
    assert not (project.runs / "first" / "secret.txt").exists()
    assert run.is_dir()
    again = page("train", project="clothes").choose(FIELD, "runs/first").press("Take it in")
    assert "has a run 'first' already" in again.errors


def test_what_lies_or_has_its_images_outside_is_refused(page, project, run, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    shutil.copytree(run, outside / "other", symlinks=True)
    view = page("train", project="clothes").choose(FIELD, str(outside / "other")).press("Take it in")
    assert "lies outside of" in view.errors
    file = RunFolder(run).manifest_file
    replace(Manifest.load(file), root=outside).save(file)
    assert "lies outside of" in view.choose(FIELD, "runs/first").press("Take it in").errors
    assert not list(project.runs.iterdir())


def test_a_model_is_taken_in_whole_or_one_version_of_it(project, bundle, here):
    assert not is_run(bundle.parent)
    assert found_here(here) == [bundle.parent]
    assert take_bundle(project, bundle) == "served"
    assert "bundle:served" in [model.name for model in list_models(project)]
    with pytest.raises(ValueError, match="has an exported model 'served' already"):
        take_bundle(project, bundle.parent)


def test_a_run_that_is_being_trained_and_a_folder_of_images_are_refused(project, run, clothes):
    status = RunFolder(run)
    status.write_status("training")  # by this process, which lives
    with pytest.raises(ValueError, match="is being trained"):
        take_run(project, run)
    with pytest.raises(ValueError, match="neither a run nor an exported model"):
        is_run(clothes)


def test_what_is_being_taken_in_is_shown_by_no_page(project):
    half = project.runs / ".partial-00000000-1-00000000"
    (half / "predictions").mkdir(parents=True)
    for name in ("model.keras", "evaluation.json", "predictions/test.parquet"):
        (half / name).touch()
    bundle = project.bundles / ".partial-00000000-1-00000000" / "1"
    bundle.mkdir(parents=True)
    (bundle / "saved_model.pb").touch()
    assert judged_runs(project) == []
    assert [model.kind for model in list_models(project)] == ["imagenet"]
