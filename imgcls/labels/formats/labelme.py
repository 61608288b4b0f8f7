"""JSON of the LabelMe desktop tool: a file an image, with shapes, and flags of the whole image.

https://github.com/wkentaro/labelme; the form is that of its `LabelFile`. The image may be embedded as `imageData`.
Shapes of one label and `group_id` are parts of one object, and what is called `__ignore__` or `_background_` is no
class, as in the tool's own converters.
"""

import base64
import binascii
import math
import posixpath
import shutil
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath
from typing import Any

from imgcls.counted import counted
from imgcls.image_files import suffix_of
from imgcls.labels.assembly import assemble
from imgcls.labels.documents import any_file, files_of, name_in, peek, read_json
from imgcls.labels.format import Format
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.outlines import box_around, box_of
from imgcls.labels.records import BOX, Problems, Records, Row, attributes_text, class_name, coordinate, pixels
from imgcls.labels.split_names import split_from_path

FORMAT = Format(
    "labelme",
    "LabelMe (desktop)",
    "A JSON file an image, with shapes, and flags of the whole image.",
    suffixes=(".json",),
    packed=True,
    order=50,
)

WITHOUT_AREA = ("point", "points", "line", "linestrip")  # mark the image, not a part of it
NO_CLASS = ("__ignore__", "_background_")
OWN_KEYS = {"label", "points", "mask", "shape_type", "flags"}


def detect(source: Path) -> bool:
    """Whether there is a JSON file with shapes and an image."""
    return any_file(source, (".json",), _fits)


def _fits(text: str) -> bool:
    return text.lstrip().startswith("{") and '"shapes"' in text and ('"imagePath"' in text or '"imageData"' in text)


def read(source: Path, image_index: ImageIndex | None = None) -> Records:
    """Read a JSON file, or all of a folder.

    Where an image exists only inside its annotation file and `image_index.extract` names a folder, the images go there:
    those that are embedded are written, the others are copied, and the paths start from it. Without a folder, such an
    image is reported and left out.
    """
    source = Path(source)
    image_index = image_index or ImageIndex.of(source)
    problems = Problems()
    rows, embedded_only = _read_all(source, image_index, None, problems)
    if embedded_only and image_index.extract:
        problems = Problems()
        rows, _ = _read_all(source, image_index, image_index.extract, problems)
        image_index = ImageIndex(image_index.extract)
    return assemble(rows, problems, image_index, add_unlisted=source.is_dir())


def _read_all(
    source: Path, image_index: ImageIndex, extract: Path | None, problems: Problems
) -> tuple[list[Row], bool]:
    """The rows of every file, and whether an image exists only inside its file."""
    rows, embedded_only = [], False
    for path in files_of(source, ".json"):
        file = name_in(path, source)
        if source.is_dir() and not _looks_like_ours(path):
            continue
        try:
            content = read_json(path)
            _check(content, file)
        except ValueError as error:
            problems.left_out(file, "", str(error))
            continue
        found = _found(content, file, image_index)
        if not found and isinstance(content.get("imageData"), str):
            embedded_only = True
        there = image_index.root / found if found else None
        image = _extracted(content, there, file, extract, problems) if extract else _stated(content)
        if not extract and not found and isinstance(content.get("imageData"), str):
            problems.noted(file, "imageData", "the image is inside this file; name a folder to extract it to.")
        rows.extend(_one_row_a_group(_rows(content, image, file, problems), file, problems))
    return rows, embedded_only


def _looks_like_ours(path: Path) -> bool:
    """Files that are no JSON at all are read too, so that they are reported."""
    text = peek(path)
    return _fits(text) or not text.lstrip().startswith(("{", "["))


def _check(content: object, file: str) -> None:
    if not isinstance(content, dict) or not isinstance(content.get("shapes"), list):
        raise ValueError(f"{file} is no LabelMe file: expected an object with the list 'shapes'.")


def _stated(content: dict[str, Any]) -> str:
    return content["imagePath"] if isinstance(content.get("imagePath"), str) else ""


def _found(content: dict[str, Any], file: str, image_index: ImageIndex) -> str:
    """The image that a file names, if it is there; else nothing."""
    stated = _stated(content)
    return image_index.find(stated, posixpath.dirname(file))[0] if stated else ""


def _extracted(content: dict[str, Any], there: Path | None, file: str, extract: Path, problems: Problems) -> str:
    """Write or copy an image to `extract`; returns its path below it, or what its file states if there is none.

    there: the image's own file; None if there is none.
    """
    target, embedded = posixpath.splitext(file)[0], content.get("imageData")
    try:
        if isinstance(embedded, str):
            data = base64.b64decode(embedded, validate=True)
            suffix = suffix_of(data)
            if not suffix:
                raise ValueError("imageData is no image")
            target += suffix
            _written(extract / target).write_bytes(data)
            return target
        if there:
            target += PureWindowsPath(there.name).suffix
            shutil.copyfile(there, _written(extract / target))
            return target
    except (binascii.Error, ValueError) as error:
        problems.left_out(file, "imageData", f"the embedded image is broken ({error}).")
    return _stated(content)


