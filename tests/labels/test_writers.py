"""Export and back: what a format can hold survives, and what it cannot hold is reported."""

import csv
import json

import numpy as np
import pandas as pd
import pytest

from imgcls.labels import WRITERS, Records, read_labels, write_labels
from imgcls.labels.records import BOX, typed
from imgcls.labels.writing import count_kept

NO_PROBLEMS = pd.DataFrame(columns=["file", "line", "reason", "effect"])
SIZE = {"width": 64, "height": 48}
EVERYTHING = {"difficult": True, "occluded": True, "truncated": True, "annotator": "anna"}


def box(*corners: float) -> dict:
    return dict(zip(BOX, corners, strict=True))


@pytest.fixture
def records(data_set) -> Records:
    data_set.image("a/1.png", "b/1.png", "b/фото 2.png", "bare.png", "whole.png")
    attributes = json.dumps({"colour": "red", "count": 3, "note": "7"}, sort_keys=True)
    rows = [
        {"image": "a/1.png", "label": " кот & <dog>", "split": "train"} | box(1.25, 2.5, 30.125, 40) | EVERYTHING,
        {"image": "a/1.png", "label": "=1+2", "split": "train", "attributes": attributes} | box(0, 0, 64, 48),
        {"image": "b/1.png", "label": "7", "split": "validation"} | box(3, 4, 5, 6),
        {"image": "b/фото 2.png", "label": "=1+2", "split": "test"} | box(10, 10, 20, 20),
        {"image": "bare.png", "label": "", "split": "train"},
        {"image": "whole.png", "label": "@whole", "split": "test"},
    ]
    return Records(typed([row | SIZE | {"source": "test"} for row in rows]), NO_PROBLEMS, data_set.root)


def comparable(records: Records, prefix: str = "", without: tuple[str, ...] = ()) -> pd.DataFrame:
    """The rows in a fixed order, and without what the format cannot hold."""
    rows = records.boxes_or_images.copy()
    rows["image"] = rows["image"].str.removeprefix(prefix)
    rows = rows.sort_values(["image", "label", "x_min"]).reset_index(drop=True)
    return rows.drop(columns=["source", *without])


def test_coco_holds_everything(records, tmp_path):
    assert write_labels(records, tmp_path / "out", "coco").empty
    back = read_labels(tmp_path / "out", "coco")
    pd.testing.assert_frame_equal(comparable(back), comparable(records), rtol=1e-12)
    assert back.problems.empty


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_pycocotools_reads_what_is_written(records, tmp_path, capsys):
    from pycocotools import coco

    write_labels(records, tmp_path / "out", "coco")
    file = coco.COCO(tmp_path / "out" / "instances_train.json")
    (image_id,) = file.getImgIds(catIds=file.getCatIds(catNms=["=1+2"]))
    assert file.loadImgs(image_id)[0]["file_name"] == "a/1.png"
    assert len(file.getAnnIds(imgIds=image_id, areaRng=[1200, 5000])) == 1
    found = file.loadRes([{"image_id": image_id, "category_id": 1, "bbox": [1, 1, 5, 5], "score": 0.5}])
    assert len(found.getAnnIds()) == 1


def test_voc_holds_boxes_and_whole_images(records, tmp_path):
    assert write_labels(records, tmp_path / "out", "voc").empty
    back = read_labels(tmp_path / "out", "voc")
    expected, got = comparable(records), comparable(back, "JPEGImages/")
    assert got.loc[got["label"] == "@whole", ["width", "height"]].to_numpy().sum() == 0  # a list has no sizes
    pd.testing.assert_frame_equal(got.drop(columns=["width", "height"]), expected.drop(columns=["width", "height"]))
    assert back.problems.empty


def test_labelimg_readable_voc_has_its_elements(records, tmp_path):
    write_labels(records, tmp_path / "out", "voc")
    text = (tmp_path / "out" / "Annotations" / "a" / "1.xml").read_text("utf-8")
    assert "<filename>1.png</filename>" in text
    assert "<xmin>1.25</xmin>" in text
    listed = (tmp_path / "out" / "ImageSets" / "Main" / "@whole_test.txt").read_text("utf-8")
    assert listed == "b/фото 2 -1\nwhole  1\n"


def test_yolo_holds_boxes_and_tells_the_rest(records, tmp_path):
    problems = write_labels(records, tmp_path / "out", "yolo")
    back = read_labels(tmp_path / "out", "yolo")
    lost = ("difficult", "occluded", "truncated", "annotator", "attributes")
    expected = comparable(records, without=lost)
    expected = expected.assign(label=expected["label"].replace("@whole", ""))
    got = comparable(back, "images/", lost)
    np.testing.assert_allclose(got[BOX], expected[BOX], atol=1e-4)
    pd.testing.assert_frame_equal(got.drop(columns=BOX), expected.drop(columns=BOX))
    reported = " ".join(problems["reason"])
    assert all(repr(column) in reported for column in lost)
    assert problems["file"].tolist().count("whole.png") == 1


