"""Findings about pictures that are copies of each other."""

from collections.abc import Iterator

import pandas as pd

from imgcls.data.audit.findings import Finding
from imgcls.data.manifest import Manifest
from imgcls.labels.records import BOX


def copy_findings(manifest: Manifest, copies: pd.Series) -> Iterator[Finding]:
    """One finding a group and kind; a group that stands in two splits is not told as copies once more.

    copies: the group of each row, as `near_duplicate_groups` gives it.
    """
    usable = manifest.usable
    groups = copies[usable.index]
    several = groups.index[groups.duplicated(keep=False)]
    for _, rows in usable.loc[several].groupby(groups[several], sort=False):
        files = rows.drop_duplicates("image")
        how = "the same bytes" if files["sha256"].nunique() == 1 else "nearly the same picture"
        across = sorted(set(files["split"]) - {""})
        if len(across) > 1:
            yield _finding("same picture in two splits", files, f"{how} in {' and '.join(across)}")
        elif len(files) > 1:
            kind = "exact copies" if how == "the same bytes" else "near copies"
            yield _finding(kind, files, f"{len(files)} files with {how}")
        for same in examples_with_two_labels(rows):
            labels = sorted({", ".join(sorted(names)) for names in same["labels"]})
            yield _finding("same picture, two labels", same, f"{how}, labelled {' and '.join(map(repr, labels))}")


def examples_with_two_labels(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """The examples that contradict each other, of rows that show one picture: whole images, or the same box twice."""
    names = rows["labels"].map(lambda labels: tuple(sorted(labels)))
    if names.nunique() == 1:
        return []
    whole = rows[BOX].isna().any(axis=1)
    places = [rows[whole]] + [same for _, same in rows[~whole].groupby(["image", *BOX], sort=False)]
    return [same for same in places if names[same.index].nunique() > 1]


def _finding(kind: str, rows: pd.DataFrame, why: str) -> Finding:
    return Finding(kind, tuple(dict.fromkeys(rows["image"])), why, tuple(rows.index))
