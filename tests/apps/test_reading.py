"""What a source says before any image is opened."""

import json
import shutil

import pytest
from projects.reading import read_images, read_source

from imgcls.config import LabelsConfig

PLAIN = LabelsConfig()


@pytest.fixture
def detection(clothes, here):
    """COCO's folder: four images, three of two classes and one that nobody labelled, with captions and stuff beside."""
    files = sorted((clothes / "bag").glob("*.png"))[:4]
    (here / "coco" / "val2017").mkdir(parents=True)
    (here / "coco" / "annotations").mkdir()
    images = [{"id": n, "file_name": file.name, "width": 28, "height": 28} for n, file in enumerate(files)]
    for file in files:
        shutil.copy(file, here / "coco" / "val2017")
    boxes = {1: [2, 2, 20, 20], 2: [0, 0, 5, 5]}
    annotations = [
        {"id": 2 * image + category, "image_id": image, "category_id": category, "bbox": box, "iscrowd": 0}
        for image in range(3)
        for category, box in boxes.items()
    ]
    contents = {
        "instances": {"annotations": annotations, "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "cup"}]},
        "captions": {"annotations": [{"id": n, "image_id": n, "caption": "a cat"} for n in range(4)]},
        "stuff": {"annotations": [], "categories": [{"id": 9, "name": "sky"}]},
    }
    for name, content in contents.items():
        (here / "coco" / "annotations" / f"{name}_val2017.json").write_text(json.dumps({"images": images} | content))
    return here / "coco"


def test_boxes_can_be_read_in_four_ways_each_with_what_it_gives(detection):
    reading = read_source(str(detection), PLAIN)
    found = {way.boxes: (way.examples, way.images, way.classes, way.lost) for way in reading.ways}
    expected = {"single": (0, 0, 0, 3), "crop": (6, 3, 2, 0), "largest": (3, 3, 1, 0), "multi_label": (3, 3, 2, 0)}
    assert found == expected
    assert reading.proposed == "crop"
    why = next(way.why for way in reading.ways if way.boxes == "single")
    assert "3 things" in why
    assert "several classes: cat, cup" in why


def test_the_files_that_are_read_and_those_that_are_not_are_named(detection):
    reasons = read_source(str(detection), PLAIN).problems["reason"]
    assert reasons.str.contains("instances_val2017.json").sum() == 2
    assert len(read_source(str(detection / "annotations"), PLAIN).ways) == 4  # the images lie beside that folder


def test_images_that_nobody_labelled_wait_for_a_label(detection):
    table = read_source(str(detection), PLAIN, "crop").manifest.table
    assert table["label"].tolist() == ["cat", "cup"] * 3 + [""]
    assert set(table["source"]) == {"coco"}


def test_class_folders_ask_nothing_and_images_beside_them_wait(clothes):
    shutil.copy(sorted((clothes / "bag").glob("*.png"))[0], clothes / "beside.png")
    reading = read_source(str(clothes), PLAIN)
    assert reading.ways == ()
    assert reading.manifest.table["label"].value_counts().to_dict() == {"bag": 10, "sneaker": 10, "trouser": 10, "": 1}
    assert reading.problems["file"].tolist() == ["bag/notes.txt"]


def test_images_without_any_labels_all_wait(clothes):
    (clothes / "bag" / "notes.txt").unlink()
    table = read_source(str(clothes / "bag"), PLAIN).manifest.table
    assert (len(table), set(table["label"])) == (10, {""})
    assert len(read_images(str(clothes)).manifest.table) == 30


def test_what_cannot_be_read_is_said_without_flags(here, clothes):
    (here / "empty").mkdir()
    with pytest.raises(ValueError, match="no image and no label"):
        read_source(str(here / "empty"), PLAIN)
    with pytest.raises(FileNotFoundError, match="nothing at nowhere"):
        read_source("nowhere", PLAIN)


def test_a_card_says_itself_how_its_boxes_are_read(here, detection):
    (here / "datasets").mkdir()
    card = 'name = "c"\ntitle = "t"\nsource = "../coco"\nlicence = "MIT"\nboxes = "crop"\n'
    (here / "datasets" / "c.toml").write_text(card)
    reading = read_source("c", PLAIN)
    assert (reading.ways, len(reading.manifest.table)) == ((), 7)
