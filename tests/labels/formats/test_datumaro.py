"""Datumaro's own JSON, which it wrote itself."""

import json

import numpy as np
import pytest
from pycocotools import mask as mask_tools

from imgcls.labels import detect_format, read_labels


def test_what_datumaro_wrote(files, look):
    assert detect_format(files / "datumaro") == "datumaro"
    records = read_labels(files / "datumaro")
    assert look.boxes(records, image="images/train/a.png") == {
        "cat": [10, 5, 30, 35],
        "Guide dog": [5, 6, 25, 40],
        "птица": None,
    }
    assert look.boxes(records, image="images/val/b.png") == {"птица": None, "cat": [30, 10, 50, 20]}
    assert ("images/val/empty.png", "") in look.labels(records)
    assert set(records.boxes_or_images["split"]) == {"train", "validation"}
    assert records.boxes_or_images["occluded"].tolist() == [True, False, False, False, False, False]
    assert '{"mood": "calm"}' in set(records.boxes_or_images["attributes"])
    assert [line for _, line, _ in look.reported(records, "noted")] == ["items[0].annotations[2]"]
    assert not look.reported(records, "left out")


def test_one_file_finds_the_images_beside_its_folder(files, look):
    records = read_labels(files / "datumaro" / "annotations" / "train.json")
    assert {image for image, _ in look.labels(records)} == {"images/train/a.png"}


def annotated(*annotations: dict, more: tuple = ()) -> str:
    labels = [{"name": "cat", "parent": "", "attributes": []}, *more]
    items = [{"id": "a", "annotations": list(annotations), "image": {"path": "a.png", "size": [48, 64]}}]
    return json.dumps({"infos": {}, "categories": {"label": {"labels": labels}}, "items": items})


@pytest.mark.parametrize(
    ("annotation", "box"),
    [
        ({"type": "label"}, None),
        ({"type": "ellipse", "points": [1, 2, 30, 40]}, [1, 2, 30, 40]),
        ({"type": "cuboid_2d", "points": [[1, 2], [30, 2], [30, 40], [5, 6]]}, [1, 2, 30, 40]),
    ],
)
def test_kinds_of_annotations(data_set, look, annotation, box):
    data_set.image("images/default/a.png")
    data_set.write("annotations/default.json", annotated(annotation | {"label_id": 0}))
    records = read_labels(data_set.root)
    assert look.boxes(records) == {"cat": box}
    assert records.problems.empty


def test_the_box_of_a_mask_is_that_of_the_reference(data_set, look):
    data_set.image("images/default/a.png")
    random = np.random.default_rng(0)
    for _ in range(20):
        mask = np.zeros((48, 64), np.uint8, order="F")
        y, x, height, width = random.integers(1, 20, 4)
        mask[y : y + height, x : x + width] = random.integers(0, 2, (height, width))
        mask[y, x + width // 2] = 1
        packed = mask_tools.encode(mask)
        left, top, wide, high = mask_tools.toBbox(packed)
        rle = {"counts": packed["counts"].decode(), "size": [48, 64]}
        data_set.write("annotations/default.json", annotated({"type": "mask", "label_id": 0, "rle": rle}))
        assert look.boxes(read_labels(data_set.root)) == {"cat": [left, top, left + wide, top + high]}


def test_what_is_no_label_is_reported(data_set, look):
    data_set.image("images/train/a.png")
    odd = [{"type": "bbox", "label_id": 0, "bbox": [1, 2, "wide"]}, {"type": "label", "label_id": 1},
           {"type": "label", "label_id": 7}, {"type": "caption", "caption": "a cat"}, 5]  # fmt: skip
    data_set.write("annotations/train.json", annotated(*odd, more=({"name": ""},)))
    records = read_labels(data_set.root)
    assert records.boxes_or_images.empty
    lines = [line for _, line, _ in look.reported(records, "left out")]
    where = "items[0].annotations"
    assert lines == ["categories.label.labels[1]", *(f"{where}[{place}]" for place in (1, 2, 3, 4, 0))]
