"""Open Images' CSV files: labels of whole images, boxes, the names of the classes, and the subsets.

https://storage.googleapis.com/openimages/web/download_v7.html describes them. An image is `IMAGEID.jpg`, boxes are
shares of its sides, and a class is a code such as /m/01g317, which a file of descriptions names. Confidence 0 says that
somebody looked and the class is not in the image. What a box says is not said again for the whole image.
"""

import csv
import io
import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from imgcls.labels.assembly import assemble
from imgcls.labels.documents import any_file, files_of, name_in, peek, read_text
from imgcls.labels.format import Format
from imgcls.labels.image_index import ImageIndex, upright_size
from imgcls.labels.records import BOX, Problems, Records, Row, attributes_text, class_name, coordinate
from imgcls.labels.split_names import SPLIT_NAMES, split_from_path
from imgcls.labels.table_files import cells_by_line, read_table

FORMAT = Format(
    "open_images",
    "Open Images",
    "CSV files of labels, boxes and the names of the classes.",
    suffixes=(".csv",),
    order=130,
)

SIGNS = ("ImageID", "LabelName", "Confidence")
SUBSETS = ("ImageID", "Subset")
DESCRIPTIONS = "class-descriptions"  # in the name of the file with the names of the classes
EDGES = {"x_min": "XMin", "y_min": "YMin", "x_max": "XMax", "y_max": "YMax"}
FLAGS = {"occluded": "IsOccluded", "truncated": "IsTruncated", "crowd": "IsGroupOf"}
KEPT = {"IsDepiction": "depiction", "IsInside": "inside"}


def detect(source: Path) -> bool:
    """Whether there is a table with these columns."""
    return any_file(source, (".csv",), _has(SIGNS))


def _has(columns: tuple[str, ...]) -> Callable[[str], bool]:
    return lambda text: set(columns) <= set(text.split("\n", 1)[0].strip().split(","))


def read(source: Path, image_index: ImageIndex | None = None) -> Records:
    """Read a table, with the descriptions of its folder, or all of a folder. The subset is in a file's name."""
    source = Path(source)
    image_index = image_index or ImageIndex.of(source)
    problems = Problems()
    places = _Places(image_index)
    names = _names(source, problems)
    rows: list[Row] = []
    for path in files_of(source, ".csv"):
        file, head = name_in(path, source), peek(path)
        if DESCRIPTIONS in path.name:
            continue
        try:
            if source.is_file() or _has(SIGNS)(head):
                rows.extend(_rows(read_table(path, file, problems), file, names, places, problems))
            elif _has(SUBSETS)(head):
                rows.extend(_bare(read_table(path, file, problems), file, places))
            else:
                problems.noted(file, 1, "this table has neither labels of images nor boxes; it is not read.")
        except ValueError as error:
            problems.left_out(file, "", str(error))
    return assemble(_said_once(rows, problems), problems, image_index)


class _Places:
    """Where the image of an id is, and how large it is."""

    def __init__(self, image_index: ImageIndex) -> None:
        self.root = image_index.root
        self._by_stem = defaultdict(list)
        for path in image_index.paths if image_index.must_exist else ():
            self._by_stem[posixpath.splitext(posixpath.basename(path))[0]].append(path)

    def of(self, identity: str, split: str) -> str:
        found = self._by_stem.get(identity, [])
        return found[0] if len(found) == 1 else posixpath.join(split, f"{identity}.jpg")

    def knows(self, identity: str) -> bool:
        return identity in self._by_stem

    def size(self, image: str) -> tuple[int, int]:
        return upright_size(self.root / image) if self._by_stem else (0, 0)


def _names(source: Path, problems: Problems) -> dict[str, str]:
    """The names of the classes by their codes, of the files beside the source too."""
    beside = files_of(source, ".csv") if source.is_dir() else sorted(source.parent.glob("*.csv"))
    names: dict[str, str] = {}
    known = set()
    for path in beside:
        if DESCRIPTIONS not in path.name:
            continue
        file = path.name if source.is_file() else name_in(path, source)
        try:
            table = list(csv.reader(io.StringIO(read_text(path), newline="")))
        except (ValueError, csv.Error) as error:
            problems.left_out(file, "", f"{error}"[:200])
            continue
        for line, cells in enumerate(table, start=1):
            if len(cells) == 2 and class_name(cells[1]) and cells[0] != "LabelName":
                if cells[1] in known and cells[0] not in names:
                    problems.noted(file, line, f"{cells[1]!r} has several codes; they are one class.")
                names.setdefault(cells[0], cells[1])
                known.add(cells[1])
            elif cells and cells[0] != "LabelName":
                problems.left_out(file, line, f"expected a code and a name, got {','.join(cells)[:80]!r}; left out.")
    return names


