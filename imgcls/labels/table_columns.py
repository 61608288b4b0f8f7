"""The meaning of a table's columns, by their names, and by their cells where the names do not say it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from imgcls.labels.documents import TRIED
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.records import BOX
from imgcls.labels.table_boxes import box_columns
from imgcls.labels.table_classes import class_columns, only_column
from imgcls.labels.table_files import SAMPLED

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
KEYS = ["id"]  # of images, if there are images of these names


@dataclass(frozen=True)
class Meaning:
    """What the columns of a table are.

    Attributes:
        found: The table's own name for each of our columns.
        classes: The columns that say yes or no to a class each, if there are such.
        boxes: How boxes are stated, and in which columns; see `box_columns`.
        missing: Which of image and label there is no column for.
    """

    found: dict[str, str]
    classes: list[str]
    boxes: tuple[str, list[str]]
    missing: list[str]


def understand(
    table: pd.DataFrame, image_index: ImageIndex, wanted: Mapping[str, str] | None = None, keep: Sequence[str] = ()
) -> Meaning:
    """What the columns of a table are.

    Args:
        table: Rows of text, or the first of them.
        image_index: The images, by whose names a column of keys is recognised.
        wanted: The table's own name for some of our columns.
        keep: Columns that are wanted for something else.
    """
    names = [str(name) for name in table.columns]
    found, missing = find_columns(names, wanted)
    plain = plain_names(names)
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


def find_columns(names: Sequence[str], wanted: Mapping[str, str] | None = None) -> tuple[dict[str, str], list[str]]:
    """The columns that are recognised by their names alone.

    Args:
        names: The table's names of its columns.
        wanted: The table's own name for some of our columns; names that the table lacks are passed over.

    Returns:
        The table's name for each of our columns, and which of image and label it lacks.

    Example:
        >>> find_columns(["File Name", "species"])
        ({'image': 'File Name', 'label': 'species'}, [])
    """
    plain = plain_names(names)
    found = {}
    for column, candidates in NAMES.items():
        taken = [plain[name] for name in candidates if name in plain]
        if taken:
            found[column] = taken[0]
    found |= {column: name for column, name in (wanted or {}).items() if name in names}
    return found, [column for column in ("image", "label") if column not in found]


def plain_names(names: Sequence[str]) -> dict[str, str]:
    """The table's own name for each of its names in small letters and digits; the first of several."""
    return {plain_name(str(name)): name for name in reversed(names)}


def plain_name(name: str) -> str:
    """A name in small letters and digits, such as "filename" for "File name"."""
    return re.sub(r"[\W_]", "", name).lower()


def _names_images(cells: pd.Series, image_index: ImageIndex) -> bool:
    """Whether images are called like these cells; a list of a few classes by their numbers is not meant."""
    enough = len(cells) >= min(SAMPLED, len(image_index.paths) / 2)
    return enough and all(image_index.find(cell)[0] for cell in cells[:TRIED] if cell.strip())
