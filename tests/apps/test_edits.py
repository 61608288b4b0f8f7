"""Changes of images and labels."""

import numpy as np
import pandas as pd
import pytest
from projects.edits import (
    all_classes,
    bring_back,
    drop_class,
    merge_classes,
    rename_class,
    set_aside,
    set_label,
    set_split,
)
from projects.versions import NO_LABEL, SET_ASIDE

from imgcls.data.manifest.table import Manifest


@pytest.fixture
def pets() -> Manifest:
    """Two cats, a dog, an image of both, one without a label, and one that cannot be read."""
    rows = pd.DataFrame(
        {
            "image": [f"{name}.png" for name in "abcdef"],
            "labels": [["cat"], ["cat"], ["dog"], ["cat", "dog"], [], ["cat"]],
            "split": ["train", "train", "test", "train", "", ""],
            "problems": ["", "", "", "", NO_LABEL, "a damaged PNG file"],
            "agreement": [0.5, 1.0, 1.0, 1.0, np.nan, np.nan],
        }
    )
    return Manifest.from_records(rows, "photos")


def labels(manifest: Manifest) -> list[list[str]]:
    return [list(names) for names in manifest.table["labels"]]


def test_a_class_gets_another_name_in_every_row(pets):
    renamed = rename_class(pets, "cat", " tom  cat ")
    assert labels(renamed) == [["tom cat"], ["tom cat"], ["dog"], ["tom cat", "dog"], [], ["tom cat"]]
    assert renamed.table["label"].tolist() == ["tom cat", "tom cat", "dog", "tom cat", "", "tom cat"]
    assert pets.class_names == ["cat", "dog"]  # what came in is as it was


def test_a_class_of_odd_spaces_is_not_made_twice(pets):
    odd = {"a.png": "big  cat", "b.png": "big  cat"}
    table = pets.table.copy()
    table["label"] = table["image"].map(odd).fillna(table["label"])
    table["labels"] = [[odd[image]] if image in odd else names for image, names in table[["image", "labels"]].values]
    pets = Manifest(table, pets.root)
    assert labels(set_label(pets, [2], "big  cat"))[2] == ["big  cat"]
    assert labels(merge_classes(pets, ["dog"], "big  cat"))[2] == ["big  cat"]
    assert labels(rename_class(pets, "big  cat", " big  cat "))[0] == ["big cat"]


def test_a_name_that_is_taken_missing_or_empty_is_refused(pets):
    with pytest.raises(ValueError, match="a class 'dog' already"):
        rename_class(pets, "cat", "dog")
    with pytest.raises(ValueError, match=r"no class 'cta'\. Did you mean 'cat'"):
        rename_class(pets, "cta", "lion")
    with pytest.raises(ValueError, match="no name yet"):
        merge_classes(pets, ["cat"], "  ")


def test_merged_classes_are_one_and_an_image_has_it_once(pets):
    merged = merge_classes(pets, ["cat", "dog"], "pet")
    assert labels(merged) == [["pet"]] * 4 + [[], ["pet"]]
    assert labels(merge_classes(pets, ["cat"], "dog"))[3] == ["dog"]


def test_images_of_a_dropped_class_are_left_out_and_wait_for_a_label(pets):
    dropped = drop_class(pets, "cat")
    assert labels(dropped) == [[], [], ["dog"], ["dog"], [], []]
    expected = [SET_ASIDE, SET_ASIDE, "", "", NO_LABEL, "a damaged PNG file"]
    assert dropped.table["problems"].tolist() == expected
    assert bring_back(dropped, range(6)).table["problems"].tolist()[:2] == [NO_LABEL, NO_LABEL]
    assert dropped.class_names == ["dog"]


def test_a_label_takes_the_place_of_others_and_of_none(pets):
    labelled = set_label(pets, [0, 3, 4], "bird")
    assert labels(labelled) == [["bird"], ["cat"], ["dog"], ["bird"], ["bird"], ["cat"]]
    assert labelled.table["problems"].tolist() == ["", "", "", "", "", "a damaged PNG file"]
    assert np.isnan(labelled.table["agreement"][0])  # of the annotators with the old label
    unlabelled = set_label(labelled, [0], "")
    assert (unlabelled.table["label"][0], unlabelled.table["problems"][0]) == ("", NO_LABEL)


def test_left_out_and_brought_back(pets):
    aside = set_aside(pets, [0, 4, 5])
    assert aside.table["problems"].tolist() == [SET_ASIDE, "", "", "", SET_ASIDE, "a damaged PNG file"]
    assert bring_back(aside, [0, 4, 5]).table.equals(pets.table)


def test_splits_are_set(pets):
    assert set_split(pets, [0, 4], "validation").table["split"].tolist()[:5:4] == ["validation", "validation"]
    with pytest.raises(ValueError, match="no split 'half'"):
        set_split(pets, [0], "half")


def test_rows_that_are_not_there_are_refused(pets):
    with pytest.raises(ValueError, match="no image 6 among 6"):
        set_aside(pets, [1, 6])


def test_fifty_thousand_rows_are_no_wait(tmp_path):
    count = 50_000
    names = [f"class {number % 100}" for number in range(count)]
    rows = pd.DataFrame({"image": [f"{number}.png" for number in range(count)], "label": names})
    Manifest.from_records(rows, tmp_path).save(tmp_path / "m.parquet")
    manifest = Manifest.load(tmp_path / "m.parquet")
    for edit in (
        lambda m: rename_class(m, "class 1", "one"),
        lambda m: merge_classes(m, ["class 2", "class 3"], "two"),
        lambda m: drop_class(m, "class 4"),
        lambda m: set_label(m, range(20_000), "many"),
        lambda m: set_aside(m, range(30_000)),
    ):
        assert len(edit(manifest).table) == count
    assert len(all_classes(manifest)) == 100
