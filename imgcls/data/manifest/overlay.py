"""Decisions laid over a manifest, so that a correction never changes the source.

A CSV file with the columns image and label. Where an image has several boxes, the columns x_min, y_min, x_max and y_max
say which box is meant. The writer may add further columns, such as a note. An empty label, or `drop`, leaves the
example out. A later line replaces an earlier one.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from imgcls.data.manifest.image_names import ImageNames
from imgcls.labels.records import BOX, LEFT_OUT, Problems, coordinate
from imgcls.labels.table_files import read_table
from imgcls.nearest_name import nearest_name

DROP = "drop"
TOLERANCE = 0.51  # pixels between a box and its copy in the decisions, which may be rounded


def lay_over(table: pd.DataFrame, root: Path, decisions: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Apply a file of decisions to the table of a manifest.

    Args:
        table: The table of the manifest.
        root: The folder that its paths start from.
        decisions: The CSV file.

    Returns:
        The new table, and a problems table of the decisions that fit nothing.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file lacks the column image or label.
    """
    problems = Problems()
    stated = read_two_columns(decisions, problems)
    names = ImageNames(table["image"], root)
    rows_of = table.groupby("image", sort=False).indices
    classes = sorted({name for labels in table["labels"] for name in labels})
    decided: dict[int, str] = {}
    for line, decision in zip(stated.index, stated.to_dict("records"), strict=True):
        image, label = names.find(decision["image"]), decision["label"].strip()
        label = "" if label.lower() == DROP and label not in classes else label
        candidates = rows_of.get(image, ())
        rows = [row for row in candidates if _same_box(table, row, decision)]
        if not image:
            wrong = names.unknown(decision["image"])
        elif label and label not in classes:
            wrong = f"there is no class {label!r}{_nearest(label, classes)}"
        else:
            wrong = _not_one(image, decision, rows, table)
        if wrong:
            problems.left_out(decisions.name, line, f"{wrong}; the decision is left out.")
        else:
            decided.update(dict.fromkeys(rows, label))
    return _decided(table, decided, decisions.name, problems), problems.table()


def read_two_columns(path: Path, problems: Problems) -> pd.DataFrame:
    """Read a CSV file with the columns image and label, and maybe others.

    Args:
        path: The file.
        problems: Gets what is wrong with single lines.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: One of the two columns is missing.
    """
    if not path.is_file():
        raise FileNotFoundError(f"There is nothing at {path}. Expected a CSV file with the columns image and label.")
    stated = read_table(path, path.name, problems)
    missing = [column for column in ("image", "label") if column not in stated]
    if missing:
        raise ValueError(
            f"{path} has no column {' and no '.join(missing)}; it has {', '.join(stated)}. Expected image and label."
        )
    return stated


def _nearest(label: str, classes: Iterable[str]) -> str:
    nearest = nearest_name(label, classes)
    return f", did you mean {nearest!r}?" if nearest else ""


def _stated_box(decision: dict[str, Any]) -> np.ndarray | None:
    cells = [decision.get(column, "").strip() for column in BOX]
    return np.array([coordinate(cell) for cell in cells]) if any(cells) else None


def _same_box(table: pd.DataFrame, row: int, decision: dict[str, Any]) -> bool:
    box = _stated_box(decision)
    return box is None or bool((np.abs(table[BOX].iloc[row].to_numpy(float) - box) <= TOLERANCE).all())


def _not_one(image: str, decision: dict[str, Any], rows: list[int], table: pd.DataFrame) -> str:
    """Why these rows of an image cannot be the ones that are meant; empty if they can."""
    if not rows:
        return f"the image {image!r} has no such box"
    if len(rows) > 1 and _stated_box(decision) is None and table["x_min"].iloc[rows].notna().any():
        return f"the image {image!r} has {len(rows)} boxes; name one with x_min, y_min, x_max and y_max"
    return ""


def _decided(table: pd.DataFrame, decided: dict[int, str], file: str, problems: Problems) -> pd.DataFrame:
    """The table with the new labels and without what is dropped. How many annotators agree is no longer known."""
    table = table.copy()
    label, labels, agreement = table.columns.get_indexer(["label", "labels", "agreement"])
    for row, name in decided.items():
        if name and [name] != list(table.iat[row, labels]):
            table.iat[row, label], table.iat[row, labels], table.iat[row, agreement] = name, [name], np.nan
    dropped = [row for row, name in decided.items() if not name]
    images = table["image"].iloc[dropped]
    problems.extend(images, [""] * len(images), [f"left out by a decision in {file}."] * len(images), LEFT_OUT)
    return table.drop(index=table.index[dropped]).reset_index(drop=True)
