"""COCO: https://cocodataset.org/#format-data"""

import json

import pytest

from imgcls.labels import detect_format, read_labels

CATEGORIES = [{"id": 7, "name": "cat"}, {"id": 90, "name": "собака"}]


def coco(images, annotations, categories=CATEGORIES) -> str:
    images = [{"id": i, "file_name": name, "width": 64, "height": 48} for i, name in images.items()]
    return json.dumps({"images": images, "annotations": annotations, "categories": categories})


def annotation(image, category, box=(1, 2, 10, 20), **more) -> dict:
    return {"id": 1, "image_id": image, "category_id": category, "bbox": list(box), "iscrowd": 0} | more


def test_category_ids_with_holes_are_names_and_boxes_are_corners(data_set, look):
    data_set.image("a.png", "b.png")
    annotations = [annotation(3, 90), annotation(3, 7, (5, 5, 30, 40), iscrowd=1)]
    data_set.write("c.json", coco({3: "a.png", 8: "b.png"}, annotations))
    assert detect_format(data_set.root) == "coco"
    records = read_labels(data_set.root)
    assert look.labels(records) == [("a.png", "cat"), ("a.png", "собака"), ("b.png", "")]
    assert look.boxes(records, image="a.png") == {"собака": [1, 2, 11, 22], "cat": [5, 5, 35, 45]}
    assert look.flags(records, "crowd") == {"собака": False, "cat": True, "": False}
    assert records.problems.empty


def test_several_files_are_the_splits_they_are_named_after(data_set, look):
    data_set.image("train2017/a.png", "val2017/a.png")
    data_set.write("annotations/instances_train2017.json", coco({1: "a.png"}, [annotation(1, 7)]))
    data_set.write("annotations/instances_val2017.json", coco({1: "a.png"}, [annotation(1, 90)]))
    rows = read_labels(data_set.root).boxes_or_images
    assert list(zip(rows["image"], rows["label"], rows["split"], strict=True)) == [
        ("train2017/a.png", "cat", "train"),
        ("val2017/a.png", "собака", "validation"),
    ]
    one = read_labels(data_set.root / "annotations" / "instances_val2017.json")
    assert look.labels(one) == [("val2017/a.png", "собака")]


def test_unknown_ids_and_broken_boxes_are_reported_by_their_place(data_set, look):
    data_set.image("a.png")
    bad = [
        annotation(1, 8),
        annotation(99, 7),
        annotation(1, 7, (1, 2, 0, 5)),
        annotation(1, 7, ("x", 1, 2, 3)),
        annotation(1, 7, (60, 40, 10, 10)),
        "not an object",
        annotation(1, [7]),
        annotation(1, 7, (100, 100, 5, 5)),
        annotation(1, 7, [float("nan")] * 4),
        annotation(1, 7, "wide"),
    ]
    data_set.write("c.json", coco({1: "a.png"}, bad))
    records = read_labels(data_set.root)
    assert look.boxes(records) == {"cat": [60, 40, 64, 48]}
    assert [line for _, line, _ in look.reported(records, "changed")] == ["annotations[4]"]
    assert sorted(line for _, line, _ in look.reported(records, "left out")) == [
        f"annotations[{i}]" for i in (0, 1, 2, 3, 5, 6, 7, 8, 9)
    ]
    assert any("no category has the id 8" in reason for _, _, reason in look.reported(records, "left out"))


def test_a_label_list_without_boxes_labels_whole_images(data_set, look):
    data_set.image("a.png")
    data_set.write("c.json", coco({1: "a.png"}, [{"id": 1, "image_id": 1, "category_id": 7}]))
    assert look.boxes(read_labels(data_set.root)) == {"cat": None}


def test_an_outline_without_a_box_gets_the_box_around_it(data_set, look):
    data_set.image("a.png")
    outlined = annotation(1, 7, (), segmentation=[[3, 4, 20, 5, 10, 30]])
    data_set.write("c.json", coco({1: "a.png"}, [outlined]))
    assert look.boxes(read_labels(data_set.root)) == {"cat": [3, 4, 20, 30]}


def test_an_id_that_stands_for_two_names_is_used_for_none(data_set, look):
    data_set.image("a.png")
    twice = [{"id": 1, "name": "cat"}, {"id": 1, "name": "dog"}]
    data_set.write("c.json", coco({1: "a.png"}, [annotation(1, 1)], twice))
    records = read_labels(data_set.root)
    assert records.boxes_or_images.empty
    assert any("stands for two" in reason for _, _, reason in look.reported(records, "left out"))


