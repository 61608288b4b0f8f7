"""Datumaro's own JSON: a file a subset in `annotations/`, the images in `images/SUBSET/`.

https://open-edge-platform.github.io/datumaro/latest/docs/data-formats/formats/datumaro.html describes it. `label_id`
is a place in the file's own list of classes. A mask is packed as in COCO; its box is kept.
"""

import math
import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from imgcls.labels.assembly import assemble
from imgcls.labels.documents import any_file, fitting, json_object, peek, read_each, read_json
from imgcls.labels.format import Format
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.outlines import box_around, box_of_runs
from imgcls.labels.records import BOX, Problems, Records, Row, attributes_text, class_name, coordinate, pixels
from imgcls.labels.split_names import split_from_path

FORMAT = Format(
    "datumaro",
    "Datumaro",
    "A JSON file a subset, in a folder of annotations.",
    suffixes=(".json",),
    order=100,
)

WITHOUT_AREA = ("points", "polyline")
LONGEST_RUN = 50  # bits of a number in a mask
WITHOUT_CLASS = ("caption", "hash_key")
FLAGS = {"difficult": "difficult", "occluded": "occluded", "truncated": "truncated", "is_crowd": "crowd"}


def detect(source: Path) -> bool:
    """Whether there is a JSON file with categories and items."""
    return any_file(source, (".json",), _fits)


def _fits(text: str) -> bool:
    return text.lstrip().startswith("{") and '"categories"' in text and '"items"' in text


def read(source: Path, image_index: ImageIndex | None = None) -> Records:
    """Read a file, or all of a folder; the subset, and so the split, is the file's name."""
    source = Path(source)
    image_index = image_index or ImageIndex.of(source)
    problems = Problems()
    rows: list[Row] = []
    paths = fitting(source, (".json",), lambda path: _fits(peek(path)), problems)
    for _, file, content in read_each(paths, source, _checked, problems):
        names = _names(content["categories"], file, problems)
        for place, item in enumerate(content["items"]):
            rows.extend(_item_rows(item, f"items[{place}]", names, file, problems))
    return assemble(rows, problems, image_index)


def _checked(path: Path) -> dict[str, Any]:
    """The content of a file. Raises ValueError if it is of another form."""
    content = read_json(path)
    stated = json_object(content)
    if not isinstance(stated.get("categories"), dict) or not isinstance(stated.get("items"), list):
        raise ValueError(
            f"{path.name} is no file of Datumaro: expected an object with 'categories' and a list 'items'."
        )
    return stated


def _names(categories: dict[str, Any], file: str, problems: Problems) -> list[str | None]:
    """The names of the classes by their places; None, which is reported, for what is no name."""
    listed = categories.get("label")
    listed = listed.get("labels") if isinstance(listed, dict) else None
    if not isinstance(listed, list):
        problems.left_out(file, "categories.label", "there is no list of classes; no label can have a name.")
        return []
    names = [class_name(entry.get("name") if isinstance(entry, dict) else entry) for entry in listed]
    for place, name in enumerate(names):
        if name is None:
            problems.left_out(
                file, f"categories.label.labels[{place}]", f"class {place} has no name; its labels are left out."
            )
    return names


def _item_rows(item: object, line: str, names: list[str | None], file: str, problems: Problems) -> Iterator[Row]:
    stated = json_object(item)
    image, (width, height) = _image(stated, file)
    annotations = stated.get("annotations", [])
    if not image or not isinstance(annotations, list):
        problems.left_out(file, line, "expected an item with an image and a list of annotations; left out.")
        return
    common = {
        "image": image,
        "file": file,
        "beside": "",
        "source": "datumaro",
        "split": split_from_path(file),
        "width": width,
        "height": height,
    }
    if not annotations:
        yield common | {"line": line}
    for place, annotation in enumerate(annotations):
        row = _labelled(annotation, f"{line}.annotations[{place}]", names, file, problems)
        if row is not None:
            yield common | row


