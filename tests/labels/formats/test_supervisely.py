"""Supervisely: its own SDK wrote the project."""

import json

import pytest

from imgcls.labels import detect_format, read_labels


def test_what_the_sdk_wrote(files, look):
    assert detect_format(files / "supervisely") == "supervisely"
    records = read_labels(files / "supervisely")
    assert look.boxes(records, image="ds 1/img/a.png") == {
        "weather=rain": None,
        "cat": [3, 2, 40, 30],
        "dog": [30, 10, 50, 20],
        "лиса": [6, 5, 20, 25],
    }
    assert ("ds 1/img/b.png", "") in look.labels(records)
    assert set(records.boxes_or_images["split"]) == {"validation", ""}
    assert records.problems.empty


@pytest.mark.parametrize("data", ["", "!!", "eJwDAAAAAAE=", None])
def test_broken_masks_and_unknown_classes_are_reported(data_set, data, look):
    data_set.image("ds/img/a.png")
    data_set.write("meta.json", '{"classes": [{"title": "cat"}]}')
    mask = {"classTitle": "dog", "geometryType": "bitmap", "bitmap": {"data": data, "origin": [1, 1]}}
    box = {"classTitle": "cat", "geometryType": "rectangle", "points": {"exterior": [[1, 1], [9, 9]]}}
    data_set.write("ds/ann/a.png.json", json.dumps({"objects": [mask, box, {"classTitle": 5}, 7]}))
    records = read_labels(data_set.root)
    assert look.boxes(records) == {"cat": [1, 1, 9, 9]}
    assert {"objects[0]", "objects[3]"} <= {line for _, line, _ in look.reported(records, "left out")}
    assert look.reported(records, "noted")[0][1:] == ("objects[0]", "'dog' is not among the classes of meta.json.")
