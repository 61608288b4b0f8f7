"""COCO JSON: instances, or one category an image. https://cocodataset.org/#format-data

Category ids are read as what they are, names of the file's own list: they may begin anywhere and have holes. A box is
[x, y, width, height] in pixels. An annotation with outlines but no box gets the box around them; one with neither is a
label of the whole image. The challenge's folder describes each image in several files; its instances are read, and the
others if they are named or alone.
"""

import gc
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from imgcls.counted import counted
from imgcls.labels.assembly import assemble
from imgcls.labels.documents import any_file, files_of, json_object, name_in, peek, read_json
from imgcls.labels.format import Format
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.records import BOX, Problems, Records, Row, attributes_text, class_name, coordinate, grouped, pixels
from imgcls.labels.split_names import split_from_path

FORMAT = Format(
    "coco",
    "COCO",
    "JSON with lists of images, annotations and categories.",
    suffixes=(".json",),
    order=10,
)

USUAL_KEYS = {"id", "image_id", "category_id", "bbox", "area", "iscrowd", "segmentation", "ignore"}
OWN_KEYS = USUAL_KEYS | {"attributes"}
OUTLINED = True  # stands for an outline that was there
FLAGS = ("difficult", "occluded", "truncated")
INSTANCES = "instances_"
BESIDE_INSTANCES = ("person_keypoints_", "captions_", "stuff_", "panoptic_", "image_info_")  # of the same images
SAME = ["image", "beside", "label", *BOX, "split"]  # columns of one annotation, whichever file states it


def detect(source: Path) -> bool:
    """Whether there is a JSON file with a list of categories and a list of images."""
    return any_file(source, (".json",), _fits)


def _fits(text: str) -> bool:
    return text.lstrip().startswith("{") and '"images"' in text and ('"categories"' in text or '"annotations"' in text)


def read(source: Path, image_index: ImageIndex | None = None) -> Records:
    """Read a COCO file, or all of a folder; the split is in a file's name or folder.

    Raises:
        ValueError: A file is not of this form.
    """
    source = Path(source)
    image_index = image_index or ImageIndex.of(source)
    problems = Problems()
    tables = []
    fitting = [path for path in files_of(source, ".json") if source.is_file() or _fits(peek(path))]
    if source.is_file() and (instances := _instances_beside(source)) and instances.is_file():
        problems.noted(source.name, "", f"{instances.name} beside it has the classes of its images. Name that file.")
    for path in _without_companions(fitting, source, problems):
        table = _read_file(path, name_in(path, source), problems)
        tables.append(table.assign(beside=_folder_of_images(path, source, image_index)))
    if not tables:
        raise ValueError(f"There is no COCO file in {source}. Expected JSON with images, annotations and categories.")
    return assemble(_each_once(pd.concat(tables, ignore_index=True), problems), problems, image_index)


def _without_companions(paths: list[Path], source: Path, problems: Problems) -> Iterator[Path]:
    """The files but for those that say something else of the images whose instances are there too."""
    for path in paths:
        instances = _instances_beside(path)
        if instances and instances in paths:
            reason = f"this file is not read, because {instances.name} has the classes of its images."
            problems.noted(name_in(path, source), "", f"{reason} Name this file as the source to read it.")
        else:
            yield path


def _instances_beside(path: Path) -> Path | None:
    """Where the instances of the same images would be; None if the file is none that comes with them."""
    kind = next((kind for kind in BESIDE_INSTANCES if path.name.startswith(kind)), None)
    return path.with_name(INSTANCES + path.name.removeprefix(kind)) if kind else None


def _each_once(table: pd.DataFrame, problems: Problems) -> pd.DataFrame:
    """The rows without annotations that an earlier file states too, and without images bare in one file only."""
    if table["file"].nunique() < 2:
        return table
    table["label"] = table["label"].fillna("")
    repeated = table["file"] != table.groupby(SAME, dropna=False)["file"].transform("first")
    labelled = (table["label"] != "").groupby([table[name] for name in ("image", "beside", "split")]).transform("any")
    for file, rows in grouped(table[repeated & (table["label"] != "")], "file"):
        what = counted(len(rows), "annotation")
        problems.noted(file, "annotations", f"{what} of this file are in another file too; each counts once.")
    return table[~repeated & ((table["label"] != "") | ~labelled)]


def _folder_of_images(path: Path, source: Path, image_index: ImageIndex) -> str:
    """Where a file's images are: `instances_val2017.json` goes with `val2017`, else with its own folder."""
    name = path.stem.rpartition("_")[2]
    named = [folder for folder in (name, f"images/{name}") if (image_index.root / folder).is_dir()]
    return named[0] if named else "" if path == source else path.parent.relative_to(source).as_posix()


