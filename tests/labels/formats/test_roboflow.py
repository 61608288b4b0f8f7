"""Roboflow: https://docs.roboflow.com/datasets/dataset-versions/exporting-data, "Multi-Label Classification CSV"."""

import pytest

from imgcls.labels import detect_format, read_labels


def test_a_column_a_class_in_the_folders_of_the_splits(data_set, look):
    data_set.image("train/a.jpg", "train/b.jpg", "valid/a.jpg")
    data_set.write("train/_classes.csv", "filename, cat, big dog\na.jpg, 1, 1\nb.jpg, 0, 0\n")
    data_set.write("valid/_classes.csv", "filename, cat, big dog\na.jpg, 0, 1\na.jpg, 2, 0\n")
    assert detect_format(data_set.root) == "roboflow"
    records = read_labels(data_set.root)
    rows = records.boxes_or_images
    assert set(zip(rows["image"], rows["label"], rows["split"], strict=True)) == {
        ("train/a.jpg", "cat", "train"),
        ("train/a.jpg", "big dog", "train"),
        ("train/b.jpg", "", "train"),
        ("valid/a.jpg", "big dog", "validation"),
    }
    assert look.reported(records, "left out") == [
        ("valid/_classes.csv", "3", "expected 0 or 1 for 'cat', got '2'; left out.")
    ]


def test_another_table_of_this_name_is_refused(data_set):
    data_set.write("_classes.csv", "name,cat\na.jpg,1\n")
    with pytest.raises(ValueError, match="no list of classes"):
        read_labels(data_set.root)
