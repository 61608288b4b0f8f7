from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL.ImageOps import mirror

from imgcls.data.inspection.inspect import inspect
from imgcls.data.manifest.table import Manifest
from imgcls.data.sources.load import load_manifest
from imgcls.data.splits.assign import assign_splits, folds, split_hash
from imgcls.data.splits.leaks import find_leaks
from imgcls.data.splits.units import units_of
from tests.data.image_samples import cropped, encoded, photos, write


def manifest_of(rows: list[dict]) -> Manifest:
    return Manifest.from_records(pd.DataFrame(rows), "/nowhere")


def grouped(counts: dict[str, int], images_a_group: int) -> Manifest:
    rows = [{"image": f"{label}/{i}.jpg", "label": label, "group": f"{label} {i // images_a_group}"}
            for label, count in counts.items() for i in range(count)]  # fmt: skip
    return manifest_of(rows)


def splits_of(manifest: Manifest, column: str) -> dict[str, set[str]]:
    return manifest.table.groupby(column)["split"].agg(set).to_dict()


def test_a_group_is_in_one_split_and_the_shares_are_kept():
    manifest = assign_splits(grouped({"cat": 200, "dog": 100}, 5), 0.2, 0.2, seed=0)
    assert all(len(splits) == 1 for splits in splits_of(manifest, "group").values())
    assert manifest.counts().loc["cat"].to_dict() == {"train": 130, "validation": 30, "test": 40}
    assert manifest.counts().loc["dog"].to_dict() == {"train": 65, "validation": 15, "test": 20}


def test_a_patient_with_several_classes_is_in_one_split_and_each_class_is_divided():
    random = np.random.default_rng(0)
    rows = [{"image": f"{i}.jpg", "label": str(random.choice(["a", "b", "c"], p=[0.6, 0.3, 0.1])),
             "group": f"patient {random.integers(60)}"} for i in range(900)]  # fmt: skip
    manifest = assign_splits(manifest_of(rows), 0.2, 0.2, seed=3)
    assert all(len(splits) == 1 for splits in splits_of(manifest, "group").values())
    shares = manifest.counts().div(manifest.counts().sum(axis=1), axis=0)
    assert np.abs(shares["test"] - 0.2).max() < 0.06
    assert np.abs(shares["validation"] - 0.16).max() < 0.06


def test_copies_and_crops_stay_together():
    rows = [{"image": f"{i}.jpg", "label": "ab"[i % 2], "sha256": f"{i // 4}"}
            for i in range(80)]  # fmt: skip
    rows += [{"image": "sheet.png", "label": label, "x_min": i, "y_min": 0, "x_max": i + 1, "y_max": 1}
             for i, label in enumerate("abab")]  # fmt: skip
    manifest = assign_splits(manifest_of(rows), 0.2, 0.2, seed=0)
    for column in ("sha256", "image"):
        assert all(len(splits) == 1 for splits in splits_of(manifest, column).values())


