"""Stratified splits that are a pure function of the seed and the file names."""

import hashlib

import pandas as pd

from imgcls.data.manifest import Manifest

SMALLEST_SPLIT = 2  # images a class that training keeps at the least


def assign_splits(manifest: Manifest, validation_share: float, test_share: float, seed: int) -> Manifest:
    """Give every usable image without a split one, so that each class is divided by the same shares.

    A split that the source names already is kept as it is. Where test or validation is missing, its share of each
    class, and at least one image, is taken from the images for training. The draw orders the images by a hash of seed
    and path, so that images that are added later do not move the others.

    Raises ValueError if a class has too few images to be divided.
    """
    table = manifest.table.copy()
    usable = table["problems"] == ""
    if not (table["split"] == "test").any():
        _draw(table, usable, "test", test_share, seed)
    if not (table["split"] == "validation").any():
        _draw(table, usable, "validation", validation_share, seed)
    table.loc[table["split"] == "", "split"] = "train"
    return Manifest(table, manifest.root)


def _draw(table: pd.DataFrame, usable: pd.Series, split: str, share: float, seed: int) -> None:
    free = table[usable & table["split"].isin(["", "train"])]
    for label, rows in free.groupby("label"):
        count = max(1, round(share * len(rows)))
        if len(rows) - count < SMALLEST_SPLIT:
            raise ValueError(
                f"Class {label!r} has {len(rows)} images to divide, too few to take {count} of them for {split}. "
                "Add images of it, or remove the class."
            )
        order = rows["image"].map(lambda image: hashlib.sha256(f"{seed}/{split}/{image}".encode()).digest())
        table.loc[order.sort_values().index[:count], "split"] = split
