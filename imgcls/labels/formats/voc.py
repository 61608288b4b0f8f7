"""Pascal VOC XML: what LabelImg writes beside the images, and the data set folders of the challenge.

http://host.robots.ox.ac.uk/pascal/VOC/voc2012/htmldoc/ is the development kit's documentation: `Annotations` holds an
XML file an image, `ImageSets/Main` the splits and for each class a list of images with 1 (in it), -1 (not in it) or 0
(only difficult objects of it). The challenge counts pixels from 1, the tools from 0; the `database` element says which.
"""

import posixpath
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from imgcls.labels.assembly import assemble
from imgcls.labels.documents import Element, any_file, files_of, name_in, parse_json, read_text, read_xml
from imgcls.labels.format import Format
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.records import Problems, Records, Row, attributes_text, class_name, coordinate, pixels
from imgcls.labels.split_names import SPLIT_NAMES, split_from_path

FORMAT = Format(
    "voc",
    "Pascal VOC, or LabelImg's XML",
    "An XML file an image, with the lists of ImageSets where there are any.",
    suffixes=(".xml", ".txt"),
    order=20,
)

COUNTED_FROM_ONE = "The VOC"  # how the challenge's databases are called: "The VOC2007 Database"
CORNERS = {"x_min": "xmin", "y_min": "ymin", "x_max": "xmax", "y_max": "ymax"}
FLAGS = ("difficult", "occluded", "truncated")
Splits = dict[str, str]  # by image
Listed = dict[tuple[str, str], tuple[bool, str, int]]  # (difficult, file, line) by image and class
LISTS = {"1": False, "0": True}  # whether an image of a class list has difficult objects only


def detect(source: Path) -> bool:
    """Whether there are XML files of this form, or lists of a data set folder."""
    return any_file(source, (".xml",), _fits) or any(source.glob("ImageSets/Main/*.txt"))


def _fits(text: str) -> bool:
    return "<annotation" in text and "<pt>" not in text and "<nrows>" not in text and "<filename" in text


def read(source: Path, image_index: ImageIndex | None = None) -> Records:
    """Read an XML file, or all of a folder with the lists of its ImageSets."""
    source = Path(source)
    image_index = image_index or ImageIndex.of(source)
    problems = Problems()
    rows: list[Row] = []
    images: dict[str, str] = {}
    for path in files_of(source, ".xml"):
        file = name_in(path, source)
        try:
            annotation = read_xml(path)
        except ValueError as error:
            problems.left_out(file, "", str(error))
            continue
        if annotation.name != "annotation":
            problems.left_out(file, annotation.line, f"expected <annotation>, got <{annotation.name}>.")
            continue
        image = _stated_image(annotation, file)
        images[_identity(file)] = image
        rows.extend(_rows(annotation, image, file, problems))
    if source.is_dir():
        _add_lists(source, rows, images, image_index, problems)
    return assemble(rows, problems, image_index, add_unlisted=source.is_dir())


def _identity(file: str) -> str:
    """What the lists call an image: its path below the folder of annotations or images, without the suffix."""
    parts = posixpath.splitext(file)[0].split("/")
    below = [place for place, part in enumerate(parts[:-1]) if part in ("Annotations", "JPEGImages")]
    return "/".join(parts[below[-1] + 1 :] if below else parts)


def _stated_image(annotation: Element, file: str) -> str:
    """The image, in the folder that corresponds to the XML file's; LabelImg leaves the suffix out at times."""
    name = annotation.text("filename") or posixpath.basename(posixpath.splitext(file)[0])
    return posixpath.join(posixpath.dirname(_identity(file)), name)


def _rows(annotation: Element, image: str, file: str, problems: Problems) -> Iterator[Row]:
    common: Row = {
        "image": image,
        "file": file,
        "beside": posixpath.dirname(file),
        "source": "voc",
        "split": split_from_path(file),
        "width": pixels(annotation.text("size", "width")),
        "height": pixels(annotation.text("size", "height")),
    }
    from_one = 1 if annotation.text("source", "database").startswith(COUNTED_FROM_ONE) else 0
    objects = annotation.all("object")
    if not objects:
        yield common | {"line": annotation.line}
    for thing in objects:
        label = class_name(_name(thing))
        if label is None:
            problems.left_out(file, thing.line, "an object without a name is left out.")
            continue
        attributes = _attributes(thing)
        row: Row = common | {"label": label, "line": thing.line, "annotator": str(attributes.pop("annotator", ""))}
        row["attributes"] = attributes_text(attributes)
        row |= {flag: thing.text(flag).lower() in ("1", "yes", "true") for flag in FLAGS}
        if thing.first("bndbox"):
            row |= {name: coordinate(thing.text("bndbox", corner)) for name, corner in CORNERS.items()}
            row["x_min"] -= from_one
            row["y_min"] -= from_one
        else:
            problems.noted(file, thing.line, f"{label!r} has no box; it is read as a label of the whole image.")
        yield row


