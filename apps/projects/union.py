"""New images join those of a project: classes by their names, and no file twice. Nothing here reads or writes."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from imgcls.counted import counted
from imgcls.data.manifest.table import Manifest
from imgcls.labels.records import BOX
from projects.counted_rows import images_and_boxes
from projects.versions import NO_LABEL, OF_PEOPLE


@dataclass(frozen=True)
class Joined:
    """What came of it.

    Attributes:
        manifest: The images that were there, in the same rows, and the new ones behind them.
        added: How many rows are new.
        labelled: How many images that waited for a label got one from the new files.
        known: How many files were here already and were not added again.
        otherwise: How many of those have another class in the new files; what is here stays.
        unreadable: How many of the new files cannot be read.
        copies: How many of the new files were left out, since they are the same image as another of them.
    """

    manifest: Manifest
    added: int
    labelled: int = 0
    known: int = 0
    otherwise: int = 0
    unreadable: int = 0
    copies: int = 0

    def sentence(self, origin: str = "") -> str:
        """What became of every file, without an end: "200 images added, 3 were here already; 4 files cannot be read".

        Where boxes are cut out of images, they are counted with their images.

        Args:
            origin: Where the images come from, such as "from Predict"; may be empty.
        """
        table = self.manifest.table
        new = table.iloc[len(table) - self.added :]
        parts = [f"{images_and_boxes(new[new['problems'].isin(OF_PEOPLE)])} added"]
        if self.labelled:
            parts.append(f"{counted(self.labelled, 'image')} that had no label got one")
        if same := self.known - self.labelled:
            parts.append(f"{same:,} {'was' if same == 1 else 'were'} here already")
        if self.copies:
            parts.append(f"{self.copies:,} left out as {'a copy' if self.copies == 1 else 'copies'} of others")
        said = " ".join(filter(None, (", ".join(parts), origin)))
        return f"{said}; {counted(self.unreadable, 'file')} cannot be read" if self.unreadable else said


def join(here: Manifest | None, new: Manifest) -> Joined:
    """Add images to those that are here.

    A row is known if its file, by its path or its bytes, is here with the same box. One that waits for a label takes
    that of the new row; else nothing of what is here changes.

    Args:
        here: The images of the project; None if there are none yet.
        new: The new ones, inspected, so that equal bytes are seen.
    """
    if here is None or here.table.empty:
        fresh = new.table.reset_index(drop=True)
        return Joined(Manifest(fresh, new.root), len(fresh), unreadable=_unreadable(fresh))
    root = os.path.commonpath([here.root, new.root])
    ours, theirs = _from(here, root), _from(new, root)
    place = _place_of(ours, theirs)
    known, fresh = theirs[place >= 0], theirs[place < 0]
    table = pd.concat([ours, fresh], ignore_index=True)
    table.attrs = {**new.table.attrs, **here.table.attrs}
    waiting = _label_the_waiting(table, known, place[place >= 0])
    before = ours["labels"].iloc[place[place >= 0]]
    differs = [len(b) > 0 and set(a) != set(b) for a, b in zip(before, known["labels"], strict=True)]
    otherwise = int((np.array(differs, bool) & ~waiting).sum())
    return Joined(
        Manifest(table, Path(root)), len(fresh), int(waiting.sum()), len(known), otherwise, _unreadable(fresh)
    )


def _unreadable(table: pd.DataFrame) -> int:
    return int(table.loc[~table["problems"].isin(OF_PEOPLE), "image"].nunique())


def _label_the_waiting(table: pd.DataFrame, known: pd.DataFrame, places: np.ndarray) -> np.ndarray:
    """Give labels to rows that wait for one; returns which of the known rows did so."""
    waits = (table["problems"].iloc[places] == NO_LABEL).to_numpy() & (known["label"] != "").to_numpy()
    labels = table["labels"].to_numpy(copy=True)
    for place, names in zip(places[waits], known["labels"][waits], strict=True):
        labels[place] = list(names)
    table["labels"] = pd.Series(labels, table.index, dtype=object)
    table.loc[places[waits], "label"] = known["label"][waits].to_numpy()
    table.loc[places[waits], "problems"] = ""
    return waits


def _place_of(ours: pd.DataFrame, theirs: pd.DataFrame) -> np.ndarray:
    """The place in `ours` of each row of `theirs`, -1 where there is none."""
    by_path, by_bytes = (
        {key: place for place, key in reversed(list(enumerate(_keys(ours, column)))) if key[0]}
        for column in ("image", "sha256")
    )
    return np.array(
        [
            by_path.get(path, by_bytes.get(content, -1))
            for path, content in zip(_keys(theirs, "image"), _keys(theirs, "sha256"), strict=True)
        ],
        int,
    )


def _keys(table: pd.DataFrame, column: str) -> list[tuple]:
    """The file and the box of each row."""
    boxes = table[BOX].to_numpy(float).round(1)
    whole = np.isnan(boxes).any(axis=1)
    return [
        (file, None if all_of_it else tuple(box))
        for file, all_of_it, box in zip(table[column], whole, boxes, strict=True)
    ]


def _from(manifest: Manifest, root: str) -> pd.DataFrame:
    """The table with paths that start from another folder, which is above the one that they start from now."""
    below = os.path.relpath(manifest.root, root)
    table = manifest.table.copy()
    if below != ".":
        table["image"] = f"{below}/" + table["image"]
    return table
