"""From the cells of a table to the rows that `assemble` takes."""

import json
import math
import posixpath
from collections.abc import Mapping, Sequence

import pandas as pd

from imgcls.labels.documents import parse_json
from imgcls.labels.records import BOX, SPLITS, Problems, attributes_text, class_name, coordinate, pixels
from imgcls.labels.split_names import SPLIT_NAMES, split_from_path
from imgcls.labels.table_headers import UNDIVIDED
from imgcls.nearest_name import did_you_mean

TRUE = {"1", "true", "yes", "t", "y"}
FLAGS = {"difficult", "crowd", "occluded", "truncated"}


def rows_of(table: pd.DataFrame, found: Mapping[str, str], file: str, problems: Problems) -> pd.DataFrame:
    """The rows of a table as `assemble` takes them.

    Args:
        table: Cells of text, with the line of each row as its index.
        found: The table's own name for each of our columns.
        file: What the problems table calls the table.
        problems: Gets the cells that cannot be read.
    """
    rows = pd.DataFrame({column: table[name] for column, name in found.items()}, dtype=object)
    rows["label"] = ["" if class_name(label) is None else label for label in rows["label"]]
    for column in set(BOX) & set(found):
        rows[column] = [math.nan if cell.strip() in ("", "nan") else coordinate(cell) for cell in rows[column]]
    for column in {"width", "height"} & set(found):
        rows[column] = [pixels(cell) for cell in rows[column]]
    for column in FLAGS & set(found):
        rows[column] = [cell.strip().lower() in TRUE for cell in rows[column]]
    if "attributes" in found:
        rows["attributes"] = [_object_text(text, file, line, problems) for line, text in rows["attributes"].items()]
    partly = rows.reindex(columns=BOX).isna()
    rows.loc[partly.any(axis=1) & ~partly.all(axis=1), [column for column in BOX if column in rows]] = math.inf
    rows["file"], rows["line"], rows["beside"] = file, rows.index, posixpath.dirname(file)
    rows["split"] = _splits(rows, file, problems)
    if "source" not in rows:
        rows["source"] = "table"
    return rows


def _splits(rows: pd.DataFrame, file: str, problems: Problems) -> list[str]:
    """The split of each row, as its cell says, else as the file's name does; cells that name none are reported."""
    stated = rows["split"] if "split" in rows else [split_from_path(file)] * len(rows)
    for line, name in zip(rows.index, stated, strict=True):
        if name.strip() and name.strip().lower() not in (*SPLIT_NAMES, UNDIVIDED):
            problems.changed(file, line, f"the split {name!r} is none of {', '.join(SPLITS)}; it is read as none.")
    return [SPLIT_NAMES.get(name.strip().lower(), "") for name in stated]


def with_attributes(rows: pd.DataFrame, table: pd.DataFrame, keep: Sequence[str], file: str) -> pd.DataFrame:
    """The rows, with the cells of some columns among their attributes.

    Args:
        rows: What `rows_of` made of `table`; it is changed.
        table: The cells.
        keep: The columns that become attributes.
        file: What an error calls the table.

    Raises:
        ValueError: The table has no such column.
    """
    for name in keep:
        if name not in table:
            near = did_you_mean(name, table.columns) or f" It has {', '.join(table.columns)}."
            raise ValueError(f"{file} has no column {name!r}.{near}")
    if keep:
        stated = rows["attributes"] if "attributes" in rows else [""] * len(rows)
        kept = table[list(keep)].to_dict("records")
        rows["attributes"] = [
            attributes_text((json.loads(text) if text else {}) | cells)
            for text, cells in zip(stated, kept, strict=True)
        ]
    return rows


def _object_text(text: str, file: str, line: object, problems: Problems) -> str:
    """The text of a JSON object; anything else is reported and left out."""
    if not text.strip():
        return ""
    try:
        value = parse_json(text, "the cell")
    except ValueError:
        value = None
    if not isinstance(value, dict):
        problems.left_out(file, line, f"the attributes {text[:50]!r} are no JSON object; left out.")
        return ""
    return text
