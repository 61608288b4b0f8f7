"""Tables whose rows name images, read a part at a time: manifests, CSV, Parquet, and text with a name a line."""

import csv
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow
import pyarrow.parquet

from imgcls.data.manifest.table import is_manifest
from imgcls.labels.fetching import ADDRESSES
from imgcls.labels.table_columns import NAMES
from imgcls.workflow.many_images.named_files import named_file

SUFFIXES = (".csv", ".tsv", ".parquet", ".txt")
COLUMNS = (*NAMES["image"], *ADDRESSES)  # in the order in which they are taken; letters and digits only
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)  # of http or https; why others are not fetched is said
ROWS = 8192  # read at once
LONGEST = 10_000_000  # characters of a cell


def is_table(path: Path) -> bool:
    """Whether a file is called as a table is.

    Example:
        >>> is_table(Path("addresses.csv")), is_table(Path("photo.jpg"))
        (True, False)
    """
    return path.suffix.lower() in SUFFIXES


def names_in(table: Path) -> Iterator[str]:
    """The paths and addresses of a table's images, in its order; an image that comes twice does so here too.

    Args:
        table: A manifest, whose rows with problems are left out; a .csv, .tsv or .parquet file with a column image,
            path, file, url or the like; or a .txt file with a name a line.

    Yields:
        An address; else a path, from the manifest's root, from the table's folder if there is such a
        file or archive, or as it is.

    Raises:
        ValueError: It has no such column, or is no table.
    """
    if table.suffix.lower() == ".parquet" and is_manifest(table):
        root = _root(table)
        rows = _parquet(table, ["image", "problems"])
        yield from (str(root / image) for image, problem in rows if not problem)
        return
    for name in _plain_names(table):
        yield name if ADDRESS.match(name) else str(named_file(table.parent / name) or named_file(Path(name)) or name)


def check_table(table: Path) -> None:
    """Raise ValueError, in a sentence, if a table names no images."""
    if next(names_in(table), None) is None:
        raise ValueError(f"{table} names no image. Expected a column such as image, path or url, with a row for each.")


def count_rows(table: Path) -> int:
    """How many rows a table has, those included that name nothing."""
    if table.suffix.lower() == ".parquet":
        return int(pyarrow.parquet.ParquetFile(table).metadata.num_rows)
    with table.open("rb") as file:
        return sum(1 for line in file if line.strip()) - (table.suffix.lower() != ".txt")


def _plain_names(table: Path) -> Iterator[str]:
    if table.suffix.lower() == ".parquet":
        column = _column(table, _parquet_columns(table))
        yield from (str(name).strip() for (name,) in _parquet(table, [column]) if name)
        return
    with table.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        if table.suffix.lower() == ".txt":
            yield from (line.strip() for line in file if line.strip())
        else:
            yield from _csv_names(table, file)


def _csv_names(table: Path, file: Iterable[str]) -> Iterator[str]:
    csv.field_size_limit(LONGEST)
    delimiter = "\t" if table.suffix.lower() == ".tsv" else ","
    lines = csv.reader((line.replace("\0", "") for line in file), delimiter=delimiter)
    try:
        head = next(lines, [])
        place = head.index(_column(table, head))
        yield from (row[place].strip() for row in lines if len(row) > place and row[place].strip())
    except csv.Error as error:
        raise ValueError(
            f"{table} cannot be read ({error}). Expected a table with commas between its cells."
        ) from error


def _column(table: Path, columns: Iterable[str]) -> str:
    plain = {re.sub(r"[^a-z0-9]", "", name.lower()): name for name in reversed(list(columns))}
    found = next((plain[name] for name in COLUMNS if name in plain), None)
    if found is None:
        raise ValueError(
            f"{table} has no column of images; it has {', '.join(plain.values()) or 'none'}. "
            "Expected one that is called image, path, file or url."
        )
    return found


def _parquet_columns(table: Path) -> list[str]:
    try:
        return list(pyarrow.parquet.read_schema(table).names)
    except (OSError, pyarrow.ArrowException) as error:
        raise ValueError(f"{table} is no Parquet file that can be read ({error}).") from error


def _parquet(table: Path, columns: list[str]) -> Iterator[tuple[str, ...]]:
    with pyarrow.parquet.ParquetFile(table) as file:
        for batch in file.iter_batches(ROWS, columns=columns):
            yield from zip(*(batch.column(name).to_pylist() for name in columns), strict=True)


def _root(table: Path) -> Path:
    metadata = pyarrow.parquet.read_schema(table).metadata
    return Path(json.loads(metadata[b"PANDAS_ATTRS"])["root"])
