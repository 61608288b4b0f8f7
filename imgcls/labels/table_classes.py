"""Classes in a table without a column for them: a column of 0 and 1 for each class, or the only other column."""

import re
from collections.abc import Sequence

import pandas as pd

YES, NO = {"1", "1.0", "true", "yes"}, {"0", "0.0", "false", "no"}
LONGEST = 60  # characters of a class name; more are a sentence
MOST_WORDS = 5  # of a class name
NUMBERED = re.compile(r"[+-]?\d+(\.\d*)?|[0-9a-f-]{16,}", re.IGNORECASE)  # an amount, or a key
COUNTING = re.compile(r"(^|[\W_])(id|ids|num|count|number|size|index|area|unnamed.*)$", re.IGNORECASE)
NEVER = {"width", "height", "size", "url", "caption", "text", "description", "comment", "date", "time"}


def class_columns(table: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """The columns that say of each image whether it is of the class that they are called; at least two."""
    named = [name for name in names if name.strip() and not COUNTING.search(name)]
    found = [name for name in named if len(table) and _cells(table[name]) <= YES | NO]
    return found if len(found) > 1 and any(_cells(table[name]) & YES for name in found) else []


def only_column(table: pd.DataFrame, names: Sequence[str]) -> str | None:
    """The only column of `names`, if what stands in it can be classes: short, and not an amount of something."""
    if len(names) != 1 or names[0].lower() in NEVER or not len(table):
        return None
    cells = [cell.strip() for cell in table[names[0]] if cell.strip()]
    short = cells and all(len(cell) <= LONGEST and len(cell.split()) <= MOST_WORDS for cell in cells)
    repeated = len(set(cells)) < len(cells)
    amounts = any(NUMBERED.fullmatch(cell) for cell in cells)
    if not short or (amounts and not (repeated and _are_whole(cells))):
        return None
    return names[0] if repeated or len(cells) < 10 else None


def one_row_a_class(table: pd.DataFrame, classes: Sequence[str], label: str) -> pd.DataFrame:
    """A row for each class that a row says yes to, named in the column `label`; one with an empty name for none."""
    said = table[list(classes)].map(lambda cell: cell.strip().lower() in YES).to_numpy()
    names = [[name for name, yes in zip(classes, row, strict=True) if yes] or [""] for row in said]
    named = table.drop(columns=list(classes))
    named[label] = pd.Series(names, index=table.index, dtype=object)
    return named.explode(label)


def _cells(column: pd.Series) -> set[str]:
    return {cell.strip().lower() for cell in column.unique()}


def _are_whole(cells: Sequence[str]) -> bool:
    return all("." not in cell for cell in cells)
