"""Images that were predicted, among the images of a project."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from imgcls.data.manifest.table import Manifest
from projects.project import Project
from projects.union import Joined, join
from projects.versions import NO_LABEL, add_version, current_number, whole_manifest_of

Inspect = Callable[[Manifest], Manifest]


def join_pictures(
    project: Project, pictures: Sequence[tuple[Path, str]], inspected: Inspect, origin: str, who: str = ""
) -> Joined | None:
    """Make images images of the project, as a new version of its data. Those that are there already stay as they are.

    Args:
        project: The project.
        pictures: Absolute path of each image, and its class; "" for one without a label. Of copies of an image, the
            first is taken.
        inspected: Gets images that nobody has opened, and gives them with what is in the files.
        origin: Where they come from, for the list of versions, such as "from Predict".
        who: Who adds them.

    Returns:
        What came of it; None if there are no images.

    Raises:
        ValueError: Somebody changed the data in the meantime.
    """
    if not pictures:
        return None
    number = current_number(project)
    before = whole_manifest_of(project) if number else None
    root = os.path.commonpath([path.parent for path, _ in pictures])
    images = [(os.path.relpath(path, root), label) for path, label in pictures]
    rows = pd.DataFrame(images, columns=["image", "label"]).assign(source="predict")
    new = inspected(Manifest.from_records(rows, root))
    known = new.table["sha256"].duplicated() & (new.table["sha256"] != "")  # the same image under two names
    table = _labelled(
        new.table[~known].copy(), has_splits=before is not None and bool((before.table["split"] != "").any())
    )
    joined = replace(join(before, Manifest(table, new.root)), copies=int(known.sum()))
    if joined.added or joined.labelled:
        add_version(project, joined.manifest, joined.sentence(origin), number, who)
    return joined


def _labelled(table: pd.DataFrame, has_splits: bool) -> pd.DataFrame:
    """The same; what has no class waits for one, the others are for training where the images are divided already."""
    bare = (table["label"] == "") & (table["problems"] == "")
    table.loc[bare, "problems"] = NO_LABEL
    table["labels"] = [[label] if label else [] for label in table["label"]]
    if has_splits:
        table.loc[table["label"] != "", "split"] = "train"
    return table
