"""Supervisely project folders: `meta.json`, and in each data set `img/` and `ann/` with a JSON file an image.

https://docs.supervisely.com/data-organization/annotation-json-format describes it. Tags of an image are labels of the
whole image, a tag with a value is `name=value`; tags named like a split are its split.
"""

import base64
import binascii
import posixpath
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from imgcls.image_files import opened
from imgcls.labels.assembly import assemble
from imgcls.labels.documents import files_of, json_object, name_in, peek, read_json
from imgcls.labels.format import Format
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.outlines import box_around
from imgcls.labels.records import BOX, Problems, Records, Row, attributes_text, class_name, coordinate, pixels
from imgcls.labels.split_names import SPLIT_NAMES, split_from_path

FORMAT = Format(
    "supervisely",
    "Supervisely",
    "The folder of a project, with meta.json.",
    suffixes=(".json",),
    order=110,
)

WITHOUT_AREA = ("point", "line", "graph")
LARGEST_BITMAP = 2**26  # bytes of a mask's PNG


def detect(source: Path) -> bool:
    """Whether there is a project's description beside folders of annotations."""
    return source.is_dir() and any('"classes"' in peek(path) for path in files_of(source, "meta.json"))


def read(source: Path, image_index: ImageIndex | None = None) -> Records:
    """Read a project folder. Classes and tags that no description names are reported, and kept."""
    source = Path(source)
    if not source.is_dir():
        raise ValueError(f"{source} is a file. Expected the folder of a Supervisely project, with meta.json.")
    image_index = image_index or ImageIndex.of(source)
    problems = Problems()
    known = _known_classes(source, problems)
    rows = []
    for path in files_of(source, ".json"):
        if path.parent.name == "ann":
            file = name_in(path, source)
            try:
                rows.extend(_rows(read_json(path), file, known, problems))
            except ValueError as error:
                problems.left_out(file, "", str(error))
    return assemble(rows, problems, image_index, add_unlisted=True)


def _known_classes(source: Path, problems: Problems) -> set[str]:
    known = set()
    for path in files_of(source, "meta.json"):
        try:
            content = read_json(path)
        except ValueError as error:
            problems.left_out(name_in(path, source), "", str(error))
            continue
        classes = content.get("classes") if isinstance(content, dict) else None
        if not isinstance(classes, list):
            problems.left_out(name_in(path, source), "", "expected an object with the list 'classes'.")
            continue
        known |= {str(entry.get("title")) for entry in classes if isinstance(entry, dict)}
    return known


def _rows(content: object, file: str, known: set[str], problems: Problems) -> list[Row]:
    if not isinstance(content, dict):
        raise ValueError(f"{file} is no annotation: expected an object, got {type(content).__name__}.")
    size = json_object(content.get("size"))
    folder = posixpath.dirname(posixpath.dirname(file))
    name = posixpath.basename(file).removesuffix(".json")
    tags = list(_tags(content.get("tags"), "tags", file, problems))
    splits = [SPLIT_NAMES[tag] for tag, _ in tags if tag in SPLIT_NAMES]
    common = {
        "image": posixpath.join(folder, "img", name),
        "file": file,
        "source": "supervisely",
        "line": "",
        "width": pixels(size.get("width")),
        "height": pixels(size.get("height")),
        "split": splits[0] if splits else split_from_path(folder),
    }
    rows = [common | {"label": tag, "line": line} for tag, line in tags if tag not in SPLIT_NAMES]
    objects = content.get("objects", [])
    if not isinstance(objects, list):
        problems.left_out(file, "objects", f"expected a list, got {type(objects).__name__}; left out.")
        return rows
    rows += [common | row for row in _objects(objects, file, known, problems)]
    return rows if rows or objects or content.get("tags") else [common]


def _tags(tags: object, line: str, file: str, problems: Problems) -> Iterator[tuple[str, str]]:
    """Tags as labels, each with its place."""
    for place, tag in enumerate(tags if isinstance(tags, list) else []):
        where = f"{line}[{place}]"
        name = class_name(tag.get("name") if isinstance(tag, dict) else tag)
        if name is None:
            problems.left_out(file, where, "a tag without a name is left out.")
            continue
        value = tag.get("value") if isinstance(tag, dict) else None
        yield (name if value is None else f"{name}={value}"), where


def _objects(objects: list[Any], file: str, known: set[str], problems: Problems) -> Iterator[Row]:
    for place, thing in enumerate(objects):
        line = f"objects[{place}]"
        label = class_name(thing.get("classTitle")) if isinstance(thing, dict) else None
        if label is None:
            problems.left_out(file, line, "an object without a class is left out.")
            continue
        if label not in known:
            problems.noted(file, line, f"{label!r} is not among the classes of meta.json.")
        tags = [tag for tag, _ in _tags(thing.get("tags"), f"{line}.tags", file, problems)]
        row = {
            "label": label,
            "line": line,
            "annotator": str(thing.get("labelerLogin") or ""),
            "attributes": attributes_text({"tags": tags}),
        }
        if thing.get("geometryType") in WITHOUT_AREA:
            problems.noted(file, line, f"{label!r} marks no area; it is read as a label of the whole image.")
            yield row
        else:
            yield row | _box(thing)


def _box(thing: dict[str, Any]) -> dict[str, Any]:
    if isinstance(thing.get("bitmap"), dict):
        return _bitmap_box(thing["bitmap"])
    points = thing.get("points")
    return box_around(points.get("exterior") if isinstance(points, dict) else None)


def _bitmap_box(bitmap: dict[str, Any]) -> dict[str, Any]:
    """The place of a mask and the size of its image, which is a compressed PNG."""
    try:
        unpacked = zlib.decompressobj().decompress(base64.b64decode(bitmap["data"], validate=True), LARGEST_BITMAP)
        with opened(unpacked) as mask:
            width, height = mask.size
        x, y = (coordinate(value) for value in bitmap["origin"])
    except (KeyError, TypeError, ValueError, binascii.Error, zlib.error):
        return dict.fromkeys(BOX, float("inf"))
    return dict(zip(BOX, (x, y, x + width, y + height), strict=True))
