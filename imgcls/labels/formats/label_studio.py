"""Label Studio's exports: JSON, JSON-MIN, CSV and TSV. https://labelstud.io/guide/export

A task has an image and the annotations of several people; each has results: choices for the whole image, or regions
whose places are per cent of its width and height. JSON-MIN, CSV and TSV have a row an annotation, named by the
labelling form's controls. A target storage holds a file a task, or a file an annotation with its task inside.
Predictions are what a model said: they are counted, and are no labels.
"""

import math
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from imgcls.image_files import SUFFIXES
from imgcls.labels.assembly import assemble
from imgcls.labels.documents import any_file, fitting, json_object, name_in, parse_json, peek, read_json
from imgcls.labels.format import Format
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.outlines import box_of
from imgcls.labels.records import LEFT_OUT, Problems, Records, Row, attributes_text, class_name, coordinate, pixels
from imgcls.labels.split_names import split_from_path
from imgcls.labels.table_columns import NAMES
from imgcls.labels.table_files import cells_by_line, read_table

FORMAT = Format(
    "label_studio",
    "Label Studio",
    "An export as JSON, JSON-MIN, CSV or TSV, with the answers of several people.",
    suffixes=(".json", ".csv", ".tsv"),
    options=("control",),
    order=70,
)

LABELS = ("choices", "rectanglelabels", "polygonlabels", "ellipselabels", "keypointlabels", "brushlabels",
          "bitmasklabels", "vectorlabels", "hypertextlabels", "labels", "taxonomy")  # fmt: skip
MASKS = ("brushlabels", "bitmasklabels")  # their places are packed pixels, of which no box is made
MINIMAL_KEYS = {"id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement"}
TABLES = (".csv", ".tsv")
CSV_SIGNS = ("lead_time", "annotator")
UPLOADED = re.compile(r"^[0-9a-f]{8}-")  # what the server puts before the name of an uploaded file


def detect(source: Path) -> bool:
    """Whether there are tasks with results, or the columns that every export has."""
    return any_file(source, (".json",), _fits_json) or any_file(source, TABLES, _fits_csv)


def _fits(path: Path) -> bool:
    return (_fits_csv if _is_table(path) else _fits_json)(peek(path))


def _is_table(path: Path) -> bool:
    return path.suffix.lower() in TABLES


def _fits_json(text: str) -> bool:
    full = '"data"' in text and '"result"' in text
    if text.lstrip().startswith("{"):
        return full and ('"completed_by"' in text or '"annotations"' in text)
    return text.lstrip().startswith("[") and (full or ('"lead_time"' in text and '"annotator"' in text))


def _fits_csv(text: str) -> bool:
    head = text.split("\n", 1)[0].lower()
    return all(sign in head for sign in CSV_SIGNS)


def read(source: Path, image_index: ImageIndex | None = None, control: str | None = None) -> Records:
    """Read an export, or all of a folder. Annotations that were skipped in the tool are reported and left out.

    Args:
        source: The file or folder.
        image_index: The images, if they are not in the source's folder.
        control: Name of the labelling form's control (the column of a CSV) that holds the labels, if it is not plain.

    Raises:
        ValueError: A file is not of this form.
    """
    source = Path(source)
    image_index = image_index or ImageIndex.of(source)
    problems = Problems()
    rows: list[Row] = []
    for path in fitting(source, (".json", *TABLES), _fits, problems):
        file = name_in(path, source)
        tasks = list(_csv_tasks(path, file, problems) if _is_table(path) else _json_tasks(path, file))
        _report_predictions(tasks, file, problems)
        for line, task in tasks:
            rows.extend(_task_rows(task, line, file, control, problems))
    if not rows and not problems.rows:
        raise ValueError(f"There are no tasks of Label Studio in {source}.")
    for row in rows:
        row["image"] = _without_upload_name(row["image"], image_index)
    return assemble(rows, problems, image_index)


def _json_tasks(path: Path, file: str) -> Iterator[tuple[str, object]]:
    content = read_json(path)
    if isinstance(content, dict) and (isinstance(content.get("data"), dict) or isinstance(content.get("task"), dict)):
        yield "", content if "data" in content else content["task"] | {"annotations": [content]}
        return
    if not isinstance(content, list):
        raise ValueError(
            f"{file} is no export of Label Studio: expected a list of tasks, got {type(content).__name__}."
        )
    yield from ((f"[{place}]", task) for place, task in enumerate(content))