def _rows(table: pd.DataFrame, file: str, names: dict[str, Any], places: _Places, problems: Problems) -> Iterator[Row]:
    """A row a label. Raises ValueError for a table without the columns."""
    lacking = [name for name in SIGNS if name not in table]
    if lacking:
        raise ValueError(f"{file} has no column {' and no '.join(lacking)}. It has {', '.join(map(str, table))[:200]}.")
    split, boxed = split_from_path(file), set(EDGES.values()) <= set(table)
    confidence = [coordinate(cell) for cell in table["Confidence"]]
    absent = sum(value == 0 for value in confidence)
    if absent:
        problems.noted(file, "", f"confidence 0 ({absent} times): the class is not in the image.")
    if not names:
        problems.noted(file, "", f"there is no file of {DESCRIPTIONS}; the codes of the classes are their names.")
    for code in sorted(set(table["LabelName"]) - names.keys()) if names else ():
        problems.noted(file, "", f"no file of {DESCRIPTIONS} names the class {code!r}; its code is its name.")
    sizes: dict[str, tuple[int, int]] = {}
    for (line, cells), sure in zip(cells_by_line(table), confidence, strict=True):
        image = places.of(cells["ImageID"], split)
        row = {"image": image, "file": file, "beside": "", "line": line, "source": "open_images", "split": split}
        label = class_name(names.get(cells["LabelName"], cells["LabelName"]))
        if sure == 0:
            yield row
            continue
        if label is None or not 0 < sure <= 1:
            problems.left_out(
                file,
                line,
                f"expected a class and a confidence from 0 to 1, got {cells['LabelName']!r} "
                f"and {cells['Confidence'][:50]!r}; left out.",
            )
            continue
        row |= {"label": label, "attributes": _attributes(cells, sure)}
        row |= {flag: cells.get(name) == "1" for flag, name in FLAGS.items()}
        if boxed:
            if image not in sizes:
                sizes[image] = _size(image, places, file, line, problems)
            row |= _box(cells, sizes[image])
        yield row


def _attributes(cells: dict[str, Any], sure: float) -> str:
    kept = {name: True for column, name in KEPT.items() if cells.get(column) == "1"}
    return attributes_text(kept | ({} if sure == 1 else {"confidence": sure}))


def _size(image: str, places: _Places, file: str, line: object, problems: Problems) -> tuple[int, int]:
    try:
        return places.size(image)
    except (ValueError, OSError) as error:
        problems.left_out(file, line, f"{error}; its boxes are shares of its sides."[:300])
        return 0, 0


def _box(cells: dict[str, Any], size: tuple[int, int]) -> dict[str, Any]:
    """Pixels; infinite, which is reported later, for an image of unknown size."""
    width, height = (side or float("inf") for side in size)
    sides = dict(zip(BOX, (width, height, width, height), strict=True))
    edges = {name: coordinate(cells[column]) * sides[name] for name, column in EDGES.items()}
    unknown = any(value != value for value in edges.values())
    return (dict.fromkeys(BOX, float("inf")) if unknown else edges) | {"width": size[0], "height": size[1]}


def _bare(table: pd.DataFrame, file: str, places: _Places) -> Iterator[Row]:
    """The images that a table of subsets names and that are here; the published ones name nine million."""
    for line, identity, subset in zip(table.index, table["ImageID"], table["Subset"], strict=True):
        if places.knows(identity):
            split = SPLIT_NAMES.get(subset.lower(), "")
            yield {
                "image": places.of(identity, split),
                "file": file,
                "beside": "",
                "line": line,
                "source": "open_images",
                "split": split,
            }


def _said_once(rows: list[Row], problems: Problems) -> list[Row]:
    """Labels of a whole image where no box says the same; an image without any label has one row."""
    boxed = {(row["image"], row["label"]) for row in rows if "x_min" in row}
    kept, again = [], 0
    for row in rows:
        if "label" in row and "x_min" not in row and (row["image"], row["label"]) in boxed:
            again += 1
        elif "label" in row:
            kept.append(row)
    if again:
        problems.noted("", "", f"labels of whole images that a box says too ({again}) are kept as the box only.")
    seen = {row["image"] for row in kept}
    bare = {row["image"]: row for row in rows if "label" not in row and row["image"] not in seen}
    return kept + list(bare.values())
