import numpy as np
import pandas as pd
import pytest

from imgcls.data.manifest.table import Manifest
from imgcls.data.splits.assign import assign_splits, folds, split_hash

SHARES = {"a": 0.6, "b": 0.4, "c": 0.2, "d": 0.05, "e": 0.02}


def manifest_of(count: int, images_a_group: int = 1) -> Manifest:
    random = np.random.default_rng(0)
    rows = [
        {
            "image": f"{place}.png",
            "labels": [name for name, share in SHARES.items() if random.random() < share],
            "group": f"g{place // images_a_group}" if images_a_group > 1 else "",
        }
        for place in range(count)
    ]
    return Manifest.from_records(pd.DataFrame(rows), "/nowhere")


@pytest.mark.parametrize("images_a_group", [1, 3])
def test_each_class_and_the_images_of_none_are_divided_alike(images_a_group):
    manifest = assign_splits(manifest_of(900, images_a_group), 0.2, 0.2, seed=0)
    counts = manifest.counts()
    test = counts["test"] / counts.sum(axis=1)
    assert np.abs(test - 0.2).max() < 0.06
    assert np.abs(test[["a", "b", "c"]] - 0.2).max() < 0.01
    none = manifest.table[manifest.table["labels"].str.len() == 0]
    assert (none["split"] == "test").mean() == pytest.approx(0.2, abs=0.02)
    if images_a_group > 1:
        assert manifest.table.groupby("group")["split"].nunique().max() == 1
    assert split_hash(manifest) == split_hash(assign_splits(manifest_of(900, images_a_group), 0.2, 0.2, seed=0))


def test_a_number_of_images_is_about_that_number():
    manifest = assign_splits(manifest_of(500), 50, 100, seed=0)
    sizes = manifest.table["split"].value_counts()
    assert sizes["test"] == pytest.approx(100, abs=4)
    assert sizes["validation"] == pytest.approx(50, abs=4)


def test_folds_have_equal_parts_of_each_class():
    found = [fold.counts()["validation"] for fold in folds(manifest_of(900), 5, seed=0)]
    assert (pd.concat(found, axis=1).max(axis=1) - pd.concat(found, axis=1).min(axis=1)).max() <= 3
    everything = sum(len(fold.split("validation")) for fold in folds(manifest_of(900), 5, seed=0))
    assert everything == 900


def test_a_class_of_one_image_and_one_of_a_single_group_are_refused():
    manifest = manifest_of(400)
    manifest.table.at[0, "labels"] = ["a", "rare"]
    with pytest.raises(ValueError, match="Class 'rare' has 1 image to divide"):
        assign_splits(manifest, 0.2, 0.2, seed=0)
    for row in range(10):
        manifest.table.at[row, "labels"] = ["a", "rare"]
        manifest.table.at[row, "group"] = "one"
    with pytest.raises(ValueError, match="Class 'rare' has its 10 images in one part"):
        assign_splits(manifest, 0.2, 0.2, seed=0)