def _read_file(path: Path, file: str, problems: Problems) -> pd.DataFrame:
    with _without_collection():
        content = read_json(path, object_hook=_without_outline)
        images = _images(_list(content, "images", file), file, problems)
        names = _categories(_list(content, "categories", file), file, problems)
        annotations = _dictionaries(_list(content, "annotations", file), "annotations", file, problems)
        annotations = _without_captions(annotations, file, problems)
        if any(annotation.get("segmentation") is OUTLINED for annotation in annotations.values()):
            problems.noted(file, "annotations", "There are outlines; only the boxes are kept.")
        return _rows(images, names, annotations, file, problems)


def _list(content: object, key: str, file: str) -> list[Any]:
    if not isinstance(content, dict) or not isinstance(content.get(key, []), list):
        raise ValueError(f"{file} is no COCO file: expected an object with the list {key!r} in it.")
    listed: list[Any] = content.get(key, [])
    return listed


def _dictionaries(values: list[Any], key: str, file: str, problems: Problems) -> dict[int, dict[str, Any]]:
    """The objects of a list by their place; anything else is reported."""
    for place, value in enumerate(values):
        if not isinstance(value, dict):
            problems.left_out(file, f"{key}[{place}]", f"expected an object, got {type(value).__name__}; left out.")
    return {place: value for place, value in enumerate(values) if isinstance(value, dict)}


def _without_captions(
    annotations: dict[int, dict[str, Any]], file: str, problems: Problems
) -> dict[int, dict[str, Any]]:
    classes = {place: value for place, value in annotations.items() if "category_id" in value or "caption" not in value}
    if len(classes) < len(annotations):
        captions = counted(len(annotations) - len(classes), "caption")
        problems.left_out(file, "annotations", f"{captions} left out: a sentence is no class.")
    return classes


def _by_id(objects: dict[int, dict[str, Any]], key: str, file: str, problems: Problems) -> dict[Any, int]:
    """Place by id; ids that are no number or text, or that two different objects share, stand for nothing."""
    places: dict[Any, int | None] = {}
    for place, value in objects.items():
        identity = value.get("id")
        if not isinstance(identity, int | str | float):
            problems.left_out(file, f"{key}[{place}]", f"the id {str(identity)[:50]!r} is no number or text; left out.")
        elif identity not in places:
            places[identity] = place
        elif (first := places[identity]) is not None and value != objects[first]:
            problems.left_out(
                file, f"{key}[{place}]", f"the id {identity!r} stands for two {key}; it is used for none."
            )
            places[identity] = None
    return {identity: place for identity, place in places.items() if place is not None}


def _images(values: list[Any], file: str, problems: Problems) -> pd.DataFrame:
    """A row an image, by its id."""
    objects = _dictionaries(values, "images", file, problems)
    places = _by_id(objects, "images", file, problems)
    kept = [objects[place] for place in places.values()]
    names = [image.get("file_name") for image in kept]
    return pd.DataFrame(
        {
            "image": [name if isinstance(name, str) else "" for name in names],
            "width": [pixels(image.get("width")) for image in kept],
            "height": [pixels(image.get("height")) for image in kept],
            "split": split_from_path(file),
            "image_line": [f"images[{place}]" for place in places.values()],
        },
        index=pd.Index(list(places), dtype=object),
    )


def _categories(values: list[Any], file: str, problems: Problems) -> dict[Any, str]:
    """Names by category id."""
    objects = _dictionaries(values, "categories", file, problems)
    names: dict[Any, str] = {}
    for identity, place in _by_id(objects, "categories", file, problems).items():
        name = class_name(objects[place].get("name"))
        if name is None:
            problems.left_out(
                file, f"categories[{place}]", f"category {identity!r} has no name; its labels are left out."
            )
        elif name in names.values():
            problems.noted(file, f"categories[{place}]", f"{name!r} has several ids; they are one class.")
        if name is not None:
            names[identity] = name
    return names


