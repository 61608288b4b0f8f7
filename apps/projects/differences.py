"""What differs between a version and the one that it was made of. Rows keep their numbers, so they can be compared."""

from dataclasses import dataclass

import pandas as pd

from imgcls.counted import counted
from imgcls.data.manifest.table import Manifest
from imgcls.labels.records import BOX
from projects.class_names import joined_names
from projects.counted_rows import images_and_boxes
from projects.versions import NO_LABEL, OF_PEOPLE, SET_ASIDE


@dataclass(frozen=True)
class Difference:
    """Rows that changed.

    Attributes:
        added: New images and boxes, such as "200 images"; empty if there are none.
        unreadable: New files that cannot be read.
        labels: Of (class before, class now), how many images; an image of several classes has them with commas.
        left_out: Images that were left out.
        brought_back: Images that were brought back.
        splits: Of (split before, split now), how many images.
        parts: Images of which another part counts.
        rows: All rows that changed or are new.
    """

    added: str
    unreadable: int
    labels: dict[tuple[str, str], int]
    left_out: int
    brought_back: int
    splits: dict[tuple[str, str], int]
    parts: int
    rows: tuple[int, ...]

    def sentences(self) -> list[str]:
        """What changed, a sentence each."""
        facts = [
            (self.added, f"{self.added} added."),
            (self.unreadable, f"{counted(self.unreadable, 'new file')} cannot be read."),
            (self.left_out, f"{counted(self.left_out, 'image')} left out."),
            (self.brought_back, f"{counted(self.brought_back, 'image')} brought back."),
            (self.parts, f"{counted(self.parts, 'image')}: another part counts."),
        ]
        labels = [
            f"{counted(number, 'image')}: {old or 'no label'} became {new or 'no label'}."
            for (old, new), number in sorted(self.labels.items(), key=lambda pair: -pair[1])
        ]
        splits = [
            f"{counted(number, 'image')}: moved from {old or 'no split'} to {new or 'no split'}."
            for (old, new), number in sorted(self.splits.items(), key=lambda pair: -pair[1])
        ]
        return [sentence for there, sentence in facts if there] + labels + splits


def difference(before: Manifest | None, after: Manifest) -> Difference:
    """Compare a version with the one that it was made of.

    Args:
        before: None if there was none.
        after: The same rows, and maybe more behind them.
    """
    table = after.table
    known = 0 if before is None else min(len(before.table), len(table))
    new = table.iloc[:known].reset_index(drop=True)
    old = table.iloc[:0] if before is None else before.table.iloc[:known].reset_index(drop=True)
    was, now = joined_names(old), joined_names(new)
    aside = old["problems"] == SET_ASIDE, new["problems"] == SET_ASIDE
    left_out, back = ~aside[0] & aside[1], aside[0] & ~aside[1]
    relabelled = (was != now) | ((old["problems"] == NO_LABEL) & (new["problems"] == ""))
    moved = old["split"] != new["split"]
    recut = _boxes_differ(old, new)
    changed = new.index[left_out | back | relabelled | moved | recut]
    fresh = table.iloc[known:]
    is_read = fresh["problems"].isin(OF_PEOPLE)
    return Difference(
        images_and_boxes(fresh[is_read]) if is_read.any() else "",
        fresh.loc[~is_read, "image"].nunique(),
        _counts(was[relabelled], now[relabelled]),
        int(left_out.sum()),
        int(back.sum()),
        _counts(old["split"][moved], new["split"][moved]),
        int(recut.sum()),
        (*map(int, changed), *range(known, len(table))),
    )


def _boxes_differ(before: pd.DataFrame, after: pd.DataFrame) -> pd.Series:
    """Which rows have another box; an edge that is NaN in both tables is the same."""
    same = (before[BOX] == after[BOX]) | (before[BOX].isna() & after[BOX].isna())
    return ~same.all(axis=1)


def _counts(before: pd.Series, after: pd.Series) -> dict[tuple[str, str], int]:
    pairs = pd.Series(list(zip(before, after, strict=True)), dtype=object)
    return {pair: int(number) for pair, number in pairs.value_counts().items()}
