"""Leaks between the splits that a source names: the same images or groups in two of them."""

from typing import NamedTuple

import pandas as pd

from imgcls.data.duplicates.near_duplicates import near_duplicate_groups
from imgcls.data.manifest.table import SPLITS, Manifest


class Leak(NamedTuple):
    """What two splits have in common.

    Attributes:
        what: "images" (the same, or nearly) or "groups".
        splits: The two splits.
        images: The number of images of the second split that are related to one of the first.
        example: An image of the first split, and a related one of the second.
    """

    what: str
    splits: tuple[str, str]
    images: int
    example: tuple[str, str]

    def __str__(self) -> str:
        first, second = self.splits
        return (
            f"The splits {first} and {second} have {self.what} in common: {self.images:,} of {second}, such as "
            f"{self.example[1]}, which goes with {self.example[0]}."
        )


def find_leaks(manifest: Manifest, copies: pd.Series | None = None) -> list[Leak]:
    """Find the leaks between each two splits.

    Args:
        manifest: A manifest whose images have splits.
        copies: The result of `near_duplicate_groups`, if it is known already.
    """
    usable = manifest.usable
    copies = near_duplicate_groups(manifest) if copies is None else copies
    found = []
    for what, ids in (("images", copies[usable.index]), ("groups", usable["group"][usable["group"] != ""])):
        rows = usable.loc[ids.index, ["image", "split"]].assign(related=ids)
        by_split = {split: rows[rows["split"] == split] for split in SPLITS}
        for first, second in (SPLITS[:2], SPLITS[::2], SPLITS[1:]):
            ours, theirs = by_split[first], by_split[second]
            shared = theirs[theirs["related"].isin(ours["related"])]
            if len(shared):
                twin = ours[ours["related"] == shared["related"].iloc[0]]
                found.append(Leak(what, (first, second), len(shared), (twin["image"].iloc[0], shared["image"].iloc[0])))
    return found