def _rows(
    images: pd.DataFrame, names: dict[Any, str], annotations: dict[int, dict[str, Any]], file: str, problems: Problems
) -> pd.DataFrame:
    places, values = list(annotations), list(annotations.values())
    positions = {identity: position for position, identity in enumerate(images.index)}
    image = np.array(_looked_up(positions, [value.get("image_id") for value in values], -1), dtype=np.int64)
    label = np.array(_looked_up(names, [value.get("category_id") for value in values], ""), dtype=object)
    table = pd.DataFrame({"label": label, "line": [f"annotations[{place}]" for place in places]})
    table[BOX] = _boxes(values)
    table["crowd"] = [value.get("iscrowd") in (1, True) for value in values]
    _add_attributes(table, values)
    known = (image >= 0) & (label != "")
    for place in np.flatnonzero(~known):
        wrong = "image" if image[place] < 0 else "category"
        shown = str(values[place].get(f"{wrong}_id"))[:50]
        named = f"; its label {label[place]!r} is left out" if label[place] else "; left out"
        problems.left_out(file, f"annotations[{places[place]}]", f"no {wrong} has the id {shown}{named}.")
    stated = images.iloc[image[known]].reset_index(drop=True)
    table = pd.concat([table[known].reset_index(drop=True), stated.drop(columns="image_line")], axis=1)
    bare = images[~np.isin(np.arange(len(images)), image)].rename(columns={"image_line": "line"})
    rows: pd.DataFrame = pd.concat([table, bare], ignore_index=True).assign(source="coco", file=file)
    return rows


def _looked_up(table: dict[Any, Any], keys: list[Any], default: object) -> list[Any]:
    try:
        return [table.get(key, default) for key in keys]
    except TypeError:  # a list or an object where an id should be
        return [table.get(key, default) if isinstance(key, int | str | float) else default for key in keys]


def _boxes(annotations: list[Row]) -> np.ndarray:
    """(N, 4) x_min, y_min, x_max, y_max; NaN without a box, infinite for what is no box."""
    boxes = np.full((len(annotations), 4), math.nan)
    stated = [annotation.get("bbox") for annotation in annotations]
    usual = [place for place, box in enumerate(stated) if type(box) is list and len(box) == 4 and _numbers(box)]
    numbers = np.array([stated[place] for place in usual], dtype=float).reshape(-1, 4)
    boxes[usual] = np.where(np.isnan(numbers), math.inf, numbers)
    for place in set(range(len(stated))).difference(usual):
        boxes[place] = _unusual_box(stated[place], annotations[place].get("segmentation"))
    with np.errstate(invalid="ignore"):
        boxes[:, 2:] += boxes[:, :2]
    return boxes


def _numbers(box: list[Any]) -> bool:
    a, b, c, d = map(type, box)
    return (
        (a is float or a is int) and (b is float or b is int) and (c is float or c is int) and (d is float or d is int)
    )


def _unusual_box(box: object, outline: object) -> list[float]:
    if not box and isinstance(outline, list) and outline and all(isinstance(part, list) for part in outline):
        points = [coordinate(value) for part in outline for value in part]
        xs, ys = points[::2], points[1::2]
        if ys:
            return [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)]
    if box is None or box == []:
        return [math.nan] * 4
    values = [coordinate(value) for value in box] if isinstance(box, list) and len(box) == 4 else []
    return values or [math.inf] * 4


def _add_attributes(table: pd.DataFrame, annotations: list[Row]) -> None:
    """Flags and whatever else an annotation says, as CVAT writes them: in `attributes`."""
    flags = {flag: np.zeros(len(table), dtype=bool) for flag in FLAGS}
    annotator, attributes = [""] * len(table), [""] * len(table)
    for place, annotation in enumerate(annotations):
        if not annotation.keys() <= USUAL_KEYS:
            stated = annotation.get("attributes")
            own = {key: value for key, value in annotation.items() if key not in OWN_KEYS}
            said = own | json_object(stated)
            for flag in FLAGS:
                if said.get(flag) in (0, 1):  # what says more than yes or no stays an attribute
                    flags[flag][place] = said.pop(flag)
            if isinstance(said.get("annotator"), str):
                annotator[place] = said.pop("annotator")
            attributes[place] = attributes_text(said)
    ignored = [value.get("ignore") in (1, True) for value in annotations]  # not to be counted either way
    flags["difficult"] |= np.array(ignored, dtype=bool)
    for flag, values in flags.items():
        table[flag] = values
    table["annotator"], table["attributes"] = annotator, attributes


def _without_outline(value: dict[str, Any]) -> dict[str, Any]:
    """Drop outlines while the file is read: they are most of its memory, and a classifier needs the box only."""
    if value.get("segmentation") and value.get("bbox"):
        value["segmentation"] = OUTLINED
    return value


@contextmanager
def _without_collection() -> Iterator[None]:
    """Millions of small lists make the search for cycles, of which JSON has none, take most of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
