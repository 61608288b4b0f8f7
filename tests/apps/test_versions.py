"""Versions of a project's images: none is overwritten, any comes back."""

import pandas as pd
import pytest
from projects.project import create_project
from projects.versions import (
    NO_LABEL,
    SET_ASIDE,
    UNSEEN,
    add_version,
    current_number,
    current_version,
    earlier,
    later,
    list_versions,
    manifest_of,
    show_version,
    whole_manifest_of,
)

from imgcls.data.manifest.table import Manifest


def without_bags(manifest: Manifest) -> Manifest:
    table = manifest.table.copy()
    table.loc[table["label"] == "bag", "problems"] = SET_ASIDE
    return Manifest(table, manifest.root)


def test_several_boxes_of_an_image_are_one_image(project):
    manifest = whole_manifest_of(project)
    twice = pd.concat([manifest.table, manifest.table], ignore_index=True)
    assert add_version(project, Manifest(twice, manifest.root), "30 boxes added", 1).images == 30


def test_images_that_wait_for_a_label_count_and_those_that_are_left_out_do_not(project):
    table = whole_manifest_of(project).table.copy()
    table.loc[:11, "problems"], table.loc[12:13, "problems"] = NO_LABEL, SET_ASIDE
    added = add_version(project, Manifest(table, whole_manifest_of(project).root), "12 labels taken away", 1)
    assert added.images == 28


def test_a_change_is_a_new_version_and_undo_and_redo_show_the_others(project):
    first = whole_manifest_of(project)
    add_version(project, without_bags(first), "10 images left out", 1, who="anna")
    assert (current_version(project).images, current_version(project).classes) == (20, 2)
    assert (earlier(project).number, later(project)) == (1, None)
    show_version(project, 1, 2)
    assert len(manifest_of(project).usable) == 30
    assert (earlier(project), later(project).what) == (None, "10 images left out")
    show_version(project, 2, 1)
    assert len(manifest_of(project).usable) == 20
    assert [version.who for version in list_versions(project)] == ["", "anna"]


def test_a_change_after_undo_loses_nothing(project):
    first = whole_manifest_of(project)
    add_version(project, without_bags(first), "10 images left out", 1)
    show_version(project, 1, 2)
    third = add_version(project, first, "nothing changed", 1)
    assert (third.number, current_number(project), later(project)) == (3, 3, None)
    assert [len(manifest_of(project, number).usable) for number in (1, 2, 3)] == [30, 20, 30]


def test_of_two_tabs_the_second_is_told(project):
    first = whole_manifest_of(project)
    add_version(project, without_bags(first), "10 images left out", 1, who="anna")
    with pytest.raises(ValueError, match=r"changed in the meantime \(10 images left out, by anna\)"):
        add_version(project, first, "another change", 1)
    with pytest.raises(ValueError, match=r"changed in the meantime \(10 images left out, by anna\)"):
        show_version(project, 1, 1)
    assert current_number(project) == 2


def test_what_pages_hold_lacks_what_only_the_audit_compares_and_makes_no_version(project):
    shown, whole = manifest_of(project), whole_manifest_of(project)
    assert set(whole.table) - set(shown.table) == {UNSEEN}
    assert (whole.table[UNSEEN].str.len() == 512).all()
    with pytest.raises(ValueError, match="lacks the columns"):
        add_version(project, without_bags(shown), "10 images left out", 1)
    assert current_number(project) == 1


def test_what_is_not_there_is_said(here):
    empty = create_project("Empty")
    assert (current_number(empty), current_version(empty), earlier(empty), later(empty)) == (0, None, None, None)
    with pytest.raises(ValueError, match="no images in this project yet"):
        manifest_of(empty)
    with pytest.raises(ValueError, match="no version 7"):
        show_version(empty, 7, 0)