def _report_predictions(tasks: list[tuple[str, object]], file: str, problems: Problems) -> None:
    lists = [task.get("predictions") for _, task in tasks if isinstance(task, dict)]
    count = sum(len(listed) for listed in lists if isinstance(listed, list))
    if count:
        problems.noted(file, "predictions", f"what a model predicted ({count}) is not read as labels.")


def _csv_tasks(path: Path, file: str, problems: Problems) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows like those of JSON-MIN; cells with regions are JSON."""
    table = read_table(path, file, problems)
    for line, cells in cells_by_line(table):
        yield str(line), {name: _cell(cell) for name, cell in cells.items() if cell != ""}


def _cell(cell: str) -> object:
    if not cell.startswith(("[", "{")):
        return cell
    try:
        return parse_json(cell, "this cell")
    except ValueError:
        return cell


def _task_rows(task: object, line: str, file: str, control: str | None, problems: Problems) -> Iterator[Row]:
    if not isinstance(task, dict):
        problems.left_out(file, line, f"expected a task, got {type(task).__name__}; left out.")
        return
    full = isinstance(task.get("data"), dict)
    data = task["data"] if full else task
    key = _image_key(data)
    if key is None:
        problems.left_out(file, line, "this task names no image; left out.")
        return
    common = {
        "image": data[key],
        "file": file,
        "beside": posixpath.dirname(file),
        "source": "label_studio",
        "split": split_from_path(file),
        "line": line,
    }
    answers = (
        _annotations(task, line, file, problems)
        if full
        else _minimal({name: value for name, value in task.items() if name != key}, line, control, file, problems)
    )
    before = len(problems.rows)
    rows = [common | row for row in answers]
    lost = any(effect == LEFT_OUT for _, _, _, effect in problems.rows[before:])
    yield from rows or ([] if lost else [common])


def _image_key(data: dict[str, Any]) -> str | None:
    """The key whose value is an image: by its suffix, else by its name."""
    texts = {key: value for key, value in data.items() if isinstance(value, str) and value.strip()}
    by_suffix = [key for key, value in texts.items() if _address(value).lower().endswith(SUFFIXES)]
    return next(iter(by_suffix or [key for key in NAMES["image"] if key in texts]), None)


def _address(stated: str) -> str:
    """The path in an address: /data/upload/1/x.jpg, /data/local-files/?d=x.jpg, s3://bucket/x.jpg?token."""
    try:
        parts = urlsplit(stated)
        query = parse_qs(parts.query).get("d") if parts.path.rstrip("/").endswith("local-files") else None
    except ValueError:
        return stated
    return query[0] if query else unquote(parts.path) if parts.query or parts.scheme else stated


def _without_upload_name(stated: str, image_index: ImageIndex) -> str:
    path = _address(stated) if "://" in stated or stated.startswith("/data/") else stated
    for name in (path, unquote(path)):
        if not image_index.must_exist or image_index.find(name)[0]:
            return name
        folder, base = posixpath.split(name)
        own = posixpath.join(folder, UPLOADED.sub("", base))
        if own != name and image_index.find(own)[0]:
            return own
    return path


def _annotations(task: dict[str, Any], line: str, file: str, problems: Problems) -> Iterator[Row]:
    annotations = task.get("annotations", task.get("completions", []))
    if not isinstance(annotations, list):
        problems.left_out(file, f"{line}.annotations".lstrip("."), "expected a list of annotations; left out.")
        return
    for place, annotation in enumerate(annotations):
        where = f"{line}.annotations[{place}]".lstrip(".")
        if not isinstance(annotation, dict) or not isinstance(annotation.get("result"), list):
            problems.left_out(file, where, "expected an annotation with a list of results; left out.")
            continue
        if annotation.get("was_cancelled") is True:
            report = problems.left_out if annotation["result"] else problems.noted
            report(file, where, "this annotation was skipped in the tool.")
            continue
        by = annotation.get("completed_by", "")
        by = by.get("email") or by.get("id", "") if isinstance(by, dict) else by
        golden = {"ground_truth": True} if annotation.get("ground_truth") is True else {}
        named = {
            result.get("id")
            for result in annotation["result"]
            if isinstance(result, dict)
            and _is_id(result)
            and isinstance(result.get("value"), dict)
            and _labels(result["value"]) is not None
        }
        for index, result in enumerate(annotation["result"]):
            own = json_object(result)
            if own.get("type") in ("rectangle", "ellipse", "polygon", "brush") and _is_id(own) and own["id"] in named:
                continue  # its label stands in a second result of the same id
            stated = own.get("value")
            value = {k: own.get(k) for k in ("original_width", "original_height")}
            value |= json_object(stated)
            for row in _regions(value, f"{where}.result[{index}]", file, problems):
                yield row | {"annotator": "" if by is None else str(by), "attributes": attributes_text(golden)}


