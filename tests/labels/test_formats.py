"""What every format shares: found by content, named, or refused in one sentence."""

import importlib
import os
import re
import shutil
from pathlib import Path

import pytest

from imgcls.image_files import SUFFIXES
from imgcls.labels import FORMATS, ImageIndex, detect_format, read_labels
from imgcls.labels.image_index import MISNAMED


def test_an_unknown_format_gets_the_nearest_name(data_set):
    with pytest.raises(ValueError, match="Did you mean 'coco'"):
        read_labels(data_set.root, "cocoa")


def test_a_missing_source_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing at"):
        read_labels(tmp_path / "none")


def test_two_formats_in_one_folder_are_not_guessed(data_set, look):
    data_set.image("a.png")
    data_set.write("a.xml", "<annotation><filename>a.png</filename></annotation>")
    data_set.write("a.txt", "0 0.5 0.5 0.2 0.2\n")
    data_set.write("classes.txt", "cat\n")
    with pytest.raises(ValueError, match="several formats: voc, yolo"):
        read_labels(data_set.root)
    assert ("a.png", "cat") in look.labels(read_labels(data_set.root, "yolo"))


def test_nothing_that_fits_is_said(data_set):
    data_set.write("notes.md", "hello")
    with pytest.raises(ValueError, match="none of the formats"):
        detect_format(data_set.root)


def test_class_folders_are_records_too(data_set, look):
    data_set.image("train/cat/1.png", "train/dog/2.png", "test/cat/3.png")
    data_set.write("train/cat/notes.md", "hello")
    assert detect_format(data_set.root) == "folders"
    records = read_labels(data_set.root)
    rows = records.boxes_or_images
    assert set(zip(rows["image"], rows["label"], rows["split"], strict=True)) == {
        ("train/cat/1.png", "cat", "train"),
        ("train/dog/2.png", "dog", "train"),
        ("test/cat/3.png", "cat", "test"),
    }
    assert look.reported(records, "left out")[0][0] == "train/cat/notes.md"


def test_annotations_apart_from_their_images(data_set, tmp_path, look):
    data_set.image("images/a.png")
    path = data_set.write("elsewhere/t.csv", "image,label\na.png,cat\n")
    assert read_labels(path).boxes_or_images.empty
    assert look.labels(read_labels(path, image_index=data_set.root / "images")) == [("a.png", "cat")]
    absent = read_labels(path, image_index=ImageIndex(tmp_path / "not here yet", must_exist=False))
    assert look.labels(absent) == [("a.png", "cat")]


def test_files_whose_names_are_no_text_are_reported(data_set, look):
    data_set.image("cat/1.png", "dog/2.png")
    odd = os.fsencode(data_set.root / "cat") + b"/caf\xe9.png"
    with open(odd, "wb") as file:
        file.write(b"x")
    records = read_labels(data_set.root)
    assert look.labels(records) == [("cat/1.png", "cat"), ("dog/2.png", "dog")]
    assert look.reported(records, "left out") == [("cat/caf\\xe9.png", "", f"{MISNAMED}; its label is left out.")]


def test_a_file_that_cannot_be_opened_does_not_end_the_import(data_set, look):
    data_set.image("a.png")
    data_set.write("a.xml", "<annotation><filename>a.png</filename><object><name>cat</name></object></annotation>")
    (data_set.root / "b.xml").symlink_to("nowhere.xml")
    records = read_labels(data_set.root)
    assert look.labels(records) == [("a.png", "cat")]
    assert look.reported(records, "left out") == [("b.xml", "", "b.xml cannot be read: No such file or directory.")]


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_folder_has_no_records_in_any_format(data_set, name):
    try:
        records = read_labels(data_set.root, name)
    except ValueError:
        return  # those that need a file to begin with say so
    assert records.boxes_or_images.empty


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_named_to_its_users(name):
    """In the help of the command that imports, and in README up to a comma, colon or bracket."""
    title = FORMATS[name].title
    assert title in " ".join(importlib.import_module("imgcls.import_labels").__doc__.split())
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    assert re.split(r"[,:(]", title)[0].strip() in " ".join(readme.split())


def annotation_files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.lower().endswith(SUFFIXES)]


FOLDERS = sorted(path for path in (Path(__file__).parent / "files").iterdir() if path.is_dir())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_image_that_was_given_is_a_row_or_reported(folder, tmp_path):
    name = "label_studio" if folder.name.startswith("label_studio") else detect_format(folder)
    records = read_labels(folder, name, image_index=ImageIndex(ImageIndex.of(folder).root, extract=tmp_path))
    reported = " ".join(records.problems["file"] + records.problems["reason"])
    images = set(records.boxes_or_images["image"])
    assert [path for path in ImageIndex(records.root).paths if path not in images and path not in reported] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_file_that_cannot_be_read_is_reported(folder, tmp_path):
    name = "label_studio" if folder.name.startswith("label_studio") else detect_format(folder)
    for number, path in enumerate(annotation_files(folder)):
        copy = shutil.copytree(folder, tmp_path / str(number) / "set")
        (copy / path.relative_to(folder)).write_bytes(b"\xff\x00\xfe" * 50)
        try:
            records = read_labels(
                copy, name, image_index=ImageIndex(ImageIndex.of(copy).root, extract=tmp_path / "out")
            )
        except ValueError:
            continue
        reported = " ".join(records.problems["file"] + records.problems["reason"])
        assert path.name in reported, path
