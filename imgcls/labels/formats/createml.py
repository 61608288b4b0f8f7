"""Apple's Create ML JSON, as LabelImg and Roboflow write it: a list of images with their labels.

https://developer.apple.com/documentation/createml/building-an-object-detector-data-source describes it: `coordinates`
are the centre, width and height of the box in pixels. A label without coordinates is of the whole image.
"""

import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from imgcls.labels.assembly import assemble
from imgcls.labels.documents import any_file, fitting, json_object, name_in, peek, read_json
from imgcls.labels.format import Format
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.records import Problems, Records, Row, class_name, coordinate
from imgcls.labels.split_names import split_from_path

FORMAT = Format(
    "createml",
    "Create ML",
    "A JSON list of images with their labels and boxes.",
    suffixes=(".json",),
    order=40,
)

IMAGE_KEYS = ("image", "imagefilename", "filename")
LIST_KEYS = ("annotations", "annotation")


def detect(source: Path) -> bool:
    """Whether there is a JSON list of images with annotations."""
    return any_file(source, (".json",), _fits)


def _fits(text: str) -> bool:
    return (
        text.lstrip().startswith("[")
        and any(f'"{key}"' in text for key in IMAGE_KEYS)
        and any(f'"{key}"' in text for key in LIST_KEYS)
        and '"result"' not in text  # Label Studio's
    )


def read(source: Path, image_index: ImageIndex | None = None) -> Records:
    """Read a JSON file, or all of a folder.

    Raises:
        ValueError: A file is not of this form.
    """
    source = Path(source)
    image_index = image_index or ImageIndex.of(source)
    problems = Problems()
    rows: list[Row] = []
    for path in fitting(source, (".json",), lambda path: _fits(peek(path)), problems):
        file = name_in(path, source)
        content = read_json(path)
        if not isinstance(content, list):
            raise ValueError(f"{file} is no Create ML file: expected a list of images, got {type(content).__name__}.")
        for place, image in enumerate(content):
            rows.extend(_rows(image, f"[{place}]", file, problems))
    if not rows and not problems.rows:
        raise ValueError(f"There are no images in the Create ML files of {source}.")
    return assemble(rows, problems, image_index)


def _rows(image: object, line: str, file: str, problems: Problems) -> Iterator[Row]:
    stated = json_object(image)
    name = next((stated[key] for key in IMAGE_KEYS if isinstance(stated.get(key), str)), None)
    annotations: Any = next((stated[key] for key in LIST_KEYS if key in stated), [])
    annotations = [annotations] if isinstance(annotations, dict) else annotations
    if name is None or not isinstance(annotations, list):
        problems.left_out(file, line, "expected an object with an image and a list of annotations; left out.")
        return
    common = {
        "image": name,
        "source": "createml",
        "split": split_from_path(file),
        "file": file,
        "beside": posixpath.dirname(file),
    }
    if not annotations:
        yield common | {"line": line}
    for place, annotation in enumerate(annotations):
        where = f"{line}.annotations[{place}]"
        label = class_name(annotation.get("label")) if isinstance(annotation, dict) else None
        if label is None:
            problems.left_out(file, where, "an annotation without a label is left out.")
            continue
        yield common | {"label": label, "line": where} | _box(annotation.get("coordinates"))


def _box(stated: object) -> dict[str, Any]:
    if stated is None:
        return {}
    values = json_object(stated)
    x, y, width, height = (coordinate(values.get(key)) for key in ("x", "y", "width", "height"))
    return {"x_min": x - width / 2, "y_min": y - height / 2, "x_max": x + width / 2, "y_max": y + height / 2}
