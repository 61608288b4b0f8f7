"""The boxes of a table: corners, a corner or the centre with width and height, or all four numbers in one cell."""

import math
import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from imgcls.labels.records import BOX, coordinate

# fmt: off
LEFT = {"x_min": ["xmin", "bboxxmin", "boxxmin", "left", "xtl", "x1", "x0", "bboxx", "boxx", "x"],
        "y_min": ["ymin", "bboxymin", "boxymin", "top", "ytl", "y1", "y0", "bboxy", "boxy", "y"]}
CENTRE = {"x": ["xcenter", "xcentre", "centerx", "centrex", "xc", "cx"],
          "y": ["ycenter", "ycentre", "centery", "centrey", "yc", "cy"]}
SIDES = {"width": ["bboxwidth", "boxwidth", "bboxw", "boxw", "w", "width"],
         "height": ["bboxheight", "boxheight", "bboxh", "boxh", "h", "height"]}
FOUR = {"bbox": "sides", "bboxxywh": "sides", "boundingbox": "sides", "box": "sides", "bboxcoco": "sides",
        "bboxxyxy": "corners"}
# fmt: on
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
READ_AS = {
    "left": "left, top, width and height of the box, in pixels",
    "centre": "centre, width and height of the box, in pixels",
    "sides": "left, top, width and height of the box, in pixels",
    "corners": "left, top, right and bottom of the box, in pixels",
}


def box_columns(plain: dict[str, str]) -> tuple[str, list[str]]:
    """How a table without columns for all four corners states its boxes.

    Args:
        plain: The table's own name for each of its names in small letters and digits.

    Returns:
        A key of `READ_AS`, and the names of the columns; "" and no names if the table states no boxes.

    Example:
        >>> box_columns({"x": "X", "y": "Y", "w": "W", "h": "H"})
        ('left', ['X', 'Y', 'W', 'H'])
    """
    for start, kind in ((CENTRE, "centre"), (LEFT, "left")):
        parts = [_first(plain, names) for names in (*start.values(), *SIDES.values())]
        found = [part for part in parts if part is not None]
        if len(found) == len(parts):
            return kind, found
    if all(name in plain for name in ("x0", "y0", "x1", "y1")) and "x2" not in plain:
        return "corners", [plain[name] for name in ("x0", "y0", "x1", "y1")]
    four = next((name for name in FOUR if name in plain), None)
    return (FOUR[four], [plain[four]]) if four else ("", [])


def _first(plain: dict[str, str], names: Sequence[str]) -> str | None:
    return next((plain[name] for name in names if name in plain), None)


def with_corners(table: pd.DataFrame, kind: str, columns: Sequence[str]) -> pd.DataFrame:
    """Add the corners of the boxes to a table, as text, in columns that are called as in `BOX`.

    Args:
        table: Cells of text.
        kind: As `box_columns` found it.
        columns: As `box_columns` found them.

    Returns:
        The table with four more columns. An empty cell stays empty; what is no number is infinite.
    """
    if len(columns) == 1:
        numbers = np.array([_four(cell) for cell in table[columns[0]]], dtype=float).reshape(-1, 4)
    else:
        numbers = np.array([[_number(cell) for cell in table[name]] for name in columns], dtype=float).T
    with np.errstate(invalid="ignore"):
        if kind == "centre":
            numbers[:, :2] -= numbers[:, 2:] / 2
        if kind != "corners":
            numbers[:, 2:] += numbers[:, :2]
    corners = pd.DataFrame(numbers, columns=BOX, index=table.index)
    return table.assign(**{name: corners[name].map(_text) for name in BOX})


def _number(cell: str) -> float:
    return math.nan if cell.strip() in ("", "nan") else coordinate(cell)


def _four(cell: str) -> list[float]:
    """The numbers of a cell such as "[1, 2, 30, 40]"."""
    if not cell.strip("[]() \t"):
        return [math.nan] * 4
    found = NUMBER.findall(cell)
    return [coordinate(number) for number in found] if len(found) == 4 else [math.inf] * 4


def _text(number: float) -> str:
    return "" if math.isnan(number) else repr(float(number))
