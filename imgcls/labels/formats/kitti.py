"""KITTI's text: a file an image in `label_2`, a line an object, the images in `image_2`.

https://www.cvlibs.net/datasets/kitti/eval_object.php, readme of the development kit: class, truncated (0 to 1),
occluded (0 seen, 1 partly, 2 largely hidden, 3 unknown), angle, box in pixels from 0, then sizes and place in space,
and the score of a detector. `DontCare` marks regions that nobody labelled.
"""

import math
import posixpath
import re
from pathlib import Path
from typing import Any

from imgcls.labels.assembly import assemble
from imgcls.labels.documents import any_file, files_of, read_each, read_text
from imgcls.labels.format import Format
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.records import BOX, Problems, Records, Row, attributes_text, class_name, coordinate
from imgcls.labels.split_names import split_from_path

FORMAT = Format(
    "kitti",
    "KITTI",
    "A text file an image, with a line an object.",
    suffixes=(".txt",),
    order=140,
)

NUMBERS = 14  # after the class; a detector's score is one more
UNLABELLED = "DontCare"
FOLDER = re.compile(r"^label(_\d+)?$")


def detect(source: Path) -> bool:
    """Whether there is a text file of such lines."""
    return any_file(source, (".txt",), lambda text: _fields(text.split("\n", 1)[0]) is not None)


def _fields(line: str) -> tuple[str, list[float]] | None:
    """The class, which may have blanks in it, and the numbers behind it; None if the line is of another form."""
    words = line.split()
    numbers = [coordinate(word) for word in words]
    for count in (NUMBERS + 1, NUMBERS):
        if len(words) > count and all(map(math.isfinite, numbers[-count:])) and not math.isfinite(numbers[-count - 1]):
            return " ".join(words[:-count]), numbers[-count:]
    return None


def read(source: Path, image_index: ImageIndex | None = None) -> Records:
    """Read a text file, or all of a folder."""
    source = Path(source)
    image_index = image_index or _images_of(source)
    problems = Problems()
    by_place = {posixpath.splitext(path)[0]: path for path in image_index.paths} if image_index.must_exist else {}
    rows = []
    for path, file, text in read_each(files_of(source, ".txt"), source, read_text, problems):
        lines = text.splitlines()
        labelled = source.is_file() or FOLDER.match(path.parent.name)
        if not labelled and not any(map(_fields, lines)):
            problems.noted(file, "", "this text has no lines of KITTI's form; it is not read.")
            continue
        place = _place(file if source.is_dir() else f"{path.parent.name}/{path.name}")
        rows.extend(_rows(lines, by_place.get(place, f"{place}.png"), file, problems))
    return assemble(rows, problems, image_index)


def _images_of(source: Path) -> ImageIndex:
    """A file's images are in the folder beside its own."""
    beside = source.is_file() and FOLDER.match(source.parent.name)
    return ImageIndex(source.parent.parent) if beside else ImageIndex.of(source)


def _place(file: str) -> str:
    """The path of the image without its suffix: `image_2` instead of `label_2`."""
    *folders, name = posixpath.splitext(file)[0].split("/")
    return "/".join([FOLDER.sub(r"image\1", folder) for folder in folders] + [name])


def _rows(lines: list[str], image: str, file: str, problems: Problems) -> list[Row]:
    common = {
        "image": image,
        "file": file,
        "beside": "",
        "source": "kitti",
        "split": split_from_path(posixpath.dirname(file)),
    }
    rows, unlabelled, lost = [], 0, False
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        fields = _fields(line)
        label = class_name(fields[0]) if fields else None
        if fields is None or label is None:
            problems.left_out(file, number, f"expected a class and {NUMBERS} numbers, got {line[:80]!r}; left out.")
            lost = True
        elif label == UNLABELLED:
            unlabelled += 1
        else:
            rows.append(common | {"label": label, "line": number} | _said(fields[1]))
    if unlabelled:
        problems.noted(file, "", f"regions that nobody labelled ({UNLABELLED}: {unlabelled}) are no examples.")
    return rows or ([] if lost else [common | {"line": 1}])


def _said(numbers: list[float]) -> dict[str, Any]:
    truncated, occluded = numbers[:2]
    attributes = {"truncation": truncated or None, "occlusion": occluded or None}
    if len(numbers) > NUMBERS:
        attributes["score"] = numbers[NUMBERS]
    return {
        "truncated": truncated > 0,
        "occluded": occluded in (1, 2),
        "attributes": attributes_text(attributes),
        **dict(zip(BOX, numbers[3:7], strict=True)),
    }
