"""Rows of predictions, written as they come into a CSV, JSONL or Parquet file."""

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet

SUFFIXES = (".csv", ".jsonl", ".parquet")
ROWS_IN_A_GROUP = 8192  # of a Parquet file; so many rows wait in memory
NUMBERS = ("probability", "unknown_score")  # how the names of columns of numbers begin
TRUTHS = ("several",)  # columns that say yes or no; the others hold text
Write = Callable[[pd.DataFrame], object]


@contextmanager
def row_file(path: Path, columns: list[str]) -> Iterator[Write]:
    """Open a file for rows; the suffix says of which kind.

    Args:
        path: Ends in .csv, .jsonl or .parquet.
        columns: The names of the columns, in their order.

    Yields:
        A function that writes the rows of a table with these columns.
    """
    kind = {".csv": _csv_file, ".jsonl": _jsonl_file, ".parquet": _parquet_file}[path.suffix]
    with kind(path, columns) as write:
        yield write


def names_and_problems(path: Path) -> Iterator[tuple[str, str]]:
    """The columns image and problem of a file that `row_file` wrote."""
    if path.suffix == ".parquet":
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=["image", "problem"]):
                yield from zip(batch["image"].to_pylist(), batch["problem"].to_pylist(), strict=True)
        return
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines) if path.suffix == ".csv" else map(json.loads, lines)
        yield from ((row["image"], row["problem"]) for row in rows)


@contextmanager
def _csv_file(path: Path, columns: list[str]) -> Iterator[Write]:
    with path.open("w", encoding="utf-8", newline="") as file:
        pd.DataFrame(columns=columns).to_csv(file, index=False)
        yield lambda rows: file.write(_csv_lines(rows))


def _csv_lines(rows: pd.DataFrame) -> str:
    """pandas puts a text with a line feed between quotes, and one with a carriage return alone not."""
    lines: str = rows.to_csv(index=False, header=False)
    return rows.to_csv(index=False, header=False, quoting=csv.QUOTE_NONNUMERIC) if "\r" in lines else lines


@contextmanager
def _jsonl_file(path: Path, columns: list[str]) -> Iterator[Write]:
    with path.open("w", encoding="utf-8") as file:
        yield lambda rows: file.writelines(_json_lines(rows))


def _json_lines(rows: pd.DataFrame) -> Iterator[str]:
    """A line of JSON for each row. pandas would round numbers behind the point, and small ones to 0."""
    for values in zip(*(_json_values(rows[name]) for name in rows), strict=True):
        row = dict(zip(rows, values, strict=True))
        yield json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"


def _json_values(column: pd.Series) -> list[object]:
    """The values of a column; numbers in the fewest digits that give them back in their own precision."""
    if pd.api.types.is_float_dtype(column):
        return [float(str(value)) if np.isfinite(value) else None for value in column.to_numpy()]
    return [None if missing else value for value, missing in zip(column.tolist(), column.isna(), strict=True)]


@contextmanager
def _parquet_file(path: Path, columns: list[str]) -> Iterator[Write]:
    schema = pyarrow.schema([(name, _parquet_type(name)) for name in columns])
    waiting: list[pyarrow.Table] = []
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:

        def flush() -> None:
            tables = pyarrow.concat_tables(waiting)
            waiting.clear()  # before they are written: who is interrupted then must not write them again
            writer.write_table(tables)

        def write(rows: pd.DataFrame) -> None:
            waiting.append(pyarrow.Table.from_pandas(rows, schema, preserve_index=False))
            if sum(map(len, waiting)) >= ROWS_IN_A_GROUP:
                flush()

        yield write
        if waiting:
            flush()


def _parquet_type(column: str) -> pyarrow.DataType:
    if column in TRUTHS:
        return pyarrow.bool_()
    return pyarrow.float64() if column.startswith(NUMBERS) else pyarrow.string()
