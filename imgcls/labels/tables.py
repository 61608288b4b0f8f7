"""Tables with named columns: CSV, TSV, Parquet and Excel. One row an annotation.

The columns are found by their names (`NAMES`), or named; without a column for the label, there may be one for each
class, or one other. A table whose first line is a row needs no header. A cell that a spreadsheet would take for a
formula is written with an apostrophe before it, and read without.
"""

import csv
import io
import json
import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow.parquet

from imgcls.counted import counted
from imgcls.image_files import SUFFIXES
from imgcls.labels.assembly import assemble
from imgcls.labels.documents import TRIED, files_of, name_in, parse_json, peek, read_text
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.records import BOX, SPLITS, Problems, Records, attributes_text, class_name, coordinate, pixels
from imgcls.labels.split_names import SPLIT_NAMES, split_from_path
from imgcls.labels.table_boxes import READ_AS, box_columns, with_corners
from imgcls.labels.table_classes import class_columns, one_row_a_class, only_column
from imgcls.labels.table_headers import UNDIVIDED, names_of_columns
from imgcls.labels.unread import tool_of
from imgcls.nearest_name import did_you_mean, nearest_name

# fmt: off
NAMES = {  # in the order in which they are taken; letters and digits only
    "image": ["image", "filename", "file", "imagepath", "filepath", "path", "imagename", "imagefile", "imageid",
              "imageindex", "img", "photo", "picture"],
    "label": ["label", "class", "classname", "labelname", "category", "categoryname", "target", "choice", "species",
              "name", "labels", "tags", "findinglabels"],
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
KEYS = ["id"]  # of images, if there are images of these names
SAMPLED = 500  # rows that tell what a table is
SAMPLE = re.compile("submission", re.IGNORECASE)  # how Kaggle calls a table of made-up labels
LISTED = re.compile(r"""['"]([^'"]+)['"]|([^\[\],\s'"]+)""")  # the names in a cell such as ['big cat', dog]
SEVERAL = ("labels", "tags", "findinglabels")  # columns whose cells may have several classes
TRUE = {"1", "true", "yes", "t", "y"}
FORMULA = re.compile(r"'*[=+\-@\t\r]")  # what a spreadsheet begins to calculate, however often it is quoted


def detect(source: Path) -> bool:
    """Whether there is a table whose columns name images and labels."""
    image_index = ImageIndex.of(source)
    return any(
        not understand(_sample(path), image_index).missing
        for path in files_of(source, *READERS)
        if source.is_file() or not (SAMPLE.search(path.name) or tool_of(path))
    )


def _sample(path: Path) -> pd.DataFrame:
    """The first rows of a table, every cell a string; nothing if it is no table."""
    try:
        if path.suffix == ".parquet":
            names = pyarrow.parquet.read_schema(path).names
            batches = pyarrow.parquet.ParquetFile(path).iter_batches(SAMPLED)
            rows = next((batch.to_pandas() for batch in batches), pd.DataFrame(columns=names))
        elif READERS.get(path.suffix.lower()) == "read_excel":
            rows = pd.read_excel(path, nrows=SAMPLED, dtype=str, keep_default_na=False)
        else:
            return _text_table(peek(path).rsplit("\n", 1)[0], path.name, Problems(), True)[:SAMPLED]
        return rows.rename(columns=str).astype(object).where(rows.notna(), "").astype(str)
    except Exception:  # the engines raise many kinds for broken bytes
        return pd.DataFrame()


def read(
    source: Path,
    image_index: ImageIndex | None = None,
    columns: Mapping[str, str] | None = None,
    keep: Sequence[str] = (),
) -> Records:
    """Read a table, or all of a folder.

    columns: the table's own name for each of our columns that `NAMES` does not find, such as {"image": "photo file"}.
    keep: further columns that are kept as attributes, such as "patient".

    Raises ValueError if a table cannot be read or has no column of images or labels.
    """
    source = Path(source)
    image_index = image_index or ImageIndex.of(source)
    problems = Problems()
    tables = []
    for path in files_of(source, *READERS):
        file = name_in(path, source)
        if SAMPLE.search(path.name) and source.is_dir():
            problems.noted(file, "", "this table is not read: by its name, its labels are made up.")
            continue
        try:
            table = read_table(path, file, problems, guess_header=True)
        except ValueError as error:
            if source.is_file():
                raise
            problems.left_out(file, "", str(error))
            continue
        meaning = understand(table, image_index, columns, keep)
        if meaning.missing and (source.is_file() or columns):
            nearest = nearest_name(meaning.missing[0], map(str, table.columns), cutoff=0)
            near = f" Is it {nearest!r}?" if nearest else ""
            raise ValueError(f"{file} has no column for {' and '.join(meaning.missing)}.{near} Name it with `columns`.")
        if meaning.missing:
            problems.noted(file, 1, f"there is no column for {' and '.join(meaning.missing)}; this table is not read.")
            continue
        tables.append(_rows(table, meaning, keep, file, image_index, problems))
    if not tables:
        raise ValueError(f"No table in {source} has columns for images and labels.")
    return assemble(pd.concat(tables, ignore_index=True), problems, image_index)


@dataclass(frozen=True)
class Meaning:
    """What the columns of a table are.

    found: the table's own name for each of our columns.
    classes: the columns that say yes or no to a class each, if there are such.
    boxes: how boxes are stated, and in which columns; see `box_columns`.
    missing: which of image and label there is no column for.
    """

    found: dict[str, str]
    classes: list[str]
    boxes: tuple[str, list[str]]
    missing: list[str]


def understand(
    table: pd.DataFrame, image_index: ImageIndex, wanted: Mapping[str, str] | None = None, keep: Sequence[str] = ()
) -> Meaning:
    """What the columns of a table are, by their names, and by what stands in them where the names do not say.

    wanted: the table's own name for some of our columns. keep: columns that are wanted for something else.
    """
    names = [str(name) for name in table.columns]
    found, missing = find_columns(names, wanted)
    plain = _plain(names)
    key = next((plain[name] for name in KEYS if name in plain), None)
    if "image" in missing and key and _names_images(table[key], image_index):
        found["image"] = key
        missing.remove("image")
    boxes = ("", []) if set(BOX) <= set(found) else box_columns(plain)
    if boxes[0]:
        found = {column: name for column, name in found.items() if name not in boxes[1]}
        found |= {corner: corner for corner in BOX}
    others = [name for name in names if name not in {*found.values(), *boxes[1], *keep}]
    classes = class_columns(table, others) if missing == ["label"] else []
    label = only_column(table, others) if missing == ["label"] and not classes else None
    if classes or label:
        found["label"] = label or "label"
        missing = []
    return Meaning(found, classes, boxes, missing)


def _names_images(cells: pd.Series, image_index: ImageIndex) -> bool:
    """Whether images are called like these cells; a list of a few classes by their numbers is not meant."""
    enough = len(cells) >= min(SAMPLED, len(image_index.paths) / 2)
    return enough and all(image_index.find(cell)[0] for cell in cells[:TRIED] if cell.strip())


def _rows(
    table: pd.DataFrame, meaning: Meaning, keep: Sequence[str], file: str, image_index: ImageIndex, problems: Problems
) -> pd.DataFrame:
    """The rows of a table as `assemble` takes them; what is read in an unusual way is told."""
    kind, box = meaning.boxes
    others = [name for name in table.columns if name not in {*meaning.found.values(), *meaning.classes, *box, *keep}]
    if others:
        problems.noted(file, 1, f"these columns are not read: {', '.join(others)}.")
    if kind:
        problems.noted(file, 1, f"{', '.join(box)} {'is' if len(box) == 1 else 'are'} read as {READ_AS[kind]}.")
        table = with_corners(table, kind, box)
    if meaning.classes:
        problems.noted(file, 1, f"each of these columns is read as a class: {', '.join(meaning.classes)}.")
        table = one_row_a_class(table, meaning.classes, "label")
    table = _one_class_a_row(table, meaning.found["label"])
    rows = with_attributes(rows_of(table, meaning.found, file, problems), table, keep, file)
    return _with_suffixes(rows, file, image_index, problems)


def _one_class_a_row(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """A row for each class of a cell such as "cat|dog" or "['cat', 'dog']", in a column that is called like several."""
    if re.sub(r"[\W_]", "", column).lower() not in SEVERAL:
        return table
    return table.assign(**{column: table[column].map(_classes_of)}).explode(column)


def _classes_of(cell: str) -> list[str]:
    if cell.startswith("["):
        return [quoted or bare for quoted, bare in LISTED.findall(cell)] or [""]
    return [name.strip() for name in cell.split("|")] if "|" in cell else [cell]


def _with_suffixes(rows: pd.DataFrame, file: str, image_index: ImageIndex, problems: Problems) -> pd.DataFrame:
    """The rows with the names of the images' files, where a table names all images without their suffixes."""
    if not image_index.must_exist or any(name.lower().endswith(SUFFIXES) for name in rows["image"]):
        return rows
    beside = posixpath.dirname(file)
    found = {name: image_index.find(name, beside)[0] for name in rows["image"].unique()}
    if any(found.values()):
        problems.noted(file, 1, "the images are named without their suffixes.")
    return rows.assign(image=[found[name] or name for name in rows["image"]])


def read_table(path: Path, file: str, problems: Problems, guess_header: bool = False) -> pd.DataFrame:
    """Any table as text, every cell a string, with the line of each row as its index.

    guess_header: whether a text whose first line names an image has no header, so that its columns get usual names.
    """
    kind = READERS.get(path.suffix.lower(), "text")
    if kind == "text":
        return _text_table(read_text(path), file, problems, guess_header)
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


def _text_table(text: str, file: str, problems: Problems, guess_header: bool) -> pd.DataFrame:
    delimiter = _delimiter(text.split("\n", 1)[0])
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows, lines, header = [], [], []
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


def _delimiter(head: str) -> str:
    return max(",;\t|", key=head.count)


def find_columns(names: list[str], wanted: Mapping[str, str] | None = None) -> tuple[dict[str, str], list[str]]:
    """The table's name for each of our columns, and which of image and label it lacks."""
    found = {}
    plain = _plain(names)
    for column, candidates in NAMES.items():
        taken = [plain[name] for name in candidates if name in plain]
        if taken:
            found[column] = taken[0]
    found |= {column: name for column, name in (wanted or {}).items() if name in names}
    return found, [column for column in ("image", "label") if column not in found]


def _plain(names: list[str]) -> dict[str, str]:
    """The table's own name for each of its names in small letters and digits; the first of several."""
    return {re.sub(r"[\W_]", "", str(name)).lower(): name for name in reversed(names)}


def with_attributes(rows: pd.DataFrame, table: pd.DataFrame, keep: Sequence[str], file: str) -> pd.DataFrame:
    """The rows, with the cells of the columns `keep` among their attributes. Raises ValueError for an unknown one."""
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
        if name.strip() and name.strip().lower() not in (*SPLIT_NAMES, UNDIVIDED):
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
