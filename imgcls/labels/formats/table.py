"""Tables with named columns: CSV, TSV, Parquet and Excel. One row an annotation.

The columns are found by their names (`NAMES`), or named; without a column for the label, there may be one for each
class, or one other. A table whose first line is a row needs no header.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from imgcls.image_files import SUFFIXES
from imgcls.labels.assembly import assemble
from imgcls.labels.documents import files_of, name_in
from imgcls.labels.format import Format
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.records import Problems, Records
from imgcls.labels.table_boxes import READ_AS, with_corners
from imgcls.labels.table_classes import one_row_a_class
from imgcls.labels.table_columns import Meaning, plain_name, understand
from imgcls.labels.table_files import KINDS, first_rows, read_table
from imgcls.labels.table_rows import rows_of, with_attributes
from imgcls.labels.unread import tool_of
from imgcls.nearest_name import nearest_name

FORMAT = Format(
    "table",
    "tables: CSV, Parquet, Excel",
    "A table with a row an image or box, and columns such as image and label.",
    suffixes=(".csv", ".tsv", ".parquet", ".xlsx", ".xls"),
    options=("columns", "keep"),
    last_resort=True,
    order=2_000,
)
SAMPLE = re.compile("submission", re.IGNORECASE)  # how Kaggle calls a table of made-up labels
LISTED = re.compile(r"""['"]([^'"]+)['"]|([^\[\],\s'"]+)""")  # the names in a cell such as ['big cat', dog]
SEVERAL = ("labels", "tags", "findinglabels")  # columns whose cells may have several classes


def detect(source: Path) -> bool:
    """Whether there is a table whose columns name images and labels."""
    image_index = ImageIndex.of(source)
    return any(
        not understand(first_rows(path), image_index).missing
        for path in files_of(source, *KINDS)
        if source.is_file() or not (SAMPLE.search(path.name) or tool_of(path))
    )


def read(
    source: Path,
    image_index: ImageIndex | None = None,
    columns: Mapping[str, str] | None = None,
    keep: Sequence[str] = (),
) -> Records:
    """Read a table, or all of a folder.

    Args:
        source: The file or folder.
        image_index: The images, if they are not in the source's folder.
        columns: The table's own name for each of our columns that `NAMES` does not find, such as
            {"image": "photo file"}.
        keep: Further columns that are kept as attributes, such as "patient".

    Raises:
        ValueError: A table cannot be read or has no column of images or labels.
    """
    reader = _Reader(source, image_index or ImageIndex.of(source), columns or {}, keep)
    tables = list(reader.tables())
    if not tables:
        raise ValueError(f"No table in {source} has columns for images and labels.")
    return assemble(pd.concat(tables, ignore_index=True), reader.problems, reader.image_index)


@dataclass
class _Reader:
    """Reads the tables of one source. What is read in an unusual way, or not at all, is reported in `problems`."""

    source: Path
    image_index: ImageIndex
    columns: Mapping[str, str]
    keep: Sequence[str]
    problems: Problems = field(default_factory=Problems)

    def tables(self) -> Iterator[pd.DataFrame]:
        """The rows of each table that has images and labels, as `assemble` takes them."""
        for path in files_of(self.source, *KINDS):
            file = name_in(path, self.source)
            table = self._cells(path, file)
            if table is not None:
                meaning = understand(table, self.image_index, self.columns, self.keep)
                if not meaning.missing:
                    yield self._rows(table, meaning, file)
                else:
                    self._report_missing(table, meaning.missing, file)

    def _cells(self, path: Path, file: str) -> pd.DataFrame | None:
        """The cells of a file; None, which is reported, for one of a folder that is not to be read or cannot be."""
        if SAMPLE.search(path.name) and self.source.is_dir():
            self.problems.noted(file, "", "this table is not read: by its name, its labels are made up.")
            return None
        try:
            return read_table(path, file, self.problems, guess_header=True)
        except ValueError as error:
            if self.source.is_file():
                raise
            self.problems.left_out(file, "", str(error))
            return None

    def _report_missing(self, table: pd.DataFrame, missing: Sequence[str], file: str) -> None:
        """Report a table without images or labels. Raises ValueError if the user named it, or its columns."""
        lacking = " and ".join(missing)
        if not (self.source.is_file() or self.columns):
            self.problems.noted(file, 1, f"there is no column for {lacking}; this table is not read.")
            return
        nearest = nearest_name(missing[0], map(str, table.columns), cutoff=0)
        near = f" Is it {nearest!r}?" if nearest else ""
        raise ValueError(f"{file} has no column for {lacking}.{near} Name it with `columns`.")

    def _rows(self, table: pd.DataFrame, meaning: Meaning, file: str) -> pd.DataFrame:
        kind, box = meaning.boxes
        used = {*meaning.found.values(), *meaning.classes, *box, *self.keep}
        others = [name for name in table.columns if name not in used]
        if others:
            self.problems.noted(file, 1, f"these columns are not read: {', '.join(others)}.")
        if kind:
            verb = "is" if len(box) == 1 else "are"
            self.problems.noted(file, 1, f"{', '.join(box)} {verb} read as {READ_AS[kind]}.")
            table = with_corners(table, kind, box)
        if meaning.classes:
            self.problems.noted(file, 1, f"each of these columns is read as a class: {', '.join(meaning.classes)}.")
            table = one_row_a_class(table, meaning.classes, "label")
        table = _one_class_a_row(table, meaning.found["label"])
        rows = with_attributes(rows_of(table, meaning.found, file, self.problems), table, self.keep, file)
        return self._with_suffixes(rows, file)

    def _with_suffixes(self, rows: pd.DataFrame, file: str) -> pd.DataFrame:
        """The rows with the names of the images' files, where a table names all images without their suffixes."""
        if not self.image_index.must_exist or any(name.lower().endswith(SUFFIXES) for name in rows["image"]):
            return rows
        beside = posixpath.dirname(file)
        found = {name: self.image_index.find(name, beside)[0] for name in rows["image"].unique()}
        if any(found.values()):
            self.problems.noted(file, 1, "the images are named without their suffixes.")
        return rows.assign(image=[found[name] or name for name in rows["image"]])


def _one_class_a_row(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """A row for each class of a cell such as "cat|dog" or "['cat', 'dog']", in a column that is called like several."""
    if plain_name(column) not in SEVERAL:
        return table
    return table.assign(**{column: table[column].map(_classes_of)}).explode(column)


def _classes_of(cell: str) -> list[str]:
    if cell.startswith("["):
        return [quoted or bare for quoted, bare in LISTED.findall(cell)] or [""]
    return [name.strip() for name in cell.split("|")] if "|" in cell else [cell]
