"""Tables with named columns: CSV, TSV, Parquet and Excel. One row an annotation.

The columns are found by their names (`NAMES`), or named. A cell that a spreadsheet would take for a formula is written
with an apostrophe before it, and read without.
"""

import csv
import difflib
import io
import json
import posixpath
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import pyarrow.parquet

from imgcls.labels.assembly import assemble
from imgcls.labels.documents import files_of, name_in, parse_json, peek, read_text
from imgcls.labels.pictures import Pictures
from imgcls.labels.records import BOX, SPLITS, Problems, Records, attributes_text, class_name, coordinate, pixels
from imgcls.labels.split_names import SPLIT_NAMES, split_from_path

# fmt: off
NAMES = {  # in the order in which they are taken; letters and digits only
    "image": ["image", "filename", "file", "imagepath", "filepath", "path", "imagename", "imagefile", "imageid", "img",
              "photo", "picture"],
    "label": ["label", "class", "classname", "labelname", "category", "categoryname", "target", "choice", "species",
              "name"],
    "x_min": ["xmin", "bboxxmin", "boxxmin", "left", "x1"],
    "y_min": ["ymin", "bboxymin", "boxymin", "top", "y1"],
    "x_max": ["xmax", "bboxxmax", "boxxmax", "right", "x2"],
    "y_max": ["ymax", "bboxymax", "boxymax", "bottom", "y2"],
    "split": ["split", "subset", "partition", "set"],
    "width": ["width", "imagewidth"],
    "height": ["height", "imageheight"],
    "annotator": ["annotator", "worker", "workerid", "author"],
    "attributes": ["attributes"],
    "source": ["source"],
} | {flag: [flag] for flag in ("difficult", "crowd", "occluded", "truncated")}
# fmt: on
READERS = {".csv": "text", ".tsv": "text", ".parquet": "read_parquet", ".xlsx": "read_excel", ".xls": "read_excel"}
TRUE = {"1", "true", "yes", "t", "y"}
FORMULA = re.compile(r"'*[=+\-@\t\r]")  # what a spreadsheet begins to calculate, however often it is quoted


def detect(source: Path) -> bool:
    """Whether there is a table whose columns name images and labels."""
    return any(not find_columns(_columns_of(path))[1] for path in files_of(source, *READERS))


def _columns_of(path: Path) -> list[str]:
    """The names of a table's columns, from its beginning; none if it is no table."""
    try:
        if path.suffix == ".parquet":
            return pyarrow.parquet.read_schema(path).names
        if READERS.get(path.suffix.lower()) == "read_excel":
            return [str(name) for name in pd.read_excel(path, nrows=0).columns]
        head = peek(path).split("\n", 1)[0].strip("\r\ufeff")
        return next(csv.reader([head], delimiter=_delimiter(head)), [])
    except Exception:  # the engines raise many kinds for broken bytes
        return []


def read(
    source: Path,
    pictures: Pictures | None = None,
    columns: Mapping[str, str] | None = None,
    keep: Sequence[str] = (),
) -> Records:
    """Read a table, or all of a folder.

    columns: the table's own name for each of our columns that `NAMES` does not find, such as {"image": "photo file"}.
    keep: further columns that are kept as attributes, such as "patient".

    Raises ValueError if a table cannot be read or has no column of images or labels.
    """
    source = Path(source)
    pictures = pictures or Pictures.of(source)
    problems = Problems()
    tables = []
    for path in files_of(source, *READERS):
        file = name_in(path, source)
        try:
            table = read_table(path, file, problems)
        except ValueError as error:
            if source.is_file():
                raise
            problems.left_out(file, "", str(error))
            continue
        found, missing = find_columns(list(table.columns), columns or {})
        if missing and (source.is_file() or columns):
            close = difflib.get_close_matches(missing[0], [str(name) for name in table.columns], 1, cutoff=0)
            near = f" Is it {close[0]!r}?" if close else ""
            raise ValueError(f"{file} has no column for {' and '.join(missing)}.{near} Name it with `columns`.")
        if missing:
            problems.noted(file, 1, f"there is no column for {' and '.join(missing)}; this table is not read.")
            continue
        others = [name for name in table.columns if name not in {*found.values(), *keep}]
        if others:
            problems.noted(file, 1, f"these columns are not read: {', '.join(others)}.")
        tables.append(with_attributes(rows_of(table, found, file, problems), table, keep, file))
    if not tables:
        raise ValueError(f"No table in {source} has columns for images and labels.")
    return assemble(pd.concat(tables, ignore_index=True), problems, pictures)


def read_table(path: Path, file: str, problems: Problems) -> pd.DataFrame:
    """Any table as text, every cell a string, with the line of each row as its index."""
    kind = READERS.get(path.suffix.lower(), "text")
    if kind == "text":
        return _read_text_table(path, file, problems)
    try:
        table = _excel(path, file, problems) if kind == "read_excel" else pd.read_parquet(path)
    except ImportError as error:
        raise ValueError(f"To read {file}, install the extra: pip install imgcls[excel].") from error
    except Exception as error:  # the engines raise many kinds for broken bytes
        raise ValueError(f"{file} is no {path.suffix} table that can be read: {error}") from error
    table = table.reset_index(drop=True)
    table.columns = [str(name) for name in table.columns]
    table = table.astype(object).where(table.notna(), "").astype(str)
    table.index = table.index + (2 if kind == "read_excel" else 1)
    return table


