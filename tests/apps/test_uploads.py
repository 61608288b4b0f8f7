"""Uploaded folders on the disk."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from parts.uploads import save_uploads
from projects.reading import read_source

from imgcls.config import LabelsConfig


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
        save_uploads([File("cat/1.png"), File(name)], here / "kept")
    assert not (here / "kept").exists()


def test_a_name_may_have_a_colon_and_windows_separators_are_some(here):
    names = ["a/Screenshot 2026-01-01 12:00:00.png", "a/b:c.png", "a\\cat\\1.png"]
    saved = save_uploads([File(name) for name in names], here / "kept").path
    found = {path.relative_to(saved).as_posix() for path in saved.rglob("*.png")}
    assert found == {"Screenshot 2026-01-01 12:00:00.png", "b:c.png", "cat/1.png"}


def test_the_folder_that_was_chosen_gives_the_name_and_its_classes_stay(here):
    files = [File("my pets/cat/1.png"), File("my pets/dog/1.png"), File("my pets/notes.docx")]
    kept = save_uploads(files, here / "kept")
    saved = kept.path
    assert (kept.title, saved.name) == ("my pets", "my_pets")
    assert (saved / "cat" / "1.png").read_bytes() == b"image"
    assert (saved / "dog" / "1.png").is_file()


def test_class_folders_alone_are_kept(here):
    saved = save_uploads([File("cat/1.png"), File("dog/1.png")], here / "kept").path
    assert sorted(path.name for path in saved.iterdir()) == ["cat", "dog"]


def test_the_same_folder_is_saved_once_and_another_one_apart(here):
    first = save_uploads([File("cat/1.png"), File("dog/1.png")], here / "kept").path
    assert save_uploads([File("dog/1.png"), File("cat/1.png")], here / "kept").path == first
    assert save_uploads([File("cat/1.png", b"changed"), File("dog/1.png")], here / "kept").path != first
    assert len(list((here / "kept").iterdir())) == 2


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
    kept = save_uploads([*files, *(File(name) for name in dropped)], here / "kept")
    saved = kept.path
    assert list(kept.dropped) == dropped
    found = {path.relative_to(saved).as_posix() for path in saved.rglob("*") if path.is_file()}
    assert found == {file.name for file in files}
    with pytest.raises(ValueError, match=r"None of the uploaded files is an image .* my_net\.py"):
        save_uploads([File("my_net.py")], here / "kept")


def archive(**files: bytes) -> io.BytesIO:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    content.name = "pets.zip"
    return content


def test_an_archive_is_unpacked_without_what_is_no_image(here):
    content = archive(
        **{"pets/cat/1.png": b"a", "pets/dog/1.png": b"b", "pets/run.py": b"", "__MACOSX/cat/1.png": b"c"}
    )
    kept = save_uploads([content], here / "kept")
    assert (kept.title, kept.dropped) == ("pets", ("pets/run.py",))
    assert sorted(path.relative_to(kept.path).as_posix() for path in kept.path.rglob("*.*")) == [
        "cat/1.png",
        "dog/1.png",
    ]


def test_an_archive_that_leads_out_is_broken_or_too_large_is_refused(here, monkeypatch):
    with pytest.raises(ValueError, match="leads out of the folder"):
        save_uploads([archive(**{"cat/1.png": b"", "../../out.png": b""})], here / "kept")
    broken = io.BytesIO(b"no archive")
    broken.name = "broken.zip"
    with pytest.raises(ValueError, match=r"broken\.zip is no ZIP file"):
        save_uploads([broken], here / "kept")
    monkeypatch.setattr("parts.uploads.MOST_UNPACKED", 10)
    with pytest.raises(ValueError, match="Unpack it on the server"):
        save_uploads([archive(**{"cat/1.png": b"12345678901"})], here / "kept")
    assert not (here / "kept").exists()


def test_one_annotation_file_is_the_source(here):
    kept = save_uploads([File("instances.json"), File("1.png")], here / "kept")
    assert kept.path.name == "instances.json"
    assert (kept.path.parent / "1.png").is_file()


IN_CLASSES = {"fold/hund/1.jpg": b"1", "fold/hund/2.jpg": b"2", "fold/katze/1.jpg": b"3"}
FLAT = {"1.jpg": b"1", "2.jpg": b"2", "3.jpg": b"3"}
COCO = b"""{"images": [{"id": 1, "file_name": "1.jpg"}, {"id": 2, "file_name": "2.jpg"},
{"id": 3, "file_name": "3.jpg"}], "annotations": [{"image_id": 1, "category_id": 1}, {"image_id": 2, "category_id": 1},
{"image_id": 3, "category_id": 2}],
"categories": [{"id": 1, "name": "hund"}, {"id": 2, "name": "katze"}]}"""


def labels_of(source: Path) -> list[str]:
    return sorted(read_source(str(source), LabelsConfig()).manifest.table["label"])


def dropped(files: Mapping[str, bytes], folder: Path, way: str) -> Path:
    """What is read of files that were dropped as they are, or in an archive."""
    as_they_are = [File(name, content) for name, content in files.items()]
    return save_uploads([archive(**files)] if way == "zip" else as_they_are, folder).path


@pytest.mark.parametrize("way", ["folder", "zip"])
@pytest.mark.parametrize("texts", [["README.txt"], ["LICENSE.txt"], ["README.txt", "LICENSE.txt"], ["meta.csv"]])
def test_a_text_beside_class_folders_leaves_their_images(here, texts, way):
    files = IN_CLASSES | {f"fold/{name}": b"Photos of cats and dogs,\ntaken by me.\n" for name in texts}
    assert labels_of(dropped(files, here / "kept", way)) == ["hund", "hund", "katze"]


@pytest.mark.parametrize("texts", [["README.txt"], ["README.txt", "LICENSE.txt"]])
def test_a_text_beside_images_without_folders_leaves_them_waiting(here, texts):
    files = FLAT | dict.fromkeys(texts, b"Photos of cats and dogs.\n")
    assert labels_of(dropped(files, here / "kept", "folder")) == ["", "", ""]


@pytest.mark.parametrize("way", ["folder", "zip"])
@pytest.mark.parametrize("beside", [{}, {"README.txt": b"Photos of cats and dogs.\n"}])
@pytest.mark.parametrize(
    ("name", "content", "labels"),
    [
        ("instances.json", COCO, ["hund", "hund", "katze"]),
        ("labels.csv", b"image,label\n1.jpg,hund\n2.jpg,hund\n3.jpg,katze\n", ["hund", "hund", "katze"]),
        ("labels.txt", b"1.jpg 0\n2.jpg 0\n3.jpg 1\n", ["0", "0", "1"]),
    ],
)
def test_annotations_beside_images_are_read(here, name, content, labels, beside, way):
    assert labels_of(dropped(FLAT | beside | {name: content}, here / "kept", way)) == labels


def test_a_table_alone_is_the_source(here):
    assert dropped({"a.csv": b"x,y\n1,2\n"}, here / "kept", "folder").name == "a.csv"
