"""Files of tables as text: CSV, TSV, Parquet and Excel, every cell a string.

A cell that a spreadsheet would take for a formula is written with an apostrophe before it, and read without.
"""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow.parquet

from imgcls.counted import counted
from imgcls.labels.documents import peek, read_text
from imgcls.labels.records import Problems
from imgcls.labels.table_headers import names_of_columns

KINDS = {".csv": "text", ".tsv": "text", ".parquet": "parquet", ".xlsx": "excel", ".xls": "excel"}  # by suffix
SAMPLED = 500  # rows that show what a table is
FORMULA = re.compile(r"'*[=+\-@\t\r]")  # what a spreadsheet begins to calculate, however often it is quoted
FIRST_LINES = {"text": 2, "excel": 2, "parquet": 1}  # number of the first row: a text and a sheet begin with a header


def read_table(path: Path, file: str, problems: Problems, guess_header: bool = False) -> pd.DataFrame:
    """Any table as text.

    Args:
        path: The file; a suffix that is not in `KINDS` is read as text.
        file: What the problems table calls it.
        problems: Gets the rows of a text that have too many or too few cells, and the sheets that are not read.
        guess_header: Whether a text whose first line names an image has no header, so that its columns get usual names.

    Returns:
        The cells as strings, with the line of each row as its index.

    Raises:
        ValueError: The file is no table that can be read.
    """
    kind = KINDS.get(path.suffix.lower(), "text")
    if kind == "text":
        return _text_table(read_text(path), file, problems, guess_header)
    try:
        table = _excel(path, file, problems) if kind == "excel" else pd.read_parquet(path)
    except ImportError as error:
        raise ValueError(f"To read {file}, install the extra: pip install imgcls[excel].") from error
    except Exception as error:  # the engines raise many kinds for broken bytes
        raise ValueError(f"{file} is no {path.suffix} table that can be read: {error}") from error
    table = _as_text(table.reset_index(drop=True))
    table.index = table.index + FIRST_LINES[kind]
    return table


def cells_by_line(table: pd.DataFrame) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row of a table that `read_table` gave: its line, and its cells by the names of their columns."""
    names = [str(name) for name in table.columns]
    for line, cells in zip(table.index, table.itertuples(index=False, name=None), strict=True):
        yield line, dict(zip(names, cells, strict=True))


def first_rows(path: Path) -> pd.DataFrame:
    """The first rows of a table, `SAMPLED` at most, every cell a string; an empty table if the file is none."""
    kind = KINDS.get(path.suffix.lower(), "text")
    try:
        if kind == "text":
            return _text_table(peek(path).rsplit("\n", 1)[0], path.name, Problems(), True)[:SAMPLED]
        if kind == "excel":
            return _as_text(pd.read_excel(path, nrows=SAMPLED, dtype=str, keep_default_na=False))
        names = pyarrow.parquet.read_schema(path).names
        batches = pyarrow.parquet.ParquetFile(path).iter_batches(SAMPLED)
        return _as_text(next((batch.to_pandas() for batch in batches), pd.DataFrame(columns=names)))
    except Exception:  # the engines raise many kinds for broken bytes
        return pd.DataFrame()


def quoted(cell: str) -> str:
    """The cell as a spreadsheet takes it for text; `read_table` takes the apostrophe away again.

    Example:
        >>> quoted("=1+1"), quoted("cat")
        ("'=1+1", 'cat')
    """
    return f"'{cell}" if FORMULA.match(cell) else cell


def _unquoted(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def _as_text(table: pd.DataFrame) -> pd.DataFrame:
    table = table.set_axis([str(name) for name in table.columns], axis=1)
    return table.astype(object).where(table.notna(), "").astype(str)


def _excel(path: Path, file: str, problems: Problems) -> pd.DataFrame:
    """The first sheet; the others are reported."""
    with pd.ExcelFile(path) as book:
        for name in book.sheet_names[1:]:
            problems.noted(file, name, "only the first sheet is read, not this one.")
        return pd.read_excel(book, dtype=str, keep_default_na=False)


def _text_table(text: str, file: str, problems: Problems, guess_header: bool) -> pd.DataFrame:
    delimiter = max(",;\t|", key=text.split("\n", 1)[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[list[str]] = []
    lines: list[int] = []
    header: list[str] = []
    try:
        for cells in reader:
            if not header:
                guessed = names_of_columns(cells) if guess_header else []
                header = guessed or [cell.strip() for cell in cells]
                if not guessed:
                    continue
                problems.noted(file, 1, f"there is no header; the columns are read as {', '.join(header)}.")
            if len(cells) == len(header):
                rows.append([_unquoted(cell) for cell in cells])
                lines.append(reader.line_num)
            elif cells:
                shown = delimiter.join(cells)[:80]
                reason = f"expected {counted(len(header), 'cell')}, got {len(cells)}: {shown!r}; left out."
                problems.left_out(file, reader.line_num, reason)
    except csv.Error as error:
        raise ValueError(f"{file} is no table: line {reader.line_num}: {error}.") from error
    if not header or len(set(header)) != len(header):
        raise ValueError(f"{file} has no header line with a different name for each column.")
    return pd.DataFrame(rows, columns=header, index=pd.Index(lines, dtype=int), dtype=object)