def _excel(path: Path, file: str, problems: Problems) -> pd.DataFrame:
    """The first sheet; the others are told."""
    with pd.ExcelFile(path) as book:
        for name in book.sheet_names[1:]:
            problems.noted(file, name, "only the first sheet is read, not this one.")
        return pd.read_excel(book, dtype=str, keep_default_na=False)


def _read_text_table(path: Path, file: str, problems: Problems) -> pd.DataFrame:
    text = read_text(path)
    delimiter = _delimiter(text.split("\n", 1)[0])
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows, lines, header = [], [], []
    try:
        for cells in reader:
            if not header:
                header = [cell.strip() for cell in cells]
            elif len(cells) == len(header):
                rows.append([_unquoted(cell) for cell in cells])
                lines.append(reader.line_num)
            elif cells:
                shown = delimiter.join(cells)[:80]
                reason = f"expected {len(header)} cells, got {len(cells)}: {shown!r}; left out."
                problems.left_out(file, reader.line_num, reason)
    except csv.Error as error:
        raise ValueError(f"{file} is no table: line {reader.line_num}: {error}.") from error
    if not header or len(set(header)) != len(header):
        raise ValueError(f"{file} has no header line with a different name for each column.")
    return pd.DataFrame(rows, columns=header, index=pd.Index(lines, dtype=int), dtype=object)


def _delimiter(head: str) -> str:
    return max(",;\t|", key=head.count)


def find_columns(names: list[str], wanted: Mapping[str, str] | None = None) -> tuple[dict[str, str], list[str]]:
    """The table's name for each of our columns, and which of image and label it lacks."""
    found = {}
    plain = {re.sub(r"[\W_]", "", str(name)).lower(): name for name in reversed(names)}
    for column, candidates in NAMES.items():
        taken = [plain[name] for name in candidates if name in plain]
        if taken:
            found[column] = taken[0]
    found |= {column: name for column, name in (wanted or {}).items() if name in names}
    return found, [column for column in ("image", "label") if column not in found]


def with_attributes(rows: pd.DataFrame, table: pd.DataFrame, keep: Sequence[str], file: str) -> pd.DataFrame:
    """The rows, with the cells of the columns `keep` among their attributes. Raises ValueError for an unknown one."""
    for name in keep:
        if name not in table:
            close = difflib.get_close_matches(name, list(table.columns), 1)
            near = f" Did you mean {close[0]!r}?" if close else f" It has {', '.join(table.columns)}."
            raise ValueError(f"{file} has no column {name!r}.{near}")
    if keep:
        stated = rows["attributes"] if "attributes" in rows else [""] * len(rows)
        kept = table[list(keep)].to_dict("records")
        rows["attributes"] = [
            attributes_text((json.loads(text) if text else {}) | cells)
            for text, cells in zip(stated, kept, strict=True)
        ]
    return rows


def rows_of(table: pd.DataFrame, found: dict[str, str], file: str, problems: Problems) -> pd.DataFrame:
    """The rows of a table as `assemble` takes them. found: the table's own name for each of our columns."""
    rows = pd.DataFrame({column: table[name] for column, name in found.items()}, dtype=object)
    rows["label"] = ["" if class_name(label) is None else label for label in rows["label"]]
    for column in set(BOX) & set(found):
        rows[column] = [float("nan") if cell.strip() in ("", "nan") else coordinate(cell) for cell in rows[column]]
    for column in {"width", "height"} & set(found):
        rows[column] = [pixels(cell) for cell in rows[column]]
    for column in {"difficult", "crowd", "occluded", "truncated"} & set(found):
        rows[column] = [cell.strip().lower() in TRUE for cell in rows[column]]
    if "attributes" in found:
        rows["attributes"] = [_object_text(text, file, line, problems) for line, text in rows["attributes"].items()]
    partly = rows.reindex(columns=BOX).isna()
    rows.loc[partly.any(axis=1) & ~partly.all(axis=1), [column for column in BOX if column in rows]] = float("inf")
    rows["file"], rows["line"], rows["beside"] = file, rows.index, posixpath.dirname(file)
    stated = rows["split"] if "split" in rows else [split_from_path(file)] * len(rows)
    rows["split"] = [SPLIT_NAMES.get(name.strip().lower(), "") for name in stated]
    for line, name in zip(rows.index, stated, strict=True):
        if name.strip() and name.strip().lower() not in SPLIT_NAMES:
            problems.changed(file, line, f"the split {name!r} is none of {', '.join(SPLITS)}; it is read as none.")
    if "source" not in rows:
        rows["source"] = "table"
    return rows


def _object_text(text: str, file: str, line: object, problems: Problems) -> str:
    """The text of a JSON object; anything else is told and left out."""
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


def _unquoted(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def quoted(cell: str) -> str:
    """The cell as a spreadsheet takes it for text; `read` takes the apostrophe away again."""
    return f"'{cell}" if FORMULA.match(cell) else cell
