"""Create ML: https://developer.apple.com/documentation/createml/building-an-object-detector-data-source"""

import json

import pytest

from imgcls.labels import detect_format, read_labels


def test_what_labelimg_wrote(files, look):
    assert detect_format(files / "labelimg_createml") == "createml"
    records = read_labels(files / "labelimg_createml")
    boxes = look.boxes(records, image="фото 1.png")
    assert boxes == {"кот рыжий": [1, 1, 30, 40], "dog": [10, 12, 64, 48]}
    assert ("empty.png", "") in look.labels(records)
    assert records.problems.empty


def test_labels_without_a_box_and_broken_entries(data_set, look):
    data_set.image("a.png")
    broken = [{"label": ""}, {"label": "dog", "coordinates": {"x": 1, "y": 1, "width": "wide", "height": 2}}, 5]
    images = [{"image": "a.png", "annotations": [{"label": "cat"}, *broken]}, {"annotations": []}, "b.png"]
    data_set.write("train/labels.json", json.dumps(images))
    records = read_labels(data_set.root)
    assert look.boxes(records) == {"cat": None}
    assert set(records.boxes_or_images["split"]) == {"train"}
    lines = [line for _, line, _ in look.reported(records, "left out")]
    assert lines == ["[0].annotations[1]", "[0].annotations[3]", "[1]", "[2]", "[0].annotations[2]"]


def test_another_shape_is_refused(data_set):
    path = data_set.write("a.json", '{"image": "a.png", "annotations": []}')
    with pytest.raises(ValueError, match="expected a list of images"):
        read_labels(path, "createml")
