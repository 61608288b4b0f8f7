"""Copies the images beside the annotations that are written."""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

import pandas as pd

from imgcls.counted import counted
from imgcls.labels.records import Problems


def place(root: Path, folder: Path, names: Mapping[str, str], problems: Problems) -> None:
    """Copy images to the folder that is written; those that are gone are reported.

    Args:
        root: The folder that the image paths start from.
        folder: The folder that is written.
        names: New path below `folder` by path below `root`.
        problems: Gets the images that were not copied.
    """
    for image, name in names.items():
        target = folder / name
        if not target.resolve().is_relative_to(folder.resolve()):
            problems.left_out(image, "", "this image's path leaves its folder; it was not copied.")
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(root / image, target)
        except (FileNotFoundError, IsADirectoryError):
            problems.left_out(image, "", "this image is gone; it was not copied.")


def names_without_clashes(images: Iterable[str], problems: Problems) -> dict[str, str]:
    """A name for each image, so that no two differ only by their suffix, which a label's file does not have.

    Args:
        images: Paths.
        problems: Gets the images that are written under another name.

    Returns:
        Name by path.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for image in images:
        path = PurePosixPath(image)
        name = image
        if str(path.with_suffix("")) in taken:
            name = str(path.with_name(f"{path.stem}_{path.suffix[1:]}{path.suffix}"))
            while str(PurePosixPath(name).with_suffix("")) in taken:
                name = str(path.with_name(f"{PurePosixPath(name).stem}_{path.suffix}"))
            problems.changed(image, "", f"another image differs only by its suffix; this one is written as {name!r}.")
        taken.add(str(PurePosixPath(name).with_suffix("")))
        names[image] = name
    return names


def report_unheld(rows: pd.DataFrame, columns: Iterable[str], format: str, problems: Problems) -> None:
    """Report which columns that say something have no place in a format.

    Args:
        rows: The rows that are written.
        columns: Those that the format cannot hold.
        format: What the message calls the format.
        problems: Gets a row for each column.
    """
    for column in columns:
        stated = rows[column].astype(bool)
        if stated.any():
            problems.left_out(
                "", "", f"{format} has no place for {column!r}; left out of {counted(int(stated.sum()), 'row')}."
            )
