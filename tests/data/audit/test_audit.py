import pandas as pd
import pytest

from imgcls.data.audit import KINDS, Finding, find_problems, findings_table
from imgcls.data.audit.cleaning import clean
from imgcls.data.duplicates.near_duplicates import near_duplicate_groups
from imgcls.data.inspection.inspect import inspect
from imgcls.data.manifest.table import NO_LABEL, SET_ASIDE, Manifest
from imgcls.data.sources.load import load_manifest


def manifest_of(*rows: dict) -> Manifest:
    """A manifest as the inspection leaves it; each row is another whole image unless it says something else."""
    plain = {"label": "cat", "split": "", "width": 100, "height": 80, "format": "JPEG", "perceptual_hash": ""}
    made = [plain | {"image": f"{i}.jpg", "sha256": f"{i}"} | row for i, row in enumerate(rows)]
    made = [{"perceptual_hash": "", **row} for row in made]
    return Manifest.from_records(pd.DataFrame(made), "/nowhere")


def findings_of(manifest: Manifest, kind: str) -> list[Finding]:
    return [finding for finding in find_problems(manifest) if finding.kind == kind]


BOX = {"x_min": 10.0, "y_min": 10.0, "x_max": 50.0, "y_max": 40.0}


def test_what_a_person_has_still_to_decide_is_no_broken_file():
    manifest = manifest_of({}, {"problems": NO_LABEL}, {"problems": SET_ASIDE}, {"problems": "a damaged JPEG file"})
    assert [finding.images for finding in findings_of(manifest, "unusable")] == [("3.jpg",)]
    assert manifest.problems["image"].tolist() == ["3.jpg"]
    assert manifest.waiting == 1


