"""Uploaded folders on the disk."""

from dataclasses import dataclass

import pytest
from parts.uploads import UPLOADS, save_folder


@dataclass
class File:
    name: str
    content: bytes = b"image"

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
    saved, _ = save_folder([File("my pets/cat/1.png"), File("my pets/dog/1.png"), File("my pets/readme.txt")])
    assert saved.name == "my_pets"
    assert (saved / "cat" / "1.png").read_bytes() == b"image"
    assert (saved / "dog" / "1.png").is_file()


def test_class_folders_alone_are_kept(here):
    saved, _ = save_folder([File("cat/1.png"), File("dog/1.png")])
    assert sorted(path.name for path in saved.iterdir()) == ["cat", "dog"]


def test_the_same_folder_is_saved_once_and_another_one_apart(here):
    first, _ = save_folder([File("cat/1.png"), File("dog/1.png")])
    assert save_folder([File("dog/1.png"), File("cat/1.png")])[0] == first
    assert save_folder([File("cat/1.png", b"changed"), File("dog/1.png")])[0] != first
    assert len(list(UPLOADS.iterdir())) == 2


def test_only_images_and_annotations_are_kept_and_the_others_are_named(here):
    png = b"\x89PNG\r\n\x1a\n"
    kept = [
        "cat/1.PNG",
        "cat/2.jpeg",
        "labels.csv",
        "data.yaml",
        "train-images-idx3-ubyte",
        "t10k-labels.idx1-ubyte.gz",
    ]
    files = [*(File(name) for name in kept), File("cat/no_suffix", png)]
    dropped = ["my_net.py", "cat/model.keras", "weights.h5", "a.pth", "a.pkl", "run.sh", "cat/text", "1.png.py", ".x"]
    saved, reported = save_folder([*files, *(File(name) for name in dropped)])
    assert list(reported) == dropped
    found = {path.relative_to(saved).as_posix() for path in saved.rglob("*") if path.is_file()}
    assert found == {file.name for file in files}
    with pytest.raises(ValueError, match=r"None of the uploaded files is an image .* my_net\.py"):
        save_folder([File("my_net.py")])