def _is_id(result: dict[str, Any]) -> bool:
    return isinstance(result.get("id"), str | int)


def _minimal(task: dict[str, Any], line: str, control: str | None, file: str, problems: Problems) -> Iterator[Row]:
    """The answers of a task without its image, whose other keys are controls."""
    annotator = str(task.get("annotator", ""))
    others = {name: value for name, value in task.items() if name not in MINIMAL_KEYS}
    plain = [name for name, value in others.items() if isinstance(value, str)]
    answers = [control] if control else [name for name in plain if name in NAMES["label"]] or plain
    if len(answers) > 1:
        problems.left_out(file, line, f"the label may be in {', '.join(answers)}; name one with `control`.")
        answers = []
    for name, value in others.items():
        where = f"{line}.{name}"
        if isinstance(value, str) and name in answers:
            yield {"label": value, "line": where, "annotator": annotator}
        elif isinstance(value, dict | list) and control in (None, name):
            for place, region in enumerate(value if isinstance(value, list) else [value]):
                region = {"choices": [region]} if isinstance(region, str) else region
                for row in _regions(region, f"{where}[{place}]", file, problems):
                    yield row | {"annotator": annotator}


def _labels(value: dict[str, Any]) -> list[Any] | None:
    return next((value[key] for key in LABELS if isinstance(value.get(key), list)), None)


def _regions(value: object, line: str, file: str, problems: Problems) -> Iterator[Row]:
    """A row for each label of one region, or of the whole image."""
    labels = _labels(value) if isinstance(value, dict) else None
    if not isinstance(value, dict) or not labels:
        problems.left_out(file, line, "this result has no class; left out.")
        return
    width, height = pixels(value.get("original_width")), pixels(value.get("original_height"))
    for label in labels:
        parts = label if isinstance(label, list) else [label]  # the way down a taxonomy
        names = [class_name(part) for part in parts]
        known = [name for name in names if name is not None]
        if len(known) < len(names) or not names:
            problems.left_out(file, line, f"{str(label)[:50]!r} is no name of a class; left out.")
            continue
        if any(name in value for name in MASKS):
            problems.noted(file, line, f"{label!r} is a mask; it is read as a label of the whole image.")
        yield {"label": "/".join(known), "line": line, "width": width, "height": height} | _box(value, (width, height))


def _box(value: dict[str, Any], size: tuple[int, int]) -> dict[str, Any]:
    shares = _corners(value)
    if shares is None:
        return {}
    width, height = (side or math.inf for side in size)  # without a size, per cent are no pixels
    return box_of([x / 100 * width for x, _ in shares], [y / 100 * height for _, y in shares])


def _corners(value: dict[str, Any]) -> list[tuple[float, float]] | None:
    """Points in per cent around a region; None for the whole image. A rectangle turns around its upper left corner."""
    if isinstance(value.get("vertices"), list):
        corners = [json_object(point) for point in value["vertices"]]
        return [(coordinate(point.get("x")), coordinate(point.get("y"))) for point in corners] or [(math.inf, math.inf)]
    if isinstance(value.get("points"), list):
        pairs = [point for point in value["points"] if isinstance(point, list) and len(point) == 2]
        return [(coordinate(x), coordinate(y)) for x, y in pairs] or [(math.inf, math.inf)]
    x, y = coordinate(value.get("x")), coordinate(value.get("y"))
    if "radiusX" in value:
        rx, ry = coordinate(value.get("radiusX")), coordinate(value.get("radiusY"))
        return [(x - rx, y - ry), (x + rx, y + ry)]
    if "width" not in value or "keypointlabels" in value:
        return None
    width, height = coordinate(value["width"]), coordinate(value.get("height"))
    offsets = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)]
    turn = coordinate(value.get("rotation") or 0)
    sides = [pixels(value.get(f"original_{side}")) for side in ("width", "height")]
    if not turn or not all(sides) or not math.isfinite(turn + width + height):
        return [(x + right, y + down) for right, down in offsets]
    cosine, sine, aspect = math.cos(math.radians(turn)), math.sin(math.radians(turn)), sides[0] / sides[1]
    return [
        (x + right * cosine - down / aspect * sine, y + right * aspect * sine + down * cosine)
        for right, down in offsets
    ]
