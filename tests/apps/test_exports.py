"""Folders of labels for other tools."""

import zipfile

import pandas as pd
from projects.exports import (
    Written,
    delete_export,
    keep_written,
    list_exports,
    new_export,
    packed,
    sentence_of,
    written_of,
)
from projects.project import create_project


def test_each_export_has_a_folder_of_its_own_before_it_is_written(here):
    project = create_project("Pets")
    first, second = new_export(project, "coco"), new_export(project, "coco")
    assert (first.name, second.name) == ("coco-1", "coco-2")
    assert list_exports(project) == []
    first.mkdir()
    assert list_exports(project) == [first]
    delete_export(first)
    assert new_export(project, "coco") == first


def test_what_was_left_out_goes_with_the_export(here):
    folder = new_export(create_project("Pets"), "voc")
    folder.mkdir()
    assert written_of(folder) is None
    problems = pd.DataFrame({"file": ["a.png"], "line": [""], "reason": ["lost."], "effect": ["left out"]})
    keep_written(folder, Written(2, 3, ("lost.",)), problems)
    assert written_of(folder) == Written(2, 3, ("lost.",))
    assert sentence_of(written_of(folder)) == "2 of 3 labels written; 1 left out."
    with zipfile.ZipFile(packed(folder)) as archive:
        assert archive.namelist() == ["voc-1.problems.csv"]
    delete_export(folder)
    assert not list(folder.parent.iterdir())
