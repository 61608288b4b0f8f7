"""Findings about images that are copies of each other."""

from collections.abc import Iterator

import pandas as pd

from imgcls.data.audit.findings import Finding
from imgcls.data.duplicates.near_duplicates import Copies
from imgcls.data.duplicates.orientations import NAMES, orientation_beside
from imgcls.data.duplicates.perceptual_hash import thumbnails_of
from imgcls.data.manifest.table import Manifest
from imgcls.labels.records import BOX

SAME_BYTES, NEARLY = "the same bytes", "nearly the same image"


def copy_findings(manifest: Manifest, copies: Copies) -> Iterator[Finding]:
    """One finding for each group and kind; a group that is in two splits is not reported as copies as well."""
    usable = manifest.usable
    groups = copies.groups[usable.index]
    several = groups.index[groups.duplicated(keep=False)]
    for _, rows in usable.loc[several].groupby(groups[several], sort=False):
        files = rows.drop_duplicates("image")
        how = _how_alike(files)
        across = sorted(set(files["split"]) - {""})
        if len(across) > 1:
            yield _finding("same image in two splits", files, f"{how} in {' and '.join(across)}")
        elif len(files) > 1:
            kind = {SAME_BYTES: "exact copies", NEARLY: "near copies"}.get(how, "turned copies")
            yield _finding(kind, files, f"{len(files)} files with {how}")
        for same in examples_with_two_labels(rows):
            labels = sorted({", ".join(sorted(names)) for names in same["labels"]})
            yield _finding("same image, two labels", same, f"{how}, labelled {' and '.join(map(repr, labels))}")

    for pair in copies.turned_apart:
        rows = manifest.table.loc[list(pair)]
        apart = " and ".join(repr(", ".join(sorted(names))) for names in rows["labels"])
        yield _finding("turned copies, two labels", rows, f"{_how_alike(rows)}, labelled {apart}")


def _how_alike(files: pd.DataFrame) -> str:
    """What copies of one image have in common; how those lie that do not lie as the first does."""
    if files["sha256"].nunique() == 1:
        return SAME_BYTES
    seen = files["thumbnail"][files["thumbnail"] != ""]
    thumbnails = list(thumbnails_of(seen)) if len(seen) else []
    turned = [NAMES[orientation_beside(other, thumbnails[0])] for other in thumbnails[1:]]
    how = " and ".join(dict.fromkeys(filter(None, turned)))
    return f"the same image, {how}" if how else NEARLY


def examples_with_two_labels(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """The examples that contradict each other.

    Args:
        rows: Rows that show one image.

    Returns:
        A table for each contradiction: whole images, or the same box, with different labels.
    """
    names = rows["labels"].map(lambda labels: tuple(sorted(labels)))
    if names.nunique() == 1:
        return []
    whole = rows[BOX].isna().any(axis=1)
    places = [rows[whole]] + [same for _, same in rows[~whole].groupby(["image", *BOX], sort=False)]
    return [same for same in places if names[same.index].nunique() > 1]


def _finding(kind: str, rows: pd.DataFrame, why: str) -> Finding:
    return Finding(kind, tuple(dict.fromkeys(rows["image"])), why, tuple(rows.index))
