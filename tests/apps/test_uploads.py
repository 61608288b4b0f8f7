"""Uploaded folders on the disk."""

from dataclasses import dataclass

import pytest
from parts.uploads import UPLOADS, save_folder


@dataclass
class File:
    name: str
    content: bytes = b"picture"

    def getvalue(self) -> bytes:
        return self.content


@pytest.mark.parametrize(
    "name", ["../out.png", "cat/../../out.png", "/etc/out.png", "C:/out.png", "..\\out.png", "cat/\0.png", ""]
)
def test_no_path_leads_out(here, name):
    with pytest.raises(ValueError, match="leads out of the folder"):
        save_folder([File("cat/1.png"), File(name)])
    assert not UPLOADS.exists()


def test_the_folder_that_was_chosen_gives_the_name_and_its_classes_stay(here):
    saved = save_folder([File("my pets/cat/1.png"), File("my pets/dog/1.png"), File("my pets/readme.txt")])
    assert saved.name == "my_pets"
    assert (saved / "cat" / "1.png").read_bytes() == b"picture"
    assert (saved / "dog" / "1.png").is_file()


def test_class_folders_alone_are_kept(here):
    saved = save_folder([File("cat/1.png"), File("dog/1.png")])
    assert sorted(path.name for path in saved.iterdir()) == ["cat", "dog"]


def test_the_same_folder_is_saved_once_and_another_one_apart(here):
    first = save_folder([File("cat/1.png"), File("dog/1.png")])
    assert save_folder([File("dog/1.png"), File("cat/1.png")]) == first
    assert save_folder([File("cat/1.png", b"changed"), File("dog/1.png")]) != first
    assert len(list(UPLOADS.iterdir())) == 2
