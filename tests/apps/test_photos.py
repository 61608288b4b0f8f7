"""Photos of the camera, from the moment they are taken to the data."""

import pytest
from projects.photos import drop_photo, hand_over, keep_photo, waiting_photos
from projects.project import create_project
from projects.reading import read_images, read_source

from imgcls.config import LabelsConfig


@pytest.fixture
def project(here):
    return create_project("Pets")


def test_photos_wait_on_the_disk_with_their_classes_until_they_are_handed_over(project):
    for label in ("cat, small", "", "dog", "owl"):
        keep_photo(project, b"\xff\xd8\xff a photo", label)
    drop_photo(project, waiting_photos(project)[-1].path.name)
    drop_photo(project, "gone.jpg")
    assert [photo.label for photo in waiting_photos(project)] == ["cat, small", "", "dog"]
    table = read_source(str(hand_over(project)), LabelsConfig()).manifest.table
    assert sorted(table["label"]) == ["", "cat, small", "dog"]
    assert waiting_photos(project) == []


def test_photos_without_a_class_are_a_folder_of_images(project):
    keep_photo(project, b"\xff\xd8\xff a photo")
    assert read_images(str(hand_over(project))).manifest.table["label"].tolist() == [""]


def test_photos_wait_though_the_table_of_their_classes_is_lost(project):
    """As it is when the app is killed while it hands them over."""
    keep_photo(project, b"\xff\xd8\xff a photo")
    keep_photo(project, b"\xff\xd8\xff another")
    (project.uploads / ".camera" / "labels.csv").unlink()
    assert [photo.label for photo in waiting_photos(project)] == ["", ""]
    assert read_images(str(hand_over(project))).manifest.table["label"].tolist() == ["", ""]


def test_without_a_photo_nothing_is_handed_over(project):
    with pytest.raises(ValueError, match="no photo yet"):
        hand_over(project)
