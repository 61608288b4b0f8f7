"""Units, which splits must not divide: the crops of one image, its copies, and the images of a group."""

import hashlib

import numpy as np
import pandas as pd

from imgcls.data.duplicates.clusters import connected_components
from imgcls.data.duplicates.near_duplicates import near_duplicate_groups
from imgcls.data.manifest.table import Manifest

NO_CLASS = ""  # stands for the classes of an image that has none
Contents = dict[int, list[tuple[str, int]]]  # by unit: each of its classes, and how many images of it the unit has


def units_of(manifest: Manifest, copies: pd.Series | None = None) -> pd.Series:
    """The unit of each row, as a number, on the index of the manifest's table.

    Args:
        manifest: The manifest.
        copies: The result of `near_duplicate_groups`, if it is known already.
    """
    table = manifest.table
    copies = near_duplicate_groups(manifest) if copies is None else copies
    links = []
    for ids in (copies[table.index], table["group"].where(table["group"] != "")):
        places = np.flatnonzero(ids.notna())
        codes = pd.factorize(ids.iloc[places])[0]
        first = np.unique(codes, return_index=True)[1]
        links.append(np.column_stack([places, places[first[codes]]]))
    return pd.Series(connected_components(len(table), np.concatenate(links)), table.index)


def contents_of(units: pd.Series, rows: pd.DataFrame) -> Contents:
    """The classes of each unit, and the number of its images in each; `NO_CLASS` for images that have none.

    Args:
        units: The unit of each row.
        rows: Rows of a manifest's table.
    """
    contents: Contents = {}
    labels = classes_of(rows)
    for (unit, label), number in labels.groupby([units[labels.index], labels]).size().items():
        contents.setdefault(unit, []).append((label, number))
    return contents


def classes_of(rows: pd.DataFrame) -> pd.Series:
    """The classes of rows, once for each of several; `NO_CLASS` where there are none."""
    if (rows["labels"].str.len() == 1).all():
        return rows["label"]
    return rows["labels"].explode().fillna(NO_CLASS).rename("label")


def units_a_class(contents: Contents) -> dict[str, int]:
    """The number of units that have images of each class."""
    numbers: dict[str, int] = {}
    for held in contents.values():
        for label, _ in (pair for pair in held if pair[0] != NO_CLASS):
            numbers[label] = numbers.get(label, 0) + 1
    return numbers


def random_numbers(rows: pd.DataFrame, units: pd.Series, salt: str) -> pd.Series:
    """A random number for each unit: the smallest of its members' numbers.

    A member's number depends on the salt and its name alone, so images that are added later change few numbers.

    Args:
        rows: With the columns image and group.
        units: The unit of each row.
        salt: What makes the numbers of one use differ from those of another, such as the seed.
    """
    names = rows["image"].where(rows["group"] == "", "group " + rows["group"])
    numbers = {name: int.from_bytes(hashlib.sha256(f"{salt}/{name}".encode()).digest()[:8]) for name in names.unique()}
    return names.map(numbers).astype(np.uint64).groupby(units).min()
