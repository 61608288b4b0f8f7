"""The page of all projects."""

import pytest
from projects.project import create_project, list_projects
from projects.versions import add_version
from worker import client

from imgcls.config import LabelsConfig
from imgcls.data.sources.importing import import_manifest
from tests.machine.nvidia_smi import put_nvidia_smi


@pytest.fixture
def project(here, clothes):
    """The 30 images of `clothes`, none of which was opened: what the page shows needs no more."""
    made = create_project("Clothes")
    add_version(made, import_manifest(str(clothes), LabelsConfig()).manifest, "30 images added", 0)
    return made


def test_without_projects_the_page_says_what_to_do_first(page):
    view = page("home")
    assert "Drop a folder of images here, or try the sample" in view.text
    assert "Try the sample" in view.text


def test_a_project_is_made_renamed_and_deleted(page, project):
    view = page("home")
    assert "30 images of 3 classes" in view.text
    assert "Nothing trained yet" in view.text
    assert "/picture/clothes/1/" in view.html
    view.press("Manage")
    assert "on the disk" in view.text
    view.fill("Name", "Wardrobe").press("Rename")
    assert [each.title for each in list_projects()] == ["Wardrobe"]


def test_a_name_that_is_taken_is_refused_in_a_sentence(page, project):
    view = page("home")
    view.fill("Name of the project", "clothes").press("Create")
    assert "There is a project 'clothes' already" in view.errors


def test_a_folder_that_cannot_be_opened_is_named_beside_the_others(page, project):
    (create_project("Birds").folder / "project.json").write_text("")
    view = page("home")
    assert "30 images of 3 classes" in view.text
    assert "birds" in view.text
    assert "is damaged" in view.text
    assert not view.errors


def test_deleting_asks_first(page, here):
    create_project("Old")
    view = page("home").press("Manage")
    view.choose("I want to delete it for good", True).press("Delete the project")
    assert list_projects() == []


@pytest.mark.thorough
def test_this_computer_is_shown_with_what_is_wrong(page, monkeypatch, tmp_path):
    put_nvidia_smi(tmp_path, monkeypatch, "Tesla V100, 390.157, 7.0, 16160 MiB")
    client.stop()  # another would have the PATH of another test
    view = page("home").press("This computer")
    assert "The driver 390.157 is too old for CUDA 12" in view.errors
    (shown,) = view.widgets.dataframe
    assert "Tesla V100, 16.9 GB, compute capability 7.0, driver 390.157" in set(shown.value[""])
    assert "Measure how fast it is" in view.text
    client.stop()
