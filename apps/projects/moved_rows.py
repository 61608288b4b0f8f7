"""Where the rows of one version stand in another: numbers of rows are kept in queues, and the data goes on changing."""

import numpy as np
import pandas as pd

from imgcls.data.manifest.table import Manifest
from imgcls.labels.records import BOX

GONE = -1


def moved_rows(rows: np.ndarray, before: Manifest, now: Manifest) -> np.ndarray:
    """Find rows of one version in another, by their image and, where an image has several rows, by their box.

    Args:
        rows: (N,) numbers of rows of `before`; those that it never had are gone.
        before: The version that the numbers belong to.
        now: The version that they are looked for in.

    Returns:
        (N,) numbers of rows of `now`; `GONE` where the image is not in it.
    """
    known = (rows >= 0) & (rows < len(before.table))
    if before is now or _same_images(before, now):
        return np.where(known, rows, GONE)
    moved = np.full(len(rows), GONE)
    moved[known] = found_rows(before, now)[rows[known]]
    return moved


def found_rows(before: Manifest, now: Manifest) -> np.ndarray:
    """Where each row of one table stands in another, by its image and box: (N,), `GONE` where it is not there."""
    place = pd.Series(np.arange(len(now.table)), index=_keys(now))
    place = place[~place.index.duplicated()]
    return place.reindex(_keys(before)).fillna(GONE).to_numpy(int)


def _same_images(before: Manifest, now: Manifest) -> bool:
    """Whether all rows of `before` stand where they stood; more may have come behind them."""
    length = len(before.table)
    if before.root != now.root or length > len(now.table):
        return False
    return bool(np.array_equal(before.table["image"].to_numpy(), now.table["image"].to_numpy()[:length]))


def _keys(manifest: Manifest) -> pd.MultiIndex:
    """What each row is told by: its file, and its box, or which one of the file's rows it is."""
    table = manifest.table
    turn = table.groupby("image", sort=False).cumcount().astype(str)
    boxed = table[BOX].notna().all(axis=1)
    boxes = table[BOX].round().fillna(-1).astype(str).agg(",".join, axis=1) if boxed.any() else turn
    paths = f"{manifest.root}/" + table["image"].astype(str)
    return pd.MultiIndex.from_arrays([paths, turn.where(~boxed, boxes)])