def _image(item: dict[str, Any], file: str) -> tuple[str, tuple[int, int]]:
    """The path below `images`, with the subset before it, and width and height."""
    about: dict[str, Any] = next((item[key] for key in ("image", "media") if isinstance(item.get(key), dict)), {})
    name = next((value for value in (about.get("path"), item.get("id")) if isinstance(value, str) and value), "")
    size = about.get("size")
    height, width = size if isinstance(size, list) and len(size) == 2 else (0, 0)
    subset = posixpath.splitext(posixpath.basename(file))[0]
    path = name if not name or name.startswith(f"{subset}/") else posixpath.join(subset, name)
    return path, (pixels(width), pixels(height))


def _labelled(annotation: object, line: str, names: list[Any], file: str, problems: Problems) -> dict[str, Any] | None:
    """Label, box and attributes of an annotation; None, which is reported, if it has no class."""
    stated = json_object(annotation)
    kind, number = stated.get("type"), stated.get("label_id")
    place = number if isinstance(number, int) and not isinstance(number, bool) else -1
    label = names[place] if 0 <= place < len(names) else None
    if kind in WITHOUT_CLASS or label is None:
        what = f"a {kind} is no label" if kind in WITHOUT_CLASS else f"no class has the number {str(number)[:50]}"
        problems.left_out(file, line, f"{what}; left out.")
        return None
    attributes = dict(stated["attributes"]) if isinstance(stated.get("attributes"), dict) else {}
    row = {name: attributes.pop(flag) for flag, name in FLAGS.items() if isinstance(attributes.get(flag), bool)}
    row |= {"label": label, "line": line, "attributes": attributes_text(attributes)}
    box = _box(stated, kind)
    if box is None and kind != "label":
        problems.noted(file, line, f"{label!r} marks no area that is known here; it is read as of the whole image.")
    return row | (box or {})


def _box(annotation: dict[str, Any], kind: object) -> dict[str, float] | None:
    """The box of an annotation; None if it is of the whole image."""
    if kind == "label" or kind in WITHOUT_AREA:
        return None
    if kind == "bbox":
        stated = annotation.get("bbox")
        values = [coordinate(value) for value in stated] if isinstance(stated, list) else []
        x, y, width, height = values if len(values) == 4 else [math.inf] * 4
        return dict(zip(BOX, (x, y, x + width, y + height), strict=True))
    if kind == "mask":
        return _box_of_mask(annotation.get("rle"))
    points = annotation.get("points")
    if not isinstance(points, list):
        return None
    flat = [value for point in points for value in (point if isinstance(point, list) else [point])]
    return box_around(list(zip(flat[::2], flat[1::2], strict=False)))


def _box_of_mask(packed: object) -> dict[str, float]:
    """The box around a mask in COCO's packing: lengths of runs, off and on in turn, down one column after another."""
    stated = json_object(packed)
    size, counts = stated.get("size"), stated.get("counts")
    height = pixels(size[0]) if isinstance(size, list) and len(size) == 2 else 0
    if not height or not isinstance(counts, str):
        return dict.fromkeys(BOX, math.inf)
    y_min, y_max, x_min, x_max = box_of_runs(_runs(counts), height)
    return dict(zip(BOX, (x_min, y_min, x_max, y_max), strict=True))


def _runs(counts: str) -> list[int]:
    """The lengths in COCO's text: five bits a character from 48 on, lowest first, the sixth for more, and a sign; from
    the fourth length on, it is the difference to the one before last. https://github.com/cocodataset/cocoapi"""
    runs: list[int] = []
    value = shift = 0
    for character in counts:
        bits = ord(character) - 48
        value |= (bits & 31) << shift
        shift += 5
        if shift > LONGEST_RUN:
            break
        if not bits & 32:
            value -= (1 << shift) if bits & 16 else 0
            runs.append(value + runs[-2] if len(runs) > 2 else value)
            value, shift = 0, 0
    return runs
