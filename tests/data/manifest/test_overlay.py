import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imgcls.data.manifest.table import Manifest
from imgcls.labels.records import BOX


@pytest.fixture
def manifest() -> Manifest:
    rows = [
        {"image": "a/1.png", "label": "cat", "agreement": 0.6},
        {"image": "b/1.png", "label": "dog"},
        {"image": "b/2.png", "label": "dog"},
        {"image": "sheet.png", "label": "cat", "x_min": 0, "y_min": 0, "x_max": 10, "y_max": 10.4},
        {"image": "sheet.png", "label": "cat", "x_min": 10, "y_min": 0, "x_max": 20, "y_max": 10},
    ]
    return Manifest.from_records(pd.DataFrame(rows), "/data/photos", boxes="crop")


def laid(manifest, tmp_path, *lines: str):
    (tmp_path / "fix.csv").write_bytes("\n".join(lines).encode())
    return manifest.with_overlay(tmp_path / "fix.csv")


def labels(manifest) -> list[tuple[str, str]]:
    return list(zip(manifest.table["image"], manifest.table["label"], strict=True))


def test_images_are_found_by_path_absolute_path_windows_path_and_bare_name(manifest, tmp_path):
    fixed, reported = laid(
        manifest, tmp_path, "image,label", "a/1.png,dog", "/data/photos/b/1.png,cat", r"C:\x\2.png,cat"
    )
    assert labels(fixed)[:3] == [("a/1.png", "dog"), ("b/1.png", "cat"), ("b/2.png", "cat")]
    assert reported.empty
    assert fixed.table["labels"].tolist()[:3] == [["dog"], ["cat"], ["cat"]]
    assert np.isnan(fixed.table["agreement"][0])  # nobody agreed on the new label
    assert labels(manifest)[0] == ("a/1.png", "cat")
    assert fixed.table.attrs == {"boxes": "crop"}


def test_a_name_that_two_images_share_is_told(manifest, tmp_path):
    fixed, reported = laid(manifest, tmp_path, "image,label", "1.png,dog")
    assert labels(fixed) == labels(manifest)
    assert reported["reason"][0] == (
        "'1.png' could be any of 2 images, such as a/1.png and b/1.png; the decision is left out."
    )
    assert reported["line"][0] == "2"


def test_one_of_several_boxes_is_named_by_its_corners(manifest, tmp_path):
    lines = (
        ",".join(["image", "label", *BOX]),
        "sheet.png,dog,0,0,10,10",
        "sheet.png,dog,,,,",
        "sheet.png,dog,1,1,2,2",
    )
    fixed, reported = laid(manifest, tmp_path, *lines)
    assert [label for image, label in labels(fixed) if image == "sheet.png"] == ["dog", "cat"]
    assert reported["reason"].str.contains("has 2 boxes; name one with x_min").tolist() == [True, False]
    assert "has no such box" in reported["reason"][1]


def test_the_last_decision_wins_and_dropped_examples_are_told(manifest, tmp_path):
    lines = ("image,label,note", "a/1.png,dog,", "a/1.png,,no", "b/1.png,drop,", "b/2.png,,", "b/2.png,cat,yes")
    fixed, reported = laid(manifest, tmp_path, *lines)
    assert labels(fixed)[0] == ("b/2.png", "cat")
    assert reported["file"].tolist() == ["a/1.png", "b/1.png"]
    assert (reported["effect"] == "left out").all()


def test_a_class_called_drop_is_a_class(tmp_path):
    rows = [{"image": "1.png", "label": "drop"}, {"image": "2.png", "label": "rain"}]
    fixed, _ = laid(Manifest.from_records(pd.DataFrame(rows), "/x"), tmp_path, "image,label", "2.png,drop")
    assert labels(fixed) == [("1.png", "drop"), ("2.png", "drop")]


@pytest.mark.parametrize(
    ("lines", "sentence"), [(["picture,label"], "has no column image; it has picture, label"), ([], "header line")]
)
def test_a_file_of_another_form_is_refused(manifest, tmp_path, lines, sentence):
    with pytest.raises(ValueError, match=sentence):
        laid(manifest, tmp_path, *lines)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.text(alphabet='image,label\n"01ab./\\é=', max_size=120).map(str.encode))
def test_any_bytes_are_decisions_or_a_clear_refusal(manifest, tmp_path, data):
    (tmp_path / "fix.csv").write_bytes(b"image,label\n" + data)
    try:
        fixed, reported = manifest.with_overlay(tmp_path / "fix.csv")
    except ValueError as error:
        fixed, reported, refusal = manifest, pd.DataFrame({"effect": []}), str(error)
    else:
        refusal = "fix.csv"
    assert "fix.csv" in refusal
    assert set(fixed.table["label"]) <= {"cat", "dog"}
    assert set(reported["effect"]) <= {"left out", "changed", "noted"}
