"""XML of the original LabelMe web tool. http://labelme2.csail.mit.edu/Release3.0/browserTools/php/matlab_toolbox.php

A file an image; each object has a name, an outline or a box, who drew it, and whether it was deleted.
"""

import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from imgcls.labels.assembly import assemble
from imgcls.labels.documents import Element, any_file, files_of, name_in, read_xml
from imgcls.labels.format import Format
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.outlines import box_around
from imgcls.labels.records import Problems, Records, Row, attributes_text, class_name, coordinate, pixels
from imgcls.labels.split_names import split_from_path

FORMAT = Format(
    "labelme_web",
    "LabelMe (web)",
    "An XML file an image, with outlines of objects.",
    suffixes=(".xml",),
    order=60,
)

CORNERS = {"x_min": "xmin", "y_min": "ymin", "x_max": "xmax", "y_max": "ymax"}


def detect(source: Path) -> bool:
    """Whether there are XML files with outlines of this form."""
    return any_file(source, (".xml",), _fits)


def _fits(text: str) -> bool:
    return "<annotation" in text and ("<pt>" in text or "<nrows>" in text or "<sourceImage>" in text)


def read(source: Path, image_index: ImageIndex | None = None) -> Records:
    """Read an XML file, or all of a folder."""
    source = Path(source)
    image_index = image_index or ImageIndex.of(source)
    problems = Problems()
    rows: list[Row] = []
    for path in files_of(source, ".xml"):
        file = name_in(path, source)
        try:
            annotation = read_xml(path)
        except ValueError as error:
            problems.left_out(file, "", str(error))
            continue
        rows.extend(_rows(annotation, file, problems))
    return assemble(rows, problems, image_index, add_unlisted=source.is_dir())


def _rows(annotation: Element, file: str, problems: Problems) -> Iterator[Row]:
    image = posixpath.join(annotation.text("folder"), annotation.text("filename"))
    common = {
        "image": image,
        "file": file,
        "beside": posixpath.dirname(file),
        "source": "labelme_web",
        "width": pixels(annotation.text("imagesize", "ncols")),
        "split": split_from_path(posixpath.dirname(file)),
        "height": pixels(annotation.text("imagesize", "nrows")),
    }
    objects = annotation.all("object")
    if not objects:
        yield common | {"line": annotation.line}
    for thing in objects:
        label = class_name(thing.text("name"))
        if label is None or thing.text("deleted") == "1":
            what = f"{label!r} was deleted in the tool" if label else "an object without a name"
            problems.left_out(file, thing.line, f"{what}; left out.")
            continue
        attributes = {"attributes": thing.text("attributes"), "verified": thing.text("verified") == "1" or None}
        yield (
            common
            | {
                "label": label,
                "line": thing.line,
                "occluded": thing.text("occluded") == "yes",
                "annotator": thing.text("polygon", "username") or thing.text("segm", "username"),
                "attributes": attributes_text(attributes),
            }
            | _box(thing)
        )


def _box(thing: Element) -> dict[str, Any]:
    outline = thing.first("polygon")
    if outline:
        return box_around([(point.text("x"), point.text("y")) for point in outline.all("pt")])
    stated = thing.first("segm", "box") or thing.first("bndbox")
    return {name: coordinate(stated.text(corner)) for name, corner in CORNERS.items()} if stated else {}
