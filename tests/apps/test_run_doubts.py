"""What a run says against the labels of a project."""

import shutil

import numpy as np
import pytest
from projects.run_doubts import doubts_of, named_wrongly, reviewed_runs, unsure
from projects.versions import add_version, manifest_of, whole_manifest_of

from imgcls.data.manifest.table import Manifest
from imgcls.evaluation.prediction_table import PredictionTable

CLASSES = ["bag", "sneaker", "trouser"]


@pytest.fixture
def judged(project):
    """The project with a run that judged a bag, a sneaker and a trouser, of which it takes the trouser for a bag."""
    rows = manifest_of(project).table.loc[[0, 12, 22]].reset_index(drop=True)
    save(project, rows, [[0.625, 0.25, 0.125], [0.0, 1.0, 0.0], [0.875, 0.125, 0.0]])
    return project


def save(project, rows, probabilities, **facts):
    facts = {"root": str(manifest_of(project).root), **facts}
    file = project.runs / "first" / "predictions" / "test.parquet"
    PredictionTable(rows, CLASSES, np.array(probabilities), facts=facts).save(file)
    (file.parents[1] / "config.toml").touch()


def test_a_run_names_what_it_is_unsure_of_and_what_it_calls_otherwise(judged):
    assert doubts_of(judged, "first", 1) == {"unsure": {0: ("bag", 0.625)}, "named wrongly": {22: ("bag", 0.875)}}


def test_images_are_found_again_when_the_data_begins_in_another_folder(judged):
    """As it does once images of a second folder were added."""
    manifest = whole_manifest_of(judged)
    table = manifest.table.assign(image=f"{manifest.root.name}/" + manifest.table["image"])[::-1].reset_index(drop=True)
    add_version(judged, Manifest(table, manifest.root.parent), "images of another folder added", 1)
    assert unsure(judged, "first", 2) == {29: ("bag", 0.625)}


def test_of_several_classes_the_one_it_is_least_sure_of_counts(project):
    rows = manifest_of(project).table.loc[[0, 12, 22]].reset_index(drop=True)
    rows["labels"] = [["bag"], ["bag", "sneaker"], []]
    save(project, rows, [[0.875, 0.125, 0.125], [0.875, 0.5625, 0.0], [0.875, 0.875, 0.0]], multi_label=True)
    assert unsure(project, "first", 1) == {12: ("", 0.5625)}
    assert named_wrongly(project, "first", 1) == {22: ("bag, sneaker", 0.875)}


def test_a_run_that_is_being_taken_in_is_none_yet(judged):
    shutil.copytree(judged.runs / "first", judged.runs / ".partial-00000000-1-00000000")
    assert reviewed_runs(judged) == ["first"]


def test_what_is_left_of_a_deleted_run_is_none(judged):
    (judged.runs / "first" / "config.toml").unlink()
    assert reviewed_runs(judged) == []


def test_a_damaged_table_says_nothing(judged):
    (judged.runs / "first" / "predictions" / "validation.parquet").write_bytes(b"PAR1 and no more")
    assert unsure(judged, "first", 1) == {0: ("bag", 0.625)}
