"""CVAT's XML 1.1: shapes and tags of images, or tracks of shapes over the frames of a video.

https://docs.cvat.ai/docs/other/xml_format/ describes it. A tag is a label of the whole image. Frames of a video are the
images that CVAT writes beside the file, `frame_000010.png` and so on; a shape that is `outside` says that the object
is not in the frame.
"""

import math
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from imgcls.labels.assembly import assemble
from imgcls.labels.documents import Element, any_file, files_of, read_each, read_xml
from imgcls.labels.format import Format
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.outlines import box_around, box_of_runs, box_turned
from imgcls.labels.records import BOX, Problems, Records, Row, attributes_text, class_name, coordinate, pixels
from imgcls.labels.split_names import SPLIT_NAMES, split_from_path

FORMAT = Format(
    "cvat",
    "CVAT",
    "XML 1.1, for images or for videos.",
    suffixes=(".xml",),
    order=80,
)

ROOT = "annotations"
SHAPES = ("box", "polygon", "polyline", "points", "ellipse", "mask", "cuboid", "skeleton")
WITHOUT_AREA = ("polyline", "points")
FRAME = "frame_"  # how CVAT calls the images of a video
FLAGS = ("difficult", "occluded", "truncated")
CUBOID_X = re.compile(r"x[tb][lr][12]")  # eight corners


def detect(source: Path) -> bool:
    """Whether there is an XML file of this form."""
    return any_file(source, (".xml",), _fits)


def _fits(text: str) -> bool:
    return f"<{ROOT}>" in text and "<version>1." in text


def read(source: Path, image_index: ImageIndex | None = None) -> Records:
    """Read an XML file, or all of a folder. The split is the subset of an image, else in the file's name."""
    source = Path(source)
    image_index = image_index or ImageIndex.of(source)
    folders = {part for path in image_index.paths for part in posixpath.dirname(path).split("/")}
    problems = Problems()
    rows: list[Row] = []
    for _, file, annotations in read_each(files_of(source, ".xml"), source, read_xml, problems):
        if annotations.name != ROOT:
            problems.left_out(file, annotations.line, f"expected <{ROOT}>, got <{annotations.name}>.")
            continue
        for image in annotations.all("image"):
            rows.extend(_image_rows(image, file, folders, problems))
        rows.extend(_track_rows(annotations, file, folders, problems))
        if annotations.first("track") and not any(FRAME in path for path in image_index.paths):
            frames = f"no frame, such as {FRAME}000000.png, is an image here"
            problems.noted(file, "", f"its tracks are of a video, and {frames}: export it from CVAT with its images.")
    return assemble(rows, problems, image_index)


def _common(element: Element, name: str, size: tuple[object, object], file: str, folders: set[str]) -> dict[str, Any]:
    """folders: the names of those with images; an export of a project has one for each subset."""
    subset = element.attributes.get("subset", "")
    split = SPLIT_NAMES.get(subset.lower(), "") or split_from_path(file)
    image = posixpath.join(subset, name) if name and subset in folders else name
    return {
        "image": image,
        "file": file,
        "beside": posixpath.dirname(file),
        "source": "cvat",
        "split": split,
        "width": pixels(size[0]),
        "height": pixels(size[1]),
    }


def _image_rows(image: Element, file: str, folders: set[str], problems: Problems) -> Iterator[Row]:
    said = image.attributes
    common = _common(image, said.get("name", ""), (said.get("width"), said.get("height")), file, folders)
    if not image.children:
        yield common | {"line": image.line}
    for shape in image.children:
        row = _labelled(shape, shape.attributes.get("label"), file, problems)
        if row is not None:
            yield common | row


def _track_rows(annotations: Element, file: str, folders: set[str], problems: Problems) -> Iterator[Row]:
    """A row for each frame that a track's object is seen in."""
    size = _size_of_frames(annotations)
    for track in annotations.all("track"):
        for shape in track.children:
            frame = shape.attributes.get("frame", "")
            if shape.attributes.get("outside") == "1":
                continue
            if not frame.isdecimal() or len(frame) > 9:
                problems.left_out(file, shape.line, f"expected the number of a frame, got {frame[:50]!r}; left out.")
                continue
            row = _labelled(shape, track.attributes.get("label"), file, problems, track=track.attributes.get("id"))
            if row is not None:
                yield _common(track, f"{FRAME}{int(frame):06d}.png", size, file, folders) | row


