"""Folders of labels for other tools."""

from projects.exports import delete_export, list_exports, new_export
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