def _attributes(thing: Element) -> dict[str, object]:
    """The pose, and what CVAT writes below `attributes`."""
    pose = thing.text("pose")
    stated: dict[str, object] = {} if pose in ("", "Unspecified", "unspecified") else {"pose": pose}
    block = thing.first("attributes")
    for attribute in block.all("attribute") if block else []:
        stated[attribute.text("name")] = _value(attribute.text("value"))
    return stated


def _value(text: str) -> object:
    """Numbers and truth values as what they are, all else as text."""
    try:
        return parse_json(text, "this attribute")
    except ValueError:
        return text


def _name(thing: Element) -> str:
    """The name as it stands, with the spaces around it; but some tools break the line before it."""
    element = thing.first("name")
    text = "" if element is None else element.own_text
    return text.strip() if "\n" in text else text


def _add_lists(
    source: Path, rows: list[Row], images: dict[str, str], image_index: ImageIndex, problems: Problems
) -> None:
    """Splits of all rows, and the labels that stand in the class lists only."""
    lists = [path for path in files_of(source, ".txt") if path.parent.as_posix().endswith("ImageSets/Main")]
    if not lists:
        return
    by_identity = {_identity(path): path for path in image_index.paths} if image_index.must_exist else {}
    splits, listed = _read_lists(lists, source, problems)
    for row in rows:
        row["split"] = splits.get(_identity(row["file"]), row["split"])
    labels_of = defaultdict(set)
    for row in rows:
        labels_of[_identity(row["file"])].add(row.get("label", ""))
    for (identity, label), (difficult, file, line) in listed.items():
        if label not in labels_of[identity]:
            image = images.get(identity) or by_identity.get(identity) or f"{identity}.jpg"
            rows.append(
                {
                    "image": image,
                    "label": label,
                    "difficult": difficult,
                    "split": splits.get(identity, ""),
                    "source": "voc",
                    "file": file,
                    "line": line,
                }
            )
            labels_of[identity].add(label)
    labelled = {identity for identity, labels in labels_of.items() if labels - {""}}
    rows[:] = [row for row in rows if row.get("label") or _identity(row["file"]) not in labelled]
    for identity in splits.keys() - labels_of.keys():
        image = by_identity.get(identity, f"{identity}.jpg")
        rows.append({"image": image, "split": splits[identity], "source": "voc", "file": "ImageSets/Main", "line": ""})


def _read_lists(lists: list[Path], source: Path, problems: Problems) -> tuple[Splits, Listed]:
    """Split by image, and (difficult, file, line) by image and class."""
    splits: Splits = {}
    listed: Listed = {}
    for path in lists:
        file = name_in(path, source)
        label, _, ending = path.stem.rpartition("_")
        split = SPLIT_NAMES.get(ending, "")
        if not split and ending != "trainval":
            problems.noted(file, "", "the name of this list ends with no split; it is not read.")
            continue
        try:
            lines = read_text(path).splitlines()
        except ValueError as error:
            problems.left_out(file, "", str(error))
            continue
        for number, line in enumerate(lines, start=1):
            identity, flag = _identity_and_flag(line, bool(label))
            if not identity:
                continue
            if split and splits.setdefault(identity, split) != split:
                reason = f"{identity!r} is in the splits {splits[identity]!r} and {split!r}; it stays in the first."
                problems.changed(file, number, reason)
            if label and flag in LISTS:
                listed.setdefault((identity, label), (LISTS[flag], file, number))
            elif label and flag != "-1":
                problems.left_out(file, number, f"expected 1, -1 or 0 for {identity!r}, got {flag!r}.")
    return splits, listed


def _identity_and_flag(line: str, flagged: bool) -> tuple[str, str]:
    if not flagged:
        return line.strip(), ""
    identity, _, flag = line.strip().rpartition(" ")
    return (identity.strip(), flag) if identity else (line.strip(), "")