def _size_of_frames(annotations: Element) -> tuple[str, str]:
    """Width and height of the video; empty if the file speaks of several."""
    found = [element for element in _all_below(annotations.first("meta")) if element.name == "original_size"]
    return (found[0].text("width"), found[0].text("height")) if len(found) == 1 else ("", "")


def _all_below(element: Element | None) -> Iterator[Element]:
    waiting = [element] if element else []
    while waiting:
        element = waiting.pop()
        yield element
        waiting.extend(element.children)


def _labelled(
    shape: Element, stated: str | None, file: str, problems: Problems, **more: object
) -> dict[str, Any] | None:
    """Label, box and attributes of a shape or tag; None, which is reported, if it is none or has no class."""
    if shape.name not in (*SHAPES, "tag"):
        problems.left_out(file, shape.line, f"<{shape.name[:50]}> is no shape that is known here; left out.")
        return None
    label = class_name(stated)
    if label is None:
        problems.left_out(file, shape.line, f"a {shape.name} without a label is left out.")
        return None
    if shape.name in WITHOUT_AREA:
        problems.noted(file, shape.line, f"{label!r} marks no area; it is read as a label of the whole image.")
    attributes = {one.attributes.get("name", ""): one.own_text.strip() for one in shape.all("attribute")}
    attributes.setdefault("occluded", shape.attributes.get("occluded", ""))
    row: Row = {flag: attributes.pop(flag, "").lower() in ("1", "true") for flag in FLAGS}
    row |= {"label": label, "line": shape.line, "attributes": attributes_text(attributes | more)}
    return row | (_box(shape) if shape.name in SHAPES and shape.name not in WITHOUT_AREA else {})


def _box(shape: Element) -> dict[str, float]:
    said = shape.attributes
    if shape.name == "skeleton":
        seen = [point for point in shape.all("points") if point.attributes.get("outside") != "1"]
        return box_around([pair for point in seen for pair in _points(point)])
    if shape.name == "cuboid":
        corners = [key for key in said if CUBOID_X.fullmatch(key)]
        return box_around([(said[key], said.get(f"y{key[1:]}")) for key in corners])
    if shape.name == "polygon":
        return box_around(_points(shape))
    return _box_of_mask(said) if shape.name == "mask" else _upright_or_turned(shape)


def _box_of_mask(said: dict[str, str]) -> dict[str, float]:
    """The box around a mask: runs of its rectangle's lines, off and on in turn."""
    left, top, width = coordinate(said.get("left")), coordinate(said.get("top")), pixels(said.get("width"))
    runs = [pixels(run) for run in said.get("rle", "").split(",")]
    x_min, x_max, y_min, y_max = box_of_runs(runs, width) if width else [math.inf] * 4
    if not math.isfinite(left + top + x_min):
        return dict.fromkeys(BOX, math.inf)
    return dict(zip(BOX, (left + x_min, top + y_min, left + x_max, top + y_max), strict=True))


def _upright_or_turned(shape: Element) -> dict[str, float]:
    """Boxes and ellipses turn around their centre, clockwise, by degrees."""
    names = ("cx", "cy", "rx", "ry") if shape.name == "ellipse" else ("xtl", "ytl", "xbr", "ybr")
    a, b, c, d = (coordinate(shape.attributes.get(name)) for name in names)
    turn = coordinate(shape.attributes.get("rotation", 0))
    if shape.name == "ellipse":
        return box_turned(a, b, 2 * c, 2 * d, turn, round=True)
    if not turn or not math.isfinite(a + b + c + d):
        return dict(zip(BOX, (a, b, c, d), strict=True))
    return box_turned((a + c) / 2, (b + d) / 2, c - a, d - b, turn)


def _points(shape: Element) -> list[list[str]]:
    """The pairs of "x,y;x,y"."""
    return [pair.split(",") for pair in shape.attributes.get("points", "").split(";")]
