"""Which images a page shows: filters by class, split and state. Nothing here reads or writes."""

from collections.abc import Collection

import numpy as np
import pandas as pd

from imgcls.data.manifest.table import Manifest
from projects.versions import NO_LABEL, SET_ASIDE

USED, WAITING, ASIDE, BROKEN = "used", "without label", "left out", "cannot be used"
STATES = (USED, WAITING, ASIDE, BROKEN)
NO_SPLIT = "no split"
OF_ADDRESSES, NOT_KNOWN = "addresses", "not known"  # images that were fetched, and those of which nothing is said


def chosen_rows(
    manifest: Manifest,
    classes: Collection[str] = (),
    splits: Collection[str] = (),
    states: Collection[str] = (),
    origins: Collection[str] = (),
    among: Collection[int] | None = None,
) -> list[int]:
    """The rows that fit; an empty filter lets everything through.

    Args:
        manifest: The images.
        classes: Names of classes; an image of several fits if it has one of them.
        splits: train, validation, test, or `NO_SPLIT`.
        states: Of `STATES`.
        origins: Of what `origin_of` returns.
        among: Rows that come into question; None for all.
    """
    table = manifest.table
    fits = pd.Series(True, table.index)
    if classes:
        fits &= _has_one(table, classes)
    if splits:
        fits &= split_of(table).isin(splits)
    if states:
        fits &= state_of(table).isin(states)
    if origins:
        fits &= origin_of(table).isin(origins)
    if among is not None:
        fits &= table.index.isin(list(among))
    return [int(row) for row in table.index[fits]]


def state_of(table: pd.DataFrame) -> pd.Series:
    """The state of each row: one of `STATES`."""
    names = {"": USED, NO_LABEL: WAITING, SET_ASIDE: ASIDE}
    return table["problems"].map(names).fillna(BROKEN)


def split_of(table: pd.DataFrame) -> pd.Series:
    """The split of each row: train, validation, test, or `NO_SPLIT`."""
    return table["split"].replace("", NO_SPLIT)


def origin_of(table: pd.DataFrame) -> pd.Series:
    """Where each row came from: the format of its labels, camera, predict, or one of the names above."""
    names = {name: OF_ADDRESSES if "://" in name else name or NOT_KNOWN for name in table["source"].unique()}
    return table["source"].map(names)


def _has_one(table: pd.DataFrame, classes: Collection[str]) -> pd.Series:
    fits = table["label"].isin(classes).to_numpy(copy=True)
    for place in np.flatnonzero(table["labels"].str.len() > 1):
        fits[place] = not set(classes).isdisjoint(table["labels"].iat[place])
    return pd.Series(fits, table.index)
