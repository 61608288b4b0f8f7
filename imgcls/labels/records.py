"""What every label format returns: a table of annotations, and a table of the problems with them."""

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, SupportsFloat, SupportsIndex

import pandas as pd

SPLITS = ("train", "validation", "test")
BOX = ["x_min", "y_min", "x_max", "y_max"]
LABELLED_BOX = [f"labelled_{edge}" for edge in BOX]  # before a margin was added, in a table of examples
COLUMNS = {
    "image": "",  # path relative to the root, with forward slashes
    "label": "",  # name of the class; empty for an image that nobody annotated
    "x_min": math.nan,  # pixels from the left edge of the upright image; NaN if the label is of the whole image
    "y_min": math.nan,
    "x_max": math.nan,
    "y_max": math.nan,
    "split": "",  # one of SPLITS, or empty
    "source": "",  # name of the format that the row came from
    "width": 0,  # pixels; 0 if the file does not say
    "height": 0,
    "difficult": False,
    "crowd": False,  # the box is around a group
    "occluded": False,
    "truncated": False,
    "annotator": "",
    "attributes": "",  # what else the file says of this annotation, as a JSON object; empty for none
}
Row = dict[str, Any]  # an annotation as a format reads it: some of `COLUMNS`, and where it stands
LEFT_OUT, CHANGED, NOTED = "left out", "changed", "noted"
PROBLEM_COLUMNS = ["file", "line", "reason", "effect"]


@dataclass(frozen=True)
class Records:
    """What annotation files say.

    Attributes:
        boxes_or_images: A row an annotation, with the columns of `COLUMNS`; an image without annotations has one row
            too, with an empty label.
        problems: A row for each thing that was left out, changed or is worth knowing, with the columns file (relative
            to the source), line (its number, or the path inside a JSON file), reason, and effect ("left out",
            "changed", "noted"). A label is in `boxes_or_images`, or its loss is here.
        root: The folder that the image paths start from.
    """

    boxes_or_images: pd.DataFrame
    problems: pd.DataFrame
    root: Path

    @property
    def class_names(self) -> list[str]:
        """The names of the classes, sorted."""
        return sorted(set(self.boxes_or_images["label"]) - {""})

    def with_rows(self, rows: pd.DataFrame, problems: "Problems") -> "Records":
        """The same source with other rows, and with `problems` after those that were there."""
        reported = pd.concat([self.problems, problems.table()], ignore_index=True)
        return Records(rows.reset_index(drop=True), reported, self.root)


@dataclass
class Problems:
    """Collects the rows of a problems table.

    Attributes:
        rows: Tuples of file, line, reason and effect.

    Example:
        >>> problems = Problems()
        >>> problems.left_out("labels.csv", 3, "there is no label; left out.")
        >>> problems.table().to_dict("records")
        [{'file': 'labels.csv', 'line': '3', 'reason': 'there is no label; left out.', 'effect': 'left out'}]
    """

    rows: list[tuple[str, str, str, str]] = field(default_factory=list)

    def left_out(self, file: str, line: object, reason: str) -> None:
        """Report something that is lost."""
        self.rows.append((file, str(line), reason, LEFT_OUT))

    def changed(self, file: str, line: object, reason: str) -> None:
        """Report something that was put right."""
        self.rows.append((file, str(line), reason, CHANGED))

    def noted(self, file: str, line: object, reason: str) -> None:
        """Report something that is worth knowing."""
        self.rows.append((file, str(line), reason, NOTED))

    def extend(self, files: Iterable[object], lines: Iterable[object], reasons: Iterable[str], effect: str) -> None:
        """Report many things that have one effect.

        Args:
            files: One for each row.
            lines: One for each row.
            reasons: One for each row.
            effect: `LEFT_OUT`, `CHANGED` or `NOTED`.
        """
        self.rows.extend(
            (str(file), str(line), reason, effect) for file, line, reason in zip(files, lines, reasons, strict=True)
        )

    def table(self) -> pd.DataFrame:
        """The rows with the columns of `PROBLEM_COLUMNS`, all of them text."""
        table = pd.DataFrame(self.rows, columns=PROBLEM_COLUMNS, dtype=object)
        return table.map(printable).astype(str)


def typed(rows: pd.DataFrame | Sequence[Row], extra: Sequence[str] = ()) -> pd.DataFrame:
    """A table with the columns of `COLUMNS` and `extra`, in this order; what a row does not say gets its default."""
    table = pd.DataFrame(rows).reindex(columns=[*COLUMNS, *extra])
    for column, default in COLUMNS.items():
        values = table[column]
        if values.isna().any():
            values = values.astype(object).where(values.notna(), default)
        table[column] = values.astype(type(default))
    return table


def grouped(rows: pd.DataFrame, column: str, sort: bool = False) -> Iterator[tuple[str, pd.DataFrame]]:
    """The rows by the text in a column.

    Args:
        rows: Any of them.
        column: Such as "image" or "split".
        sort: Whether the texts come sorted; else in the order in which they first appear.
    """
    for value, part in rows.groupby(column, sort=sort):
        yield str(value), part


def class_name(value: object) -> str | None:
    """The name of a class as a file states it; None for what cannot be one. Spaces around it stay.

    Example:
        >>> class_name("cat"), class_name(7), class_name(" "), class_name(None)
        ('cat', '7', None, None)
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    name = str(value)
    return name if name.strip() and printable(name) == name else None


def coordinate(value: object) -> float:
    """A number of a box; infinite for what is none, which the check of the boxes then reports.

    Example:
        >>> coordinate("12.5"), coordinate("wide")
        (12.5, inf)
    """
    if isinstance(value, bool) or not isinstance(value, str | bytes | SupportsFloat | SupportsIndex):
        return math.inf
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return math.inf
    return math.inf if math.isnan(number) else number


def pixels(value: object) -> int:
    """A width or height that a file states; 0 for what cannot be one."""
    number = coordinate(value)
    return int(number) if 0 < number < 2**31 else 0


def attributes_text(attributes: dict[str, Any]) -> str:
    """The JSON text of the attributes that say something, the same text for the same attributes."""
    stated = {name: value for name, value in attributes.items() if value not in (None, "", [], {})}
    return printable(json.dumps(stated, ensure_ascii=False, sort_keys=True, default=str)) if stated else ""


def printable(text: str) -> str:
    """The text with what UTF-8 cannot hold replaced, so that it can be written to any file."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
