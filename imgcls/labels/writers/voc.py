"""A Pascal VOC data set folder: boxes in XML files, splits and labels of whole images in the lists of ImageSets."""

import json
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree

import pandas as pd

from imgcls.labels.records import Problems, Records, grouped
from imgcls.labels.writer import Writer
from imgcls.labels.writers.placing import names_without_clashes, place, report_unheld

WRITER = Writer(
    "voc",
    "Pascal VOC",
    order=20,
    holds="Boxes in XML files. Labels of whole images in the lists of ImageSets/Main, a list for each class; a class "
    "whose name no file can have is left out of them.",
)
CORNERS = {"xmin": "x_min", "ymin": "y_min", "xmax": "x_max", "ymax": "y_max"}
FLAGS = ("truncated", "occluded", "difficult")
LIST_NAMES = {"train": "train", "validation": "val", "test": "test", "": "trainval"}
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NO_FILE_NAME = re.compile(r'[/\\\0-\x1f:*?"<>|]|^\.+$')


def write(records: Records, folder: Path, copy_images: bool) -> Problems:
    """Write Annotations, ImageSets/Main and, with `copy_images`, JPEGImages."""
    problems = Problems()
    rows = records.boxes_or_images
    names = names_without_clashes(rows["image"].unique(), problems)
    for image, part in grouped(rows, "image"):
        path = folder / "Annotations" / PurePosixPath(names[image]).with_suffix(".xml")
        path.parent.mkdir(parents=True, exist_ok=True)
        tree = ElementTree.ElementTree(_annotation(names[image], part, problems))
        ElementTree.indent(tree, "\t")
        tree.write(path, "utf-8", xml_declaration=True)
    _write_lists(rows, names, folder / "ImageSets" / "Main", problems)
    if copy_images:
        place(records.root, folder / "JPEGImages", names, problems)
    report_unheld(rows, ("crowd",), "Pascal VOC", problems)
    whole = rows[rows["x_min"].isna() & (rows["label"] != "")]
    report_unheld(whole, ("annotator", "attributes", "occluded", "truncated"), "A list of Pascal VOC", problems)
    return problems


def keeps(rows: pd.DataFrame) -> pd.Series:
    """Which labels are a box, or can name a list."""
    return rows["x_min"].notna() | ~rows["label"].str.contains(NO_FILE_NAME)


def _annotation(name: str, rows: pd.DataFrame, problems: Problems) -> ElementTree.Element:
    top = ElementTree.Element("annotation")
    _add(top, "folder", PurePosixPath(name).parent.name)
    _add(top, "filename", PurePosixPath(name).name)
    first = rows.iloc[0]
    if first["width"]:
        size = _add(top, "size")
        for side, value in (("width", first["width"]), ("height", first["height"]), ("depth", 3)):
            _add(size, side, str(value))
    _add(top, "segmented", "0")
    for row in rows[rows["x_min"].notna()].itertuples():
        _add_object(top, row, problems)
    return top


def _add_object(top: ElementTree.Element, row: Any, problems: Problems) -> None:
    if NOT_IN_XML.search(row.label):
        problems.changed(row.image, "", f"XML cannot hold all characters of {row.label!r}; they were replaced.")
    thing = _add(top, "object")
    _add(thing, "name", row.label)
    stated = json.loads(row.attributes) if row.attributes else {}
    pose = stated.pop("pose", "Unspecified")
    _add(thing, "pose", str(pose))
    for flag in FLAGS:
        _add(thing, flag, str(int(getattr(row, flag))))
    box = _add(thing, "bndbox")
    for corner, column in CORNERS.items():
        value = getattr(row, column)
        _add(box, corner, str(int(value)) if value == int(value) else repr(float(value)))
    stated |= {"annotator": row.annotator} if row.annotator else {}
    if stated:
        _add_attributes(_add(thing, "attributes"), stated)


def _add_attributes(block: ElementTree.Element, stated: Mapping[str, object]) -> None:
    for name, value in stated.items():
        attribute = _add(block, "attribute")
        _add(attribute, "name", name)
        _add(attribute, "value", _text(value))


def _text(value: object) -> str:
    """Text as it is, unless the reader would take it for a number or anything else in JSON; all else as JSON."""
    if isinstance(value, str):
        try:
            json.loads(value)
        except ValueError:
            return value
    return json.dumps(value, ensure_ascii=False)


def _add(parent: ElementTree.Element, name: str, text: str | None = None) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, name)
    element.text = None if text is None else NOT_IN_XML.sub("\ufffd", text)
    return element


def _write_lists(rows: pd.DataFrame, names: dict[str, str], folder: Path, problems: Problems) -> None:
    """The splits, and for each class that a whole image has the list of all images of the split."""
    folder.mkdir(parents=True)
    identity = {image: str(PurePosixPath(name).with_suffix("")) for image, name in names.items()}
    whole = rows[rows["x_min"].isna() & (rows["label"] != "")]
    doubled = whole[["image", "label"]].merge(rows.loc[rows["x_min"].notna(), ["image", "label"]].drop_duplicates())
    for image, label in doubled.itertuples(index=False):
        problems.left_out(image, "", f"{label!r} is a box and a label of the whole image; only the box is kept.")
    for split, part in grouped(rows, "split", sort=True):
        images = part["image"].unique()
        ending = LIST_NAMES[split]
        if split:
            lines = [identity[image] for image in images]
            (folder / f"{ending}.txt").write_text("".join(f"{line}\n" for line in lines), "utf-8")
        for label in sorted(whole.loc[whole["split"] == split, "label"].unique()):
            if NO_FILE_NAME.search(label):
                lost = whole[(whole["split"] == split) & (whole["label"] == label)]
                reason = f"{label!r} is a label of the whole image that cannot name a list; left out."
                problems.extend(lost["image"], [""] * len(lost), [reason] * len(lost), "left out")
                continue
            easy = part[part["label"] == label].groupby("image")["difficult"].all()
            flags = {image: ("0" if easy[image] else "1") if image in easy.index else "-1" for image in images}
            lines = [f"{identity[image]} {flag:>2}\n" for image, flag in flags.items()]
            (folder / f"{label}_{ending}.txt").write_text("".join(lines), "utf-8")