@pytest.mark.parametrize("format", WRITERS)
def test_what_a_writer_says_it_keeps_is_what_comes_back(records, tmp_path, format):
    extra = typed([{"image": "b/1.png", "label": "a/b", "split": "validation"} | SIZE])
    rows = pd.concat([records.boxes_or_images, extra], ignore_index=True).assign(split="train")
    records = Records(rows, NO_PROBLEMS, records.root)
    write_labels(records, tmp_path / "out", format)
    back = read_labels(tmp_path / "out", {"csv": "table"}.get(format, format)).boxes_or_images
    assert count_kept(records, format) == ((back["label"] != "").sum(), 6)
    assert WRITERS[format].holds.endswith(".")


@pytest.mark.parametrize("format", WRITERS)
def test_a_format_that_would_lose_every_label_is_refused(data_set, tmp_path, format):
    data_set.image("a.png")
    label = {"yolo": "cat", "voc": "a/b", "folders": "a/b"}.get(format, "cat")
    records = Records(typed([{"image": "a.png", "label": label} | SIZE]), NO_PROBLEMS, data_set.root)
    if format in ("coco", "csv"):
        assert write_labels(records, tmp_path / "out", format).empty
        return
    with pytest.raises(
        ValueError, match=r"cannot hold any of the 1 label here.* Choose another format: COCO \(coco\), "
    ):
        write_labels(records, tmp_path / "out", format)
    assert not (tmp_path / "out").exists()


def test_csv_holds_everything_and_no_formula(records, tmp_path):
    assert write_labels(records, tmp_path / "out", "csv").empty
    back = read_labels(tmp_path / "out", "table")
    pd.testing.assert_frame_equal(comparable(back), comparable(records))
    with (tmp_path / "out" / "labels.csv").open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert "'=1+2" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_folders_hold_a_label_an_image(records, data_set, tmp_path):
    data_set.image("c/1.png")
    more = typed([{"image": "c/1.png", "label": "7", "split": split} for split in ("train", "validation")])
    more.loc[0, "image"] = "whole.png"
    rows = pd.concat([records.boxes_or_images[lambda rows: rows["image"] != "whole.png"], more], ignore_index=True)
    problems = write_labels(Records(rows, NO_PROBLEMS, records.root), tmp_path / "out", "folders")
    back = read_labels(tmp_path / "out", "folders").boxes_or_images
    assert set(zip(back["image"], back["label"], back["split"], strict=True)) == {
        ("validation/7/1.png", "7", "validation"),
        ("validation/7/c_1.png", "7", "validation"),
        ("test/=1+2/фото 2.png", "=1+2", "test"),
        ("train/7/whole.png", "7", "train"),
    }
    assert {"a/1.png", "bare.png"} <= set(problems["file"])
    assert any("no place for boxes" in reason for reason in problems["reason"])


def test_names_that_differ_only_by_their_suffix_stay_two(data_set, tmp_path, look):
    data_set.image("a.png", "a.jpg")
    rows = [{"image": name, "label": name} | box(1, 1, 9, 9) | SIZE for name in ("a.png", "a.jpg")]
    records = Records(typed(rows), NO_PROBLEMS, data_set.root)
    for format in ("yolo", "voc"):
        problems = write_labels(records, tmp_path / format, format)
        assert {label for _, label in look.labels(read_labels(tmp_path / format, format))} == {"a.png", "a.jpg"}
        assert "a_jpg.jpg" in problems["reason"].iloc[0]


def test_a_class_that_cannot_name_a_file_is_reported(data_set, tmp_path):
    data_set.image("a.png")
    data_set.image("b.png")
    rows = [{"image": "a.png", "label": "../up"}, {"image": "b.png", "label": "down"}]
    records = Records(typed(rows), NO_PROBLEMS, data_set.root)
    for format in ("folders", "voc"):
        problems = write_labels(records, tmp_path / "out" / format, format)
        assert "../up" in problems["reason"].iloc[0]
    assert not (tmp_path / "up").exists()


def test_nothing_is_overwritten_and_half_an_export_is_never_seen(records, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(FileExistsError, match="something at"):
        write_labels(records, tmp_path / "out", "coco")
    records.boxes_or_images.loc[0, "split"] = ""
    with pytest.raises(ValueError, match="Give all of them one"):
        write_labels(records, tmp_path / "new", "folders")
    assert [path.name for path in tmp_path.iterdir() if "new" in path.name] == []
    with pytest.raises(ValueError, match="Did you mean 'yolo'"):
        write_labels(records, tmp_path / "new", "yolov5")