@pytest.mark.parametrize(
    ("kind", "rows", "images"),
    [
        ("unusable", [{"problems": "a damaged JPEG file", "width": 0}], ["0.jpg"]),
        ("too large", [{"problems": "a header above the limit of 100,000,000 pixels"}], ["0.jpg"]),
        ("wrong extension", [{"format": "PNG"}, {"image": "b.JPeG"}], ["0.jpg"]),
        ("tiny", [{"height": 15}], ["0.jpg"]),
        ("extreme aspect", [{"width": 229, "height": 80}, {"width": 228, "height": 80}], ["0.jpg"]),
        ("one colour", [{}, {"perceptual_hash": "00ff00ff00ff00ff"}], ["0.jpg"]),
        ("damaged", [{"traits": "zeros"}], ["0.jpg"]),
        ("CMYK", [{"traits": "CMYK, turned"}], ["0.jpg"]),
        ("turned", [{"traits": "CMYK, turned"}], ["0.jpg"]),
        ("exact copies", [{"sha256": "same"}, {"sha256": "same"}], ["0.jpg", "1.jpg"]),
        ("near copies", [{"perceptual_hash": "0" * 16}, {"perceptual_hash": "0" * 15 + "7"}], ["0.jpg", "1.jpg"]),
        ("empty box", [BOX | {"x_max": 10.0}], ["0.jpg"]),
        ("empty box", [BOX | {"x_min": 120.0, "x_max": 150.0}], ["0.jpg"]),
        ("box outside", [BOX | {"x_max": 101.0}, BOX | {"y_max": 80.4}], ["0.jpg"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_image_is_found(kind, rows, images):
    (finding,) = findings_of(manifest_of(*rows), kind)
    assert list(finding.images) == images
    assert finding.why
    assert finding.advice == KINDS[kind].advice


def test_in_the_sample_a_black_shirt_is_found_and_nothing_else():
    manifest = load_manifest("fashion_mini")
    test = manifest.table[manifest.table["split"] == "test"]
    assert len(test) == 500
    (finding,) = find_problems(inspect(Manifest(test.reset_index(drop=True), manifest.root)))
    assert (finding.kind, finding.images) == ("dark", ("test/tshirt_top/05023.png",))


@pytest.mark.parametrize("how", [{"sha256": "same"}, {"perceptual_hash": "00ff00ff00ff00ff"}])
def test_a_copy_in_another_split_is_a_leak(how):
    manifest = manifest_of({"split": "train"} | how, {"split": "test"} | how, {"split": "test"})
    (finding,) = findings_of(manifest, "same image in two splits")
    assert finding.images == ("0.jpg", "1.jpg")
    assert finding.severity == "error"
    assert "test and train" in finding.why


def test_one_image_with_two_labels_contradicts_itself():
    manifest = manifest_of({"sha256": "x"}, {"sha256": "x", "label": "dog"}, {"label": "dog"})
    (finding,) = findings_of(manifest, "same image, two labels")
    assert finding.images == ("0.jpg", "1.jpg")
    assert "'cat' and 'dog'" in finding.why


def test_two_boxes_in_one_image_may_have_two_labels_but_one_box_may_not():
    first = BOX | {"image": "a.jpg"}
    other = first | {"x_max": 60.0, "label": "dog"}
    assert not findings_of(manifest_of(first, other), "same image, two labels")
    assert not findings_of(manifest_of(first, other), "exact copies")
    assert findings_of(manifest_of(first, first | {"label": "dog"}), "same image, two labels")


def test_what_is_wrong_with_classes_is_found():
    rows = [{"label": "cat", "split": split} for split in ["train"] * 44 + ["validation"] * 4 + ["test"] * 4]
    rows += [{"label": "Cat ", "split": "train"}] * 5 + [
        {"label": "dog", "split": split} for split in ("train", "test")
    ]
    rows = [row | {"image": f"{i}.jpg"} for i, row in enumerate(rows)]
    found = {kind: [f.why for f in findings_of(manifest_of(*rows), kind)]
             for kind in ("class not in a split", "few examples", "imbalance", "names alike")}  # fmt: skip
    assert found["class not in a split"] == [
        "'Cat ' has no usable image in the validation split",
        "'dog' has no usable image in the validation split",
        "'Cat ' has no usable image in the test split",
    ]
    assert found["few examples"] == ["'Cat ' has 5; expected at least 20", "'dog' has 2; expected at least 20"]
    assert found["imbalance"] == ["26 to 1: 52 of 'cat', 2 of 'dog'"]
    assert found["names alike"] == ["'cat' (52) and 'Cat ' (5)"]


def test_a_class_that_is_too_small_to_be_divided_is_an_error():
    (finding,) = findings_of(manifest_of(*[{}] * 5, *[{"label": "dog"}] * 3), "too few for a class")
    assert finding.why == "'dog' has 3; expected at least 4 to divide"


def test_the_gravest_comes_first_in_the_table():
    table = findings_table(find_problems(manifest_of({"traits": "alpha"}, {"format": "PNG"}, {"problems": "broken"})))
    assert table["severity"].tolist() == sorted(table["severity"], key=["error", "warning", "note"].index)
    assert table.iloc[0][["kind", "images"]].tolist() == ["unusable", "2.jpg"]


def test_what_the_importer_told_is_in_the_findings():
    reported = pd.DataFrame([("a.json", "7", "no such image", "left out"), ("", "", "a remark", "noted")],
                        columns=["file", "line", "reason", "effect"])  # fmt: skip
    reported = [
        (f.severity, f.why)
        for f in find_problems(manifest_of({}), reported=reported)
        if f.kind.startswith("annotation")
    ]
    assert reported == [("warning", "a.json, line 7: no such image"), ("note", "a remark")]


def cleaned(*rows: dict) -> tuple[list[str], dict[str, str]]:
    """The images that are left, and the reasons by image."""
    manifest = manifest_of(*rows)
    before = manifest.table.copy()
    result, effects = clean(manifest, near_duplicate_groups(manifest))
    pd.testing.assert_frame_equal(manifest.table, before)
    return result.table["image"].tolist(), dict(zip(effects["image"], effects["reason"], strict=True))


def test_cleaning_keeps_one_copy_the_one_in_the_test_split_or_the_largest():
    left, reasons = cleaned(
        {"sha256": "x", "split": "train"}, {"sha256": "x", "split": "test", "width": 90}, {"sha256": "y"},
        {"sha256": "y", "width": 200},
    )  # fmt: skip
    assert left == ["1.jpg", "3.jpg"]
    assert reasons == {"0.jpg": "a copy of 1.jpg", "2.jpg": "a copy of 3.jpg"}


def test_cleaning_leaves_out_what_contradicts_itself_is_broken_or_empty():
    left, reasons = cleaned(
        {"sha256": "x"}, {"sha256": "x", "label": "dog"}, {"problems": "broken"}, BOX | {"x_max": 10.0}, {}
    )
    assert left == ["4.jpg"]
    assert reasons == {
        "0.jpg": "the same image has another label too",
        "1.jpg": "the same image has another label too",
        "2.jpg": "broken",
        "3.jpg": "its box is empty",
    }


def test_cleaning_cuts_boxes_and_makes_one_name_of_two():
    manifest = manifest_of(BOX | {"x_max": 130.0}, {"label": "CAT"})
    result, effects = clean(manifest, near_duplicate_groups(manifest))
    assert result.table["x_max"].tolist()[0] == 100
    assert result.class_names == ["CAT"]
    assert effects["effect"].tolist() == ["changed", "changed"]


def test_a_cleaned_manifest_has_nothing_to_clean():
    rows = [
        {"sha256": "x", "split": "train"},
        {"sha256": "x", "split": "test"},
        BOX | {"x_max": 300.0},
        {"label": "Cat"},
    ]
    manifest = manifest_of(*rows, {"problems": "broken"})
    result, effects = clean(manifest, near_duplicate_groups(manifest))
    assert len(effects) == 4
    again, effects = clean(result, near_duplicate_groups(result))
    assert effects.empty
    pd.testing.assert_frame_equal(again.table, result.table)


def test_advice_that_names_a_flag_has_a_form_without():
    for kind in KINDS.values():
        assert bool(kind.without_flags) == ("--" in kind.advice)
        assert "--" not in kind.without_flags
