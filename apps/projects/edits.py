"""Changes of images and labels: each takes a manifest and returns another one. Rows stay where they are.

No image leaves the table: one that is not wanted is set aside and can be brought back, so that a row has the same
number in every version, and the addresses of images, queues and findings stay right. Nothing here reads or writes.
"""

from collections.abc import Callable, Collection, Iterable, Sequence

import numpy as np
import pandas as pd

from imgcls.data.manifest.table import SPLITS, Manifest
from imgcls.nearest_name import did_you_mean
from projects.versions import NO_LABEL, OF_PEOPLE, SET_ASIDE


def rename_class(manifest: Manifest, old: str, new: str) -> Manifest:
    """Give a class another name.

    Raises:
        ValueError: There is no such class, the new name is empty, or another class has it.
    """
    new = _checked(new, manifest)
    _check_there(manifest, [old])
    if new != old and new in all_classes(manifest):
        raise ValueError(f"There is a class {new!r} already. Merge the two if they are one, or choose another name.")
    return _with_names(manifest, {old: new})


def merge_classes(manifest: Manifest, names: Sequence[str], into: str) -> Manifest:
    """Make one class of several.

    Args:
        manifest: The images.
        names: Classes that are there.
        into: The name of the one class: one of them, another class, or a new name.

    Raises:
        ValueError: One of the classes is not there, or the name is empty.
    """
    into = _checked(into, manifest)
    _check_there(manifest, names)
    return _with_names(manifest, dict.fromkeys(names, into))


def drop_class(manifest: Manifest, name: str) -> Manifest:
    """Take a class away. Images that have no other class are left out, and wait for a label if they are brought back.

    Raises:
        ValueError: There is no such class.
    """
    _check_there(manifest, [name])
    touched = _having(manifest.table, [name])
    dropped = _with_names(manifest, {name: ""})
    table = dropped.table
    emptied = touched & (table["label"] == "") & table["problems"].isin(OF_PEOPLE)
    table.loc[emptied, "problems"] = SET_ASIDE
    return dropped


def set_label(manifest: Manifest, rows: Iterable[int], label: str) -> Manifest:
    """Give images one class, in the place of what they had.

    Args:
        manifest: The images.
        rows: Numbers of rows of its table.
        label: A class, new or not; empty for images that shall wait for a label again.

    Raises:
        ValueError: There is no such row, or the label is only spaces.
    """
    label = label and _checked(label, manifest)
    rows = _known(manifest, rows)
    table = manifest.table.copy()
    table.loc[rows, "label"] = label
    table["labels"] = _replaced(table["labels"], rows, [label] if label else [])
    table.loc[rows, "agreement"] = np.nan
    free = table["problems"].isin({"", NO_LABEL}) & table.index.isin(rows)
    table.loc[free, "problems"] = "" if label else NO_LABEL
    return Manifest(table, manifest.root)


def set_aside(manifest: Manifest, rows: Iterable[int]) -> Manifest:
    """Leave images out. A file that cannot be read keeps that as its problem.

    Raises:
        ValueError: There is no such row.
    """
    return _with_problem(manifest, rows, {"", NO_LABEL}, lambda labels: SET_ASIDE)


def bring_back(manifest: Manifest, rows: Iterable[int]) -> Manifest:
    """Use images again that were left out; one without a label waits for it.

    Raises:
        ValueError: There is no such row.
    """
    return _with_problem(manifest, rows, {SET_ASIDE}, lambda labels: np.where(labels == "", NO_LABEL, ""))


def set_split(manifest: Manifest, rows: Iterable[int], split: str) -> Manifest:
    """Put images into training, validation or test.

    Args:
        manifest: The images.
        rows: Numbers of rows of its table.
        split: train, validation, test, or empty: training divides them.

    Raises:
        ValueError: There is no such row or split.
    """
    if split not in (*SPLITS, ""):
        raise ValueError(f"There is no split {split!r}. Expected {', '.join(SPLITS)}, or none.")
    table = manifest.table.copy()
    table.loc[_known(manifest, rows), "split"] = split
    return Manifest(table, manifest.root)


def all_classes(manifest: Manifest) -> list[str]:
    """All classes that rows name, those of images that are left out too, sorted."""
    table = manifest.table
    several = table["labels"].str.len() > 1
    return sorted({*table.loc[~several, "label"], *(n for names in table.loc[several, "labels"] for n in names)} - {""})


def _with_problem(
    manifest: Manifest, rows: Iterable[int], before: Collection[str], after: Callable[[pd.Series], object]
) -> Manifest:
    table = manifest.table.copy()
    touched = table.index.isin(_known(manifest, rows)) & table["problems"].isin(before)
    table.loc[touched, "problems"] = after(table.loc[touched, "label"])
    return Manifest(table, manifest.root)


def _with_names(manifest: Manifest, new_names: dict[str, str]) -> Manifest:
    """Other names for some classes; an empty one takes the class away."""
    table = manifest.table.copy()
    touched = np.flatnonzero(_having(table, new_names))
    labels = [
        list(dict.fromkeys(filter(None, (new_names.get(name, name) for name in names))))
        for names in table["labels"].iloc[touched]
    ]
    table["labels"] = _replaced(table["labels"], table.index[touched], labels, each=True)
    table.loc[table.index[touched], "label"] = [names[0] if names else "" for names in labels]
    return Manifest(table, manifest.root)


def _having(table: pd.DataFrame, names: Collection[str]) -> pd.Series:
    """Which rows have one of the classes."""
    found = table["label"].isin(names).to_numpy(copy=True)
    for place in np.flatnonzero(table["labels"].str.len() > 1):
        found[place] = not set(names).isdisjoint(table["labels"].iat[place])
    return pd.Series(found, table.index)


def _replaced(labels: pd.Series, rows: Collection[int], new: list, each: bool = False) -> pd.Series:
    """A column of lists with others in some rows: one for all of them, or one each."""
    values = labels.to_numpy(copy=True)
    places = labels.index.get_indexer(rows)
    for place, own in zip(places, new if each else [new] * len(places), strict=True):
        values[place] = own
    return pd.Series(values, labels.index, dtype=object)


def _known(manifest: Manifest, rows: Iterable[int]) -> list[int]:
    rows = list(rows)
    strange = set(rows) - set(manifest.table.index)
    if strange:
        raise ValueError(f"There is no image {min(strange)} among {len(manifest.table):,}. Look at the page again.")
    return rows


def _check_there(manifest: Manifest, names: Sequence[str]) -> None:
    known = all_classes(manifest)
    for name in names:
        if name not in known:
            raise ValueError(f"There is no class {name!r}.{did_you_mean(name, known)}")


def _checked(name: str, manifest: Manifest) -> str:
    """The name as it is if there is such a class, else without spaces that nobody sees."""
    if name in all_classes(manifest):
        return name
    name = " ".join(name.split())
    if not name:
        raise ValueError("The class has no name yet. Type one, such as daisy.")
    return name
