"""Further pictures among the images of a project."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from imgcls.counted import counted
from imgcls.data.manifest.table import Manifest
from projects.project import Project
from projects.versions import NO_LABEL, add_version, current_number, manifest_of

Inspect = Callable[[Manifest], Manifest]


def join_pictures(
    project: Project, pictures: Mapping[Path, str], inspected: Inspect, origin: str, who: str = ""
) -> int:
    """Make pictures images of the project, as a new version of its data. Those that are there already stay as they are.

    Args:
        project: The project.
        pictures: Absolute path of each picture, and its class; "" for one without a label.
        inspected: Gets images that nobody has opened, and gives them with what is in the files.
        origin: Where they come from, for the list of versions, such as "from Predict".
        who: Who adds them.

    Returns:
        How many were added.

    Raises:
        ValueError: Somebody changed the data in the meantime.
    """
    number = current_number(project)
    before = manifest_of(project) if number else None
    root = before.root if before else project.uploads.resolve()
    images = [os.path.relpath(path, root) for path in pictures]
    rows = pd.DataFrame({"image": images, "label": list(pictures.values()), "source": "predict"})
    if rows.empty:
        return 0
    table = inspected(Manifest.from_records(rows, root)).table.drop_duplicates("sha256")
    if before is not None:
        table = table[~table["sha256"].isin(before.table["sha256"])]
    if table.empty:
        return 0
    table = _labelled(table.copy(), has_splits=before is not None and bool((before.table["split"] != "").any()))
    joined = table if before is None else pd.concat([before.table, table], ignore_index=True)
    joined = joined.reset_index(drop=True)
    joined.attrs = dict(before.table.attrs) if before is not None else {}
    add_version(project, Manifest(joined, root), f"{counted(len(table), 'image')} added {origin}", number, who)
    return len(table)


def _labelled(table: pd.DataFrame, has_splits: bool) -> pd.DataFrame:
    """The same; what has no class waits for one, the others are for training where the images are divided already."""
    bare = (table["label"] == "") & (table["problems"] == "")
    table.loc[bare, "problems"] = NO_LABEL
    table["labels"] = [[label] if label else [] for label in table["label"]]
    if has_splits:
        table.loc[table["label"] != "", "split"] = "train"
    return table