def test_images_that_differ_in_few_bits_of_their_hash_stay_together():
    hashes = [(i // 2) * 0x9E3779B97F4A7C15 % 2**64 ^ i % 2 for i in range(60)]  # pairs that differ in one bit
    rows = [{"image": f"{i}.jpg", "label": "ab"[i % 2], "perceptual_hash": f"{number:016x}"}
            for i, number in enumerate(hashes)]  # fmt: skip
    units = units_of(manifest_of(rows))
    assert units.nunique() == 30
    assert (units[::2].to_numpy() == units[1::2].to_numpy()).all()


def test_mirrored_copies_and_crops_of_one_class_stay_together(tmp_path, monkeypatch):
    monkeypatch.setenv("IMGCLS_CACHE", str(tmp_path / "cache"))
    for name, image in photos().items():
        if name != "rocket":
            write(tmp_path / "a", {f"{name}_1.png": encoded(image, "PNG"), f"{name}_2.jpg": encoded(mirror(image)),
                                   f"{name}_3.jpg": encoded(cropped(image, 0.1))})  # fmt: skip
    rocket = photos()["rocket"]
    write(tmp_path, {"left/rocket.jpg": encoded(rocket), "right/rocket.jpg": encoded(mirror(rocket))})
    manifest = inspect(load_manifest(tmp_path))
    units = units_of(manifest).groupby(manifest.table["image"].str.split("[_.]").str[0]).nunique()
    assert units.eq(1).all()
    assert units_of(manifest).nunique() == len(photos()) + 1  # a rocket that flies to the left, and one to the right


def test_a_unit_joins_what_is_related_in_either_way():
    rows = [
        {"image": "1", "label": "a", "group": "g"},
        {"image": "2", "label": "a", "group": "g", "sha256": "x"},
        {"image": "3", "label": "a", "sha256": "x"},
        {"image": "4", "label": "a"},
    ]
    assert units_of(manifest_of(rows)).tolist() == [0, 0, 0, 1]


def test_sizes_may_be_counts():
    manifest = assign_splits(grouped({"cat": 300, "dog": 90, "emu": 9}, 1), 20, 40, seed=0)
    counts = manifest.counts()
    assert counts[["test", "validation"]].sum().to_dict() == {"test": 40, "validation": 20}
    assert counts["test"].to_dict() == {"cat": 30, "dog": 9, "emu": 1}
    with pytest.raises(ValueError, match="at least 3, an image of each class"):
        assign_splits(grouped({"cat": 30, "dog": 9, "emu": 9}, 1), 0.2, 2, seed=0)


def test_what_cannot_be_divided_is_said_with_what_to_do():
    with pytest.raises(ValueError, match="'dog' has its 40 images in one part that stays together"):
        assign_splits(grouped({"cat": 200, "dog": 40}, 40), 0.2, 0.2, seed=0)


def test_large_groups_are_taken_where_nothing_smaller_is():
    counts = assign_splits(grouped({"cat": 90, "dog": 90}, 30), 0.1, 0.1, seed=0).counts()
    assert counts.to_numpy().tolist() == [[30, 30, 30]] * 2


def test_new_images_do_not_move_groups():
    before, after = (
        assign_splits(grouped({"cat": count}, 4), 0.2, 0.2, seed=0).table.set_index("image")["split"]
        for count in (400, 440)
    )
    assert (before == after[before.index]).mean() > 0.9


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 25), st.booleans()), min_size=1, max_size=120),
    st.sampled_from([0.1, 0.3, 5]),
    st.integers(0, 5),
)
def test_any_table_is_divided_soundly_or_refused(rows, size, seed):
    table = [{"image": f"{i}", "label": label, "group": f"{group}" if grouped_ else ""}
             for i, (label, group, grouped_) in enumerate(rows)]  # fmt: skip
    manifest = manifest_of(table)
    try:
        divided = assign_splits(manifest, size, size, seed)
    except ValueError:
        return
    assert set(divided.table["split"]) == {"train", "validation", "test"}
    assert (divided.counts() > 0).to_numpy().all()
    assert divided.counts()["train"].min() >= 2
    groups = divided.table[divided.table["group"] != ""].groupby("group")["split"].nunique()
    assert (groups == 1).all()
    assert assign_splits(manifest, size, size, seed).table["split"].equals(divided.table["split"])


@pytest.mark.parametrize("images_a_group", [1, 3])
def test_folds_are_equal_parts_that_divide_no_group_and_leave_the_test_alone(images_a_group):
    manifest = assign_splits(grouped({"cat": 150, "dog": 75}, images_a_group), 0.2, 0.2, seed=0)
    test = set(manifest.split("test")["image"])
    seen = Counter()
    for fold in folds(manifest, 5, seed=0):
        assert set(fold.split("test")["image"]) == test
        assert all(len(splits) == 1 for splits in splits_of(fold, "group").values())
        seen.update(fold.split("validation")["image"])
        assert abs(fold.counts().loc["cat", "validation"] - 24) <= images_a_group
        assert abs(fold.counts().loc["dog", "validation"] - 12) <= images_a_group
    assert set(seen) == set(manifest.table["image"]) - test
    assert set(seen.values()) == {1}
    assert folds(manifest, 5, seed=0)[2].table.equals(folds(manifest, 5, seed=0)[2].table)
    assert not folds(manifest, 5, seed=1)[2].table.equals(folds(manifest, 5, seed=0)[2].table)


def test_too_many_folds_are_refused():
    with pytest.raises(ValueError, match="'dog' can be divided into 2 parts only, by image or group"):
        folds(grouped({"cat": 30, "dog": 20}, 10), 3, seed=0)
    with pytest.raises(ValueError, match="at least 2"):
        folds(grouped({"cat": 30}, 1), 1, seed=0)


def test_the_hash_knows_the_splits_and_not_the_order_of_the_rows():
    manifest = assign_splits(grouped({"cat": 30, "dog": 30}, 1), 0.2, 0.2, seed=0)
    shuffled = Manifest(manifest.table.sample(frac=1, random_state=0), manifest.root)
    assert split_hash(shuffled) == split_hash(manifest)
    other = assign_splits(grouped({"cat": 30, "dog": 30}, 1), 0.2, 0.2, seed=1)
    assert split_hash(other) != split_hash(manifest)


def test_leaks_between_given_splits_are_found():
    rows = [{"image": f"{split}/{i}", "label": "a", "split": split, "sha256": f"{split}{i}"}
            for split in ("train", "validation", "test") for i in range(4)]  # fmt: skip
    assert find_leaks(manifest_of(rows)) == []
    rows[9]["sha256"] = rows[10]["sha256"] = rows[2]["sha256"]
    rows[5]["group"] = rows[8]["group"] = "anna"
    images, groups = find_leaks(manifest_of(rows))
    assert (images.splits, images.images, images.example) == (("train", "test"), 2, ("train/2", "test/1"))
    assert str(images).startswith("The splits train and test have images in common: 2 of test, such as test/1")
    assert (groups.what, groups.splits, groups.example) == (
        "groups",
        ("validation", "test"),
        ("validation/1", "test/0"),
    )