def _written(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _rows(content: dict[str, Any], image: str, file: str, problems: Problems) -> Iterator[Row]:
    common = {
        "image": image,
        "file": file,
        "beside": posixpath.dirname(file),
        "source": "labelme",
        "width": pixels(content.get("imageWidth")),
        "height": pixels(content.get("imageHeight")),
        "split": split_from_path(posixpath.dirname(file)),
    }
    flags = content.get("flags")
    ignored = sorted(set(_set_flags(flags)).intersection(NO_CLASS))
    if ignored:
        problems.left_out(file, f"flags.{ignored[0]}", f"the image is flagged as {ignored[0]!r}; left out.")
        return
    labelled = bool(_set_flags(flags))
    for name in _set_flags(flags):
        yield common | {"label": name, "line": f"flags.{name}"}
    if flags and not isinstance(flags, dict):
        problems.left_out(file, "flags", f"expected an object, got {type(flags).__name__}; left out.")
    for place, shape in enumerate(content["shapes"]):
        line = f"shapes[{place}]"
        mark = _mark(shape)
        if mark:
            problems.noted(file, line, f"a shape that is marked {mark!r} is left out.")
            continue
        labelled = True
        row = _shape_row(shape, line, file, problems)
        if row:
            yield common | row
    if not labelled:
        yield common | {"line": ""}


def _mark(shape: object) -> str:
    """What says that a shape with a label is of no class; empty if it is of one."""
    label = class_name(shape.get("label")) if isinstance(shape, dict) else None
    if label is None or not isinstance(shape, dict):
        return ""
    if label in NO_CLASS:
        return label
    return NO_CLASS[0] if set(_set_flags(shape.get("flags"))).intersection(NO_CLASS) else ""


def _shape_row(shape: object, line: str, file: str, problems: Problems) -> Row | None:
    """Label, attributes and box of a shape; None, which is reported, if it has no label."""
    label = class_name(shape.get("label")) if isinstance(shape, dict) else None
    if label is None or not isinstance(shape, dict):
        problems.left_out(file, line, "a shape without a label is left out.")
        return None
    row = {"label": label, "line": line, "attributes": _attributes(shape), "group": shape.get("group_id")}
    if shape.get("shape_type") in WITHOUT_AREA:
        problems.noted(file, line, f"{label!r} marks no area; it is read as a label of the whole image.")
        return row
    return row | _box(shape)


def _one_row_a_group(rows: Iterator[Row], file: str, problems: Problems) -> list[Row]:
    """The rows of a file, with one box around all shapes of the same label and group."""
    whole: list[Row] = []
    parts: defaultdict[tuple[str, int | str], list[Row]] = defaultdict(list)
    for row in rows:
        group = row.pop("group", None)
        boxed = math.isfinite(sum(row.get(name, math.inf) for name in BOX))
        grouped = isinstance(group, int | str) and boxed
        (parts[row["label"], group] if grouped else whole).append(row)
    for (label, group), shapes in parts.items():
        xs, ys = ([shape[name] for shape in shapes for name in sides] for sides in (BOX[::2], BOX[1::2]))
        whole.append(shapes[0] | box_of(xs, ys))
        if len(shapes) > 1:
            what = f"{counted(len(shapes), 'shape')} of the group {group!r} are one {label!r}."
            problems.noted(file, shapes[0]["line"], what)
    return whole


def _set_flags(flags: object) -> list[str]:
    return [name for name, value in flags.items() if value is True and name.strip()] if isinstance(flags, dict) else []


def _box(shape: dict[str, Any]) -> dict[str, Any]:
    """The corners of a rectangle or mask may come in any order; a circle is its centre and a point on its edge."""
    box = box_around(shape.get("points"))
    readable = math.isfinite(sum(box.values()))
    if shape.get("shape_type") == "circle" and readable and len(shape["points"]) == 2:
        (x, y), (edge_x, edge_y) = ([coordinate(value) for value in point[:2]] for point in shape["points"])
        radius = math.hypot(edge_x - x, edge_y - y)
        return box_of((x - radius, x + radius), (y - radius, y + radius))
    return box


def _attributes(shape: dict[str, Any]) -> str:
    stated = {key: value for key, value in shape.items() if key not in OWN_KEYS}
    if shape.get("shape_type") not in ("rectangle", None):
        stated["shape_type"] = shape["shape_type"]
    return attributes_text(stated | dict.fromkeys(_set_flags(shape.get("flags")), True))
