"""The page Results, on a run that was trained and judged for real, in a project with the same images."""

import os
import shutil

import pytest

from imgcls.data.manifest.table import Manifest
from imgcls.run_folder import RunFolder

from . import judged_project
from .judged_project import MISLABELLED, SEEN, WRONG


@pytest.fixture(scope="module")
def judged_folder(small_run, tmp_path_factory):
    return judged_project.judge(small_run, tmp_path_factory.mktemp("judged") / "first").path


@pytest.fixture
def flawed(here, judged_folder):
    """A project with two runs of one model, and its images in one version."""
    from projects.project import create_project
    from projects.versions import add_version

    made = create_project("Flawed")
    for name in ("first", "second"):
        shutil.copytree(judged_folder, made.runs / name)
    add_version(made, Manifest.load(RunFolder(made.runs / "first").manifest_file), "150 images added", 0)
    os.utime(made.runs / "second" / "evaluation.json")
    return made


def queue_on(view):
    from projects.queues import load_queue

    return load_queue(view.project, view.widgets.query_params["queue"][0])


def test_a_project_without_a_finished_run_says_what_to_do_first(page, project):
    view = page("results", project="clothes")
    assert "Train one first" in view.text
    assert not view.errors


def test_the_accuracy_is_a_sentence_with_its_interval(page, flawed):
    view = page("results", project="flawed", run="first")
    assert not view.errors
    assert "new images rightly" in view.widgets.subheader[0].value
    assert "The weakest classes" in view.text
    assert "What to do next" in view.text


def test_the_pictures_of_a_cell_become_a_queue_with_the_answers_as_suggestions(page, flawed):
    view = page("results", project="flawed", run="first", cell=f"{WRONG},{SEEN}")
    assert f"of {WRONG}, taken for {SEEN}" in view.text
    view.project = flawed
    view.press("Fix these labels")
    queue = queue_on(view)
    assert len(queue.rows) >= MISLABELLED
    assert set(queue.suggestions.values()) == {SEEN}
    from projects.versions import manifest_of

    rows = manifest_of(flawed, queue.version).table.loc[list(queue.rows)]
    assert set(rows["label"]) == {WRONG}
    assert set(rows["split"]) == {"test"}
