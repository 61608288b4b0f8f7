"""Open Images: https://storage.googleapis.com/openimages/web/download_v7.html; Datumaro wrote the files."""

import pytest

from imgcls.labels import detect_format, read_labels

BOXES = "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside"
LABELS = "ImageID,Source,LabelName,Confidence"


def test_the_boxes_that_datumaro_wrote(files, look):
    assert detect_format(files / "open_images") == "open_images"
    records = read_labels(files / "open_images")
    assert look.boxes(records, image="images/train/a.png") == {"cat": [10, 5, 30, 35], "Guide dog": [40, 8, 56, 32]}
    assert look.boxes(records, image="images/val/b.png") == {"птица": [1, 2, 31, 42]}
    assert ("images/val/empty.png", "") in look.labels(records)
    assert set(records.boxes_or_images["split"]) == {"train", "validation"}
    assert look.flags(records, "occluded") == {"cat": True, "Guide dog": False, "птица": False, "": False}
    assert records.problems.empty


def test_the_labels_of_whole_images_that_datumaro_wrote(files, look):
    records = read_labels(files / "open_images_labels")
    assert look.labels(records) == [
        ("images/train/a.png", "cat"),
        ("images/train/two words.png", "Guide dog"),
        ("images/val/b.png", "cat"),
        ("images/val/b.png", "птица"),
    ]
    assert records.problems.empty


def test_classes_get_their_names_and_what_is_absent_is_no_label(data_set, look):
    data_set.image("train/0001eeaf4aed83f9.jpg", "train/0002.jpg")
    data_set.write("oidv7-class-descriptions.csv", "LabelName,DisplayName\n/m/0,Cat\n/m/1,Dog\n")
    path = data_set.write(
        "oidv7-train-annotations-human-imagelabels.csv",
        f"{LABELS}\n0001eeaf4aed83f9,verification,/m/0,1\n0001eeaf4aed83f9,verification,/m/1,0\n"
        "0002,verification,/m/1,0\n0001eeaf4aed83f9,machine,/m/9,0.7\n",
    )
    for source in (data_set.root, path):
        records = read_labels(source)
        assert look.labels(records) == [
            ("train/0001eeaf4aed83f9.jpg", "/m/9"),
            ("train/0001eeaf4aed83f9.jpg", "Cat"),
            ("train/0002.jpg", ""),
        ]
        assert '{"confidence": 0.7}' in set(records.boxes_or_images["attributes"])
        reported = " ".join(reason for _, _, reason in look.reported(records, "noted"))
        assert "confidence 0 (2 times)" in reported
        assert "names the class '/m/9'" in reported


def test_a_box_and_its_label_of_the_whole_image_are_one(data_set, look):
    data_set.image("a.jpg")
    data_set.write("class-descriptions.csv", "/m/0,Cat\n/m/1,Dog\n")
    data_set.write("train-annotations-bbox.csv", f"{BOXES}\na,xclick,/m/0,1,0.25,0.5,0.5,1,0,1,1,1,0\n")
    data_set.write("train-annotations-human-imagelabels.csv", f"{LABELS}\na,crowd,/m/0,1\na,crowd,/m/1,1\n")
    records = read_labels(data_set.root)
    assert look.boxes(records) == {"Cat": [16, 24, 32, 48], "Dog": None}
    assert look.flags(records, "crowd")["Cat"]
    assert look.flags(records, "truncated")["Cat"]
    assert "that a box says too (1)" in look.reported(records, "noted")[0][2]


def test_what_is_no_label_is_reported(data_set, look):
    data_set.image("a.jpg")
    data_set.write("broken.jpg", "no image")
    data_set.write("train-annotations-bbox.csv", f"{BOXES}\na,x,/m/0,maybe,0,1,0,1,0,0,0,0,0\nbroken,x,/m/0,1,0,1,0,1,"
                   "0,0,0,0,0\nfar,x,/m/0,1,0,1,0,1,0,0,0,0,0\na,x,/m/0,1,0,wide,0,1,0,0,0,0,0\n")  # fmt: skip
    data_set.write("train-annotations-object-segmentation.csv", "MaskPath,ImageID,LabelName\nm.png,a,/m/0\n")
    records = read_labels(data_set.root)
    assert records.boxes_or_images.empty
    reasons = " ".join(reason for _, _, reason in look.reported(records, "left out"))
    for part in (
        "'maybe'",
        "broken.jpg cannot be read",
        "no image 'train/far.jpg'",
        "coordinates that are no numbers",
    ):
        assert part in reasons
    noted = {file: reason for file, _, reason in look.reported(records, "noted")}
    assert noted["train-annotations-object-segmentation.csv"].endswith("it is not read.")


def test_codes_are_the_names_without_descriptions(data_set, look):
    data_set.image("a.jpg")
    path = data_set.write("labels.csv", f"{LABELS}\na,x,/m/0,1\na,x,/m/1,1\n")
    records = read_labels(path)
    assert look.labels(records) == [("a.jpg", "/m/0"), ("a.jpg", "/m/1")]
    assert len(look.reported(records, "noted")) == 1


def test_a_table_without_the_columns_is_reported(data_set, look):
    path = data_set.write("a.csv", "image,label\na.png,cat\n")
    assert detect_format(path) == "table"
    assert "has no column ImageID" in look.reported(read_labels(path, "open_images"), "left out")[0][2]
    with pytest.raises(ValueError, match="Unknown format"):
        read_labels(path, "openimages")
