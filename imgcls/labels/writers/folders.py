"""A folder of images for each class, below a folder for each split: one label an image, and no boxes."""

from pathlib import Path, PurePosixPath

import pandas as pd

from imgcls.labels.records import LEFT_OUT, Problems, Records, grouped
from imgcls.labels.writer import Writer
from imgcls.labels.writers.placing import place, report_unheld
from imgcls.labels.writers.voc import NO_FILE_NAME

WRITER = Writer(
    "folders",
    "one folder of images a class",
    order=50,
    holds="One class an image, and no boxes. Images of several classes are left out, and those of a class whose name "
    "no folder can have.",
)
LOST = ("difficult", "crowd", "occluded", "truncated", "annotator", "attributes")


def write(records: Records, folder: Path, copy_images: bool) -> Problems:
    """Copy the images into the folders of their classes.

    Raises:
        ValueError: Only some of the images have a split.
    """
    problems = Problems()
    rows = records.boxes_or_images
    labelled = rows[rows["label"] != ""]
    if labelled["split"].eq("").any() and labelled["split"].ne("").any():
        raise ValueError("Some images have a split and some have none. Give all of them one, or none.")
    bare = rows[rows["label"] == ""]
    problems.extend(bare["image"], [""] * len(bare), ["nobody labelled this image; left out."] * len(bare), LEFT_OUT)
    names: dict[str, str] = {}
    for image, part in grouped(labelled, "image"):
        labels = sorted(set(part["label"]))
        if len(labels) > 1 or NO_FILE_NAME.search(labels[0]):
            what = "has several classes" if len(labels) > 1 else "has a class that cannot name a folder"
            problems.left_out(image, "", f"this image {what} ({', '.join(labels)}); left out.")
            continue
        names[image] = _name(PurePosixPath(part["split"].iloc[0], labels[0]), image, set(names.values()))
    boxed = labelled["x_min"].notna()
    if boxed.any():
        problems.left_out("", "", f"Folders have no place for boxes; {int(boxed.sum())} are left out.")
    report_unheld(labelled, LOST, "A folder", problems)
    place(records.root, folder, names, problems)
    return problems


def keeps(rows: pd.DataFrame) -> pd.Series:
    """Which labels are the only class of their image, and can name a folder."""
    return (rows.groupby("image")["label"].transform("nunique") == 1) & ~rows["label"].str.contains(NO_FILE_NAME)


def _name(folder: PurePosixPath, image: str, taken: set[str]) -> str:
    """The image's own name, or if another has it, with the folders that it lay in before it."""
    name = PurePosixPath(image).name
    if str(folder / name) in taken:
        name = image.replace("/", "_")
    while str(folder / name) in taken:
        name = f"_{name}"
    return str(folder / name)
