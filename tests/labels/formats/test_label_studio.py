"""Label Studio: https://labelstud.io/guide/export; its converter wrote JSON-MIN and CSV."""

import json

import pytest

from imgcls.labels import detect_format, read_labels

EXPORTS = ("tasks.json", "min.json", "result.csv")


@pytest.mark.parametrize("name", EXPORTS)
def test_boxes_are_the_same_in_every_export(files, name, look):
    source = files / "label_studio_boxes" / name
    assert detect_format(source) == "label_studio"
    records = read_labels(source)
    assert look.labels(records) == [("5e6f7a8b-b.png", "Bus"), ("a.png", "Car")]
    assert look.boxes(records) == {"Car": [16, 12, 48, 36], "Bus": [0, 0, 16, 24]}
    assert set(records.boxes_or_images["annotator"]) == {"anna@example.org", "boris@example.org"}
    assert records.problems.empty


@pytest.mark.parametrize("name", EXPORTS)
def test_choices_of_several_annotators_are_a_row_each(files, name, look):
    records = read_labels(files / "label_studio_choices" / name)
    rows = records.boxes_or_images
    assert set(zip(rows["image"], rows["label"], rows["annotator"], strict=True)) == {
        ("a.png", "Cat", "anna@example.org"),
        ("a.png", "Dog", "boris@example.org"),
        ("5e6f7a8b-b.png", "Dog", "anna@example.org"),
    }


@pytest.mark.parametrize("name", ["tasks.json", "min.json", "result.csv", "result.tsv"])
def test_what_newer_versions_export(files, name, look):
    source = files / "label_studio_newer" / name
    assert detect_format(source) == "label_studio"
    records = read_labels(source)
    assert look.boxes(records, image="a.png") == {"Cat": None, "Car": [16, 12, 48, 36], "Road": [16, 12, 48, 36]}
    assert look.boxes(records, image="5e6f7a8b-b.png") == {"Dog": None}
    assert set(records.boxes_or_images["annotator"]) == {"anna@example.org", "boris@example.org"}
    reported = [("tasks.json", "predictions", "what a model predicted (2) is not read as labels.")]
    assert look.reported(records, "noted") == (reported if name == "tasks.json" else [])
    assert not look.reported(records, "left out")


def task(*results, image="a.png", **annotation) -> dict:
    return {"id": 1, "data": {"image": image}, "annotations": [{"id": 1, "result": list(results)} | annotation]}


def region(kind, **value) -> dict:
    size = {"original_width": 64, "original_height": 48}
    return {"id": "r", "type": kind, "value": value} | size


def test_every_kind_of_region(data_set, look):
    data_set.image("a.png")
    results = [
        region("polygonlabels", points=[[25, 25], [50, 25], [50, 75]], polygonlabels=["outline"]),
        region("ellipselabels", x=50, y=50, radiusX=25, radiusY=25, ellipselabels=["round"]),
        region("rectanglelabels", x=50, y=50, width=25, height=25, rotation=90, rectanglelabels=["turned"]),
        region("keypointlabels", x=50, y=50, width=1, keypointlabels=["point"]),
        region("taxonomy", taxonomy=[["animal", "cat"]]),
        region("textarea", text=["a remark"]),
    ]
    data_set.write("t.json", json.dumps([task(*results)]))
    records = read_labels(data_set.root)
    assert look.boxes(records) == {
        "outline": [16, 12, 32, 36],
        "round": [16, 12, 48, 36],
        "turned": [20, 24, 32, 40],
        "point": None,
        "animal/cat": None,
    }
    assert [line for _, line, _ in look.reported(records, "left out")] == ["[0].annotations[0].result[5]"]


def test_skipped_annotations_and_tasks_without_one(data_set, look):
    data_set.image("a.png", "b c.png", "c.png")
    skipped = task(was_cancelled=True)
    withdrawn = task(region("choices", choices=["cat"]), image="c.png", was_cancelled=True)
    bare = task(image="/data/local-files/?d=x/b%20c.png") | {"annotations": []}
    data_set.write("t.json", json.dumps([skipped, bare, withdrawn]))
    records = read_labels(data_set.root)
    assert look.labels(records) == [("a.png", ""), ("b c.png", "")]
    assert [line for _, line, _ in look.reported(records, "left out")] == ["[2].annotations[0]"]


def test_an_address_of_a_cloud_is_the_file_of_that_name(data_set, look):
    data_set.image("in/a.png")
    data_set.write(
        "t.json", json.dumps([task(region("choices", choices=["cat"]), image="s3://bucket/x/a.png?token=1")])
    )
    assert look.labels(read_labels(data_set.root)) == [("in/a.png", "cat")]


def test_per_cent_without_a_size_are_no_pixels(data_set, look):
    data_set.image("a.png")
    result = {"type": "rectanglelabels", "value": {"x": 1, "y": 1, "width": 5, "height": 5, "rectanglelabels": ["cat"]}}
    data_set.write("t.json", json.dumps([task(result)]))
    records = read_labels(data_set.root)
    assert records.boxes_or_images.empty
    assert "no numbers" in look.reported(records, "left out")[0][2]


def test_a_column_of_answers_can_be_named(data_set, look):
    data_set.image("a.png")
    data_set.write("t.csv", "id,image,kind,remark,annotator,lead_time\n1,a.png,cat,nice,anna,2\n")
    assert "name one with `control`" in look.reported(read_labels(data_set.root), "left out")[0][2]
    assert look.labels(read_labels(data_set.root, control="kind")) == [("a.png", "cat")]


def test_files_of_a_target_storage(data_set, look):
    """A file an annotation, with its task inside, or a file a task. https://labelstud.io/guide/storage"""
    data_set.image("a.png", "b.png")
    answer = {"id": 7, "completed_by": {"id": 1, "email": "anna@example.org"}, "was_cancelled": False,
              "result": [region("choices", choices=["cat"])],
              "task": {"id": 1, "data": {"image": "a.png"}}}  # fmt: skip
    path = data_set.write("7.json", json.dumps(answer))
    data_set.write("8.json", json.dumps(task(region("choices", choices=["dog"]), image="b.png")))
    assert detect_format(data_set.root) == detect_format(path) == "label_studio"
    records = read_labels(data_set.root)
    assert look.labels(records) == [("a.png", "cat"), ("b.png", "dog")]
    assert "anna@example.org" in set(records.boxes_or_images["annotator"])
    assert records.problems.empty


def test_a_mask_is_reported_to_be_of_the_whole_image(data_set, look):
    data_set.image("a.png")
    masks = [region("brushlabels", format="rle", rle=[0, 1], brushlabels=["cat"]),
             region("bitmasklabels", imageDataURL="data:image/png;base64,AA==", bitmasklabels=["dog"])]  # fmt: skip
    data_set.write("t.json", json.dumps([task(*masks)]))
    records = read_labels(data_set.root)
    assert look.boxes(records) == {"cat": None, "dog": None}
    assert [reason.endswith("of the whole image.") for _, _, reason in look.reported(records, "noted")] == [True, True]