def test_attributes_and_annotators_as_cvat_writes_them(data_set, look):
    data_set.image("a.png")
    stated = annotation(1, 7, attributes={"occluded": True, "truncated": "partly", "annotator": "anna"})
    data_set.write("c.json", coco({1: "a.png"}, [stated]))
    row = read_labels(data_set.root).boxes_or_images.iloc[0]
    assert (row["occluded"], row["annotator"], json.loads(row["attributes"])) == (True, "anna", {"truncated": "partly"})


def test_what_label_studio_exported(files, look):
    records = read_labels(files / "label_studio_boxes" / "coco.json")
    assert look.boxes(records, label="Bus") == {"Bus": [0, 0, 16, 24]}


def test_characters_escaped_in_two_halves_are_read_and_half_ones_refused(data_set, look):
    data_set.image("a.png")
    text = json.dumps({"images": [{"id": 1, "file_name": "a.png"}], "annotations": [{"image_id": 1, "category_id": 1}]})
    whole = text[:-1] + ', "categories": [{"id": 1, "name": "\\ud83d\\ude00 \\\\ud800"}]}'
    path = data_set.write("c.json", whole)
    assert look.labels(read_labels(path)) == [("a.png", "😀 \\ud800")]
    data_set.write("c.json", whole.replace("\\ude00", ""))
    with pytest.raises(ValueError, match=r"half a character in line 1, \\ud83d"):
        read_labels(path)


@pytest.mark.parametrize("content", ['{"images": 3, "categories": []}', '["images", "categories"]', '{"images": [}'])
def test_another_shape_is_refused_in_one_sentence(data_set, content):
    path = data_set.write("c.json", content)
    with pytest.raises(ValueError, match=r"c\.json is no"):
        read_labels(path, "coco")


def write_challenge(data_set) -> None:
    """The files that lie beside each other in the annotations of the challenge."""
    data_set.image("val2017/a.png", "val2017/b.png")
    images = {1: "a.png", 2: "b.png"}
    instances = coco(images, [annotation(1, 7), annotation(2, 90, (5, 5, 30, 40), id=2)])
    data_set.write("annotations/instances_val2017.json", instances)
    keypoints = [annotation(1, 7, keypoints=[1, 2, 2], num_keypoints=1)]
    data_set.write("annotations/person_keypoints_val2017.json", coco(images, keypoints, CATEGORIES[:1]))
    captions = [{"id": 9, "image_id": 1, "caption": "A cat."}, {"id": 10, "image_id": 2, "caption": "A dog."}]
    data_set.write("annotations/captions_val2017.json", json.dumps({**json.loads(coco(images, captions)), "info": {}}))
    stuff = [annotation(1, 200, (0, 0, 64, 48)), annotation(2, 200, (0, 0, 64, 48))]
    data_set.write("annotations/stuff_val2017.json", coco(images, stuff, [{"id": 200, "name": "sky"}]))


def test_keypoints_captions_and_stuff_beside_the_instances_add_nothing(data_set, look):
    write_challenge(data_set)
    records = read_labels(data_set.root)
    assert look.labels(records) == [("val2017/a.png", "cat"), ("val2017/b.png", "собака")]
    assert {file for file, _, reason in look.reported(records, "noted") if "instances_val2017.json" in reason} == {
        f"annotations/{kind}_val2017.json" for kind in ("person_keypoints", "captions", "stuff")
    }
    named = read_labels(data_set.root / "annotations" / "stuff_val2017.json")
    assert look.labels(named) == [("val2017/a.png", "sky"), ("val2017/b.png", "sky")]
    (remark,) = {reason for _, _, reason in look.reported(named, "noted") if "instances" in reason}
    assert remark == "instances_val2017.json beside it has the classes of its images. Name that file."


def test_an_annotation_that_two_files_state_counts_once(data_set, look):
    data_set.image("a.png", "b.png")
    images = {1: "a.png", 2: "b.png"}
    data_set.write("boxes.json", coco(images, [annotation(1, 7), annotation(1, 7), annotation(2, 90)]))
    data_set.write("points.json", coco(images, [annotation(1, 7, keypoints=[1, 2, 2])]))
    records = read_labels(data_set.root)
    assert look.labels(records) == [("a.png", "cat"), ("a.png", "cat"), ("b.png", "собака")]
    assert ("points.json", "annotations") in {(file, line) for file, line, _ in look.reported(records, "noted")}


def test_captions_alone_are_reported_in_one_line(data_set, look):
    data_set.image("a.png")
    captions = [{"id": i, "image_id": 1, "caption": "A cat."} for i in range(3)]
    records = read_labels(data_set.write("captions_val2017.json", coco({1: "a.png"}, captions, [])))
    assert look.labels(records) == [("a.png", "")]
    assert [reason for *_, reason in look.reported(records, "left out")] == [
        "3 captions left out: a sentence is no class."
    ]
