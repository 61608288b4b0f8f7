"""JSON of the LabelMe desktop tool: a file a picture, with shapes, and flags of the whole image.

https://github.com/wkentaro/labelme; the form is that of its `LabelFile`. The picture may be embedded as `imageData`.
"""

import base64
import binascii
import math
import posixpath
import shutil
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

from imgcls.image_files import suffix_of
from imgcls.labels.assembly import assemble
from imgcls.labels.documents import any_file, files_of, name_in, peek, read_json
from imgcls.labels.outlines import box_around, box_of
from imgcls.labels.pictures import Pictures
from imgcls.labels.records import Problems, Records, attributes_text, class_name, coordinate, pixels
from imgcls.labels.split_names import split_from_path

WITHOUT_AREA = ("point", "points", "line", "linestrip")  # mark the image, not a part of it
OWN_KEYS = {"label", "points", "mask", "shape_type", "flags"}


def detect(source: Path) -> bool:
    """Whether there is a JSON file with shapes and a picture."""
    return any_file(source, (".json",), _fits)


def _fits(text: str) -> bool:
    return text.lstrip().startswith("{") and '"shapes"' in text and ('"imagePath"' in text or '"imageData"' in text)


def read(source: Path, pictures: Pictures | None = None) -> Records:
    """Read a JSON file, or all of a folder.

    With `pictures.extract`, the pictures go there: those that are embedded are written, the others are copied, and the
    paths start from it. Without, a picture that exists only inside the annotation file is told and left out.
    """
    source = Path(source)
    pictures = pictures or Pictures.of(source)
    problems = Problems()
    rows = []
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
        image = _picture(content, path, file, pictures, problems)
        rows.extend(_rows(content, image, file, problems))
    if pictures.extract:
        pictures = Pictures(pictures.extract)
    return assemble(rows, problems, pictures, add_unlisted=source.is_dir())


def _looks_like_ours(path: Path) -> bool:
    """Files that are no JSON at all are read too, so that they are told."""
    text = peek(path)
    return _fits(text) or not text.lstrip().startswith(("{", "["))


def _check(content: object, file: str) -> None:
    if not isinstance(content, dict) or not isinstance(content.get("shapes"), list):
        raise ValueError(f"{file} is no LabelMe file: expected an object with the list 'shapes'.")


def _picture(content: dict, path: Path, file: str, pictures: Pictures, problems: Problems) -> str:
    stated, embedded = content.get("imagePath"), content.get("imageData")
    stated = stated if isinstance(stated, str) else ""
    beside = posixpath.dirname(file)
    found, reason = pictures.find(stated, beside) if stated else ("", "no picture is named")
    if not pictures.extract:
        if reason and not found and isinstance(embedded, str):
            problems.noted(file, "imageData", "the picture is inside this file; name a folder to extract it to.")
        return stated
    target = posixpath.splitext(file)[0]
    try:
        if isinstance(embedded, str):
            data = base64.b64decode(embedded, validate=True)
            suffix = suffix_of(data)
            if not suffix:
                raise ValueError("imageData is no picture")
            target += suffix
            _written(pictures.extract / target).write_bytes(data)
        elif found:
            target += PureWindowsPath(found).suffix
            shutil.copyfile(pictures.root / found, _written(pictures.extract / target))
    except (binascii.Error, ValueError) as error:
        problems.left_out(file, "imageData", f"the embedded picture is broken ({error}).")
        return stated
    return target


def _written(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _rows(content: dict, image: str, file: str, problems: Problems) -> Iterator[dict]:
    common = {"image": image, "file": file, "beside": posixpath.dirname(file), "source": "labelme",
              "width": pixels(content.get("imageWidth")), "height": pixels(content.get("imageHeight")),
              "split": split_from_path(posixpath.dirname(file))}  # fmt: skip
    labelled = False
    flags = content.get("flags")
    for name in _set_flags(flags):
        labelled = True
        yield common | {"label": name, "line": f"flags.{name}"}
    if flags and not isinstance(flags, dict):
        problems.left_out(file, "flags", f"expected an object, got {type(flags).__name__}; left out.")
    for place, shape in enumerate(content["shapes"]):
        line = f"shapes[{place}]"
        label = class_name(shape.get("label")) if isinstance(shape, dict) else None
        labelled = True
        if label is None:
            problems.left_out(file, line, "a shape without a label is left out.")
            continue
        row = common | {"label": label, "line": line, "attributes": _attributes(shape)}
        if shape.get("shape_type") in WITHOUT_AREA:
            problems.noted(file, line, f"{label!r} marks no area; it is read as a label of the whole image.")
            yield row
        else:
            yield row | _box(shape)
    if not labelled:
        yield common | {"line": ""}


def _set_flags(flags: object) -> list[str]:
    return [name for name, value in flags.items() if value is True and name.strip()] if isinstance(flags, dict) else []


def _box(shape: dict) -> dict:
    """The corners of a rectangle or mask may come in any order; a circle is its centre and a point on its edge."""
    box = box_around(shape.get("points"))
    readable = math.isfinite(sum(box.values()))
    if shape.get("shape_type") == "circle" and readable and len(shape["points"]) == 2:
        (x, y), (edge_x, edge_y) = ([coordinate(value) for value in point[:2]] for point in shape["points"])
        radius = math.hypot(edge_x - x, edge_y - y)
        return box_of((x - radius, x + radius), (y - radius, y + radius))
    return box


def _attributes(shape: dict) -> str:
    stated = {key: value for key, value in shape.items() if key not in OWN_KEYS}
    if shape.get("shape_type") not in ("rectangle", None):
        stated["shape_type"] = shape["shape_type"]
    return attributes_text(stated | dict.fromkeys(_set_flags(shape.get("flags")), True))
