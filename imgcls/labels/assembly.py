"""Makes records of the rows of a format: finds the images, checks the boxes, and reports every problem."""

import posixpath
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from imgcls.labels.image_index import MISNAMED, ImageIndex, in_another_folder, is_drawing
from imgcls.labels.records import BOX, CHANGED, COLUMNS, LEFT_OUT, NOTED, Problems, Records, Row, typed

PROVENANCE = ["file", "line", "beside"]
Mask: TypeAlias = np.ndarray | pd.Series  # a truth value a row
ROUNDING = 0.1  # pixels outside the image that are rounding, not a fault; YOLO keeps six decimals of the width

UNNAMED = "nothing that could be read names this image."  # reason of an image beside the files


def assemble(
    rows: pd.DataFrame | Sequence[Row], problems: Problems, image_index: ImageIndex, add_unlisted: bool = False
) -> Records:
    """Make records of what a format read: find the images, check the boxes, and report every problem.

    Args:
        rows: The columns of `COLUMNS` as far as the format knows them, `image` as the file states it. For the problems
            table also `file`, `line`, and `beside`: the folder of the annotation file, relative to the root of the
            images.
        problems: What the format found wrong; more is added.
        image_index: The images.
        add_unlisted: Whether images that no file names are unannotated images of this set. If not, they are only
            reported.
    """
    table = typed(rows, extra=PROVENANCE)
    provenance = table[PROVENANCE].astype(object)
    table[PROVENANCE] = provenance.where(provenance.notna(), "")
    table = _find_images(table, problems, image_index)
    named = set(table["image"])
    table = _check_boxes(table, problems)
    _report_names_that_differ_by_case(table, problems)
    if image_index.must_exist:
        _report_misnamed(image_index, problems)
        reported = {file for file, *_ in problems.rows}
        others = [path for path in image_index.paths if path not in named and path not in reported]
        table = _with_others(table, others, problems) if add_unlisted else table
        if not add_unlisted:
            _report_all(others, UNNAMED, problems)
    return Records(table[list(COLUMNS)].reset_index(drop=True), problems.table(), image_index.root.resolve())


def _find_images(table: pd.DataFrame, problems: Problems, image_index: ImageIndex) -> pd.DataFrame:
    """Put the path of each stated image; leave out the rows of those that are not there."""
    if table.empty:
        return table
    codes, stated = _groups(table, ["image", "beside"])
    found = _each_by_its_own([image for image, _ in stated], [image_index.find(*names) for names in stated])
    first = table.groupby(codes, sort=True).agg(file=("file", "first"), line=("line", "first"))
    labelled = (table["label"] != "").groupby(codes, sort=True).sum()
    for (path, reason), (file, line), labels in zip(found, first.itertuples(index=False), labelled, strict=True):
        if reason and path:
            problems.changed(file, line, f"{reason}.")
        elif reason:
            lost = f"; its {labels} labels are left out" if labels > 1 else "; its label is left out" if labels else ""
            problems.left_out(file, line, f"{reason}{lost}.")
    table["image"] = np.array([path for path, _ in found], dtype=object)[codes]
    table["image"] = table["image"].astype(str)
    return table[table["image"] != ""]


def _each_by_its_own(stated: list[str], found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What `ImageIndex.find` found, without the images in other folders that two stated paths would have to share."""
    strangers = [
        bool(reason and path) and in_another_folder(image, path)
        for image, (path, reason) in zip(stated, found, strict=True)
    ]
    claims = defaultdict(set)
    for image, (path, _), stranger in zip(stated, found, strangers, strict=True):
        claims[path].add(image if stranger else "")
    return [
        ("", f"there is no image {image!r}, and {path!r} is stated as another one")
        if stranger and len(claims[path]) > 1
        else (path, reason)
        for image, (path, reason), stranger in zip(stated, found, strangers, strict=True)
    ]


def _report_all(paths: Sequence[str], reason: str, problems: Problems) -> None:
    problems.extend(paths, [""] * len(paths), [reason] * len(paths), NOTED)


def _groups(table: pd.DataFrame, columns: list[str]) -> tuple[np.ndarray, list[tuple[Any, ...]]]:
    """For each row the number of its combination of values, and the combinations."""
    codes = table.groupby(columns, sort=False, dropna=False).ngroup().to_numpy()
    return codes, list(table[columns].drop_duplicates().itertuples(index=False, name=None))


def _check_boxes(table: pd.DataFrame, problems: Problems) -> pd.DataFrame:
    """Boxes with their corners in order, inside the image and with an area; the others are left out, and reported."""
    boxed = table[BOX].notna().any(axis=1)
    table = _leave_out(table, boxed & (table["label"] == ""), "has no class", problems)
    boxes = table[BOX].to_numpy(dtype=float)
    broken = ~np.isnan(boxes).all(axis=1) & ~np.isfinite(boxes).all(axis=1)
    table = _leave_out(table, broken, "has coordinates that are no numbers", problems)
    low, high = table[BOX[:2]].to_numpy(dtype=float), table[BOX[2:]].to_numpy(dtype=float)
    swapped = np.asarray((low > high).any(axis=1))
    _report_changed(table, swapped, "had swapped corners; they were put in order", problems)
    table = table.copy()
    table[BOX] = np.hstack([np.minimum(low, high), np.maximum(low, high)])
    table = _leave_out(table, _without_area(table), "has no area", problems)
    sizes = table[["width", "height"]].astype(float).replace(0, np.inf).to_numpy()
    low, high = table[BOX[:2]].to_numpy(dtype=float), table[BOX[2:]].to_numpy(dtype=float)
    beyond = (low < -ROUNDING).any(axis=1) | (high > sizes + ROUNDING).any(axis=1)
    table[BOX] = np.hstack([np.clip(low, 0, sizes), np.clip(high, 0, sizes)])
    outside = _without_area(table)
    _report_changed(table, beyond & ~outside, "reached beyond the image; it was cut", problems)
    return _leave_out(table, outside, "is outside the image", problems)


def _without_area(table: pd.DataFrame) -> np.ndarray:
    boxes = table[BOX].to_numpy(dtype=float)
    return np.asarray((boxes[:, 2:] <= boxes[:, :2]).any(axis=1))


def _leave_out(table: pd.DataFrame, where: Mask, what: str, problems: Problems) -> pd.DataFrame:
    if not where.any():
        return table
    wrong = table[where]
    reasons = [f"the box of {label!r} {what}; left out." for label in wrong["label"]]
    problems.extend(wrong["file"], wrong["line"], reasons, LEFT_OUT)
    return table[~where]


def _report_changed(table: pd.DataFrame, where: Mask, what: str, problems: Problems) -> None:
    wrong = table[where]
    reasons = [f"the box of {label!r} {what}." for label in wrong["label"]]
    problems.extend(wrong["file"], wrong["line"], reasons, CHANGED)


def _report_misnamed(image_index: ImageIndex, problems: Problems) -> None:
    reported = {file for file, *_ in problems.rows}
    for name in image_index.misnamed:
        if name not in reported:
            problems.left_out(name, "", f"{MISNAMED}.")


def _report_names_that_differ_by_case(table: pd.DataFrame, problems: Problems) -> None:
    names = pd.Series(table["image"].unique(), dtype=object)
    same = names[names.map(str.casefold).duplicated(keep=False)]
    for _, group in same.groupby(same.map(str.casefold)):
        listed = " and ".join(sorted(group))
        problems.noted(group.iloc[0], "", f"{listed} differ only by case: on Windows and macOS they are one file.")


def _with_others(table: pd.DataFrame, others: list[str], problems: Problems) -> pd.DataFrame:
    """ImageIndex that no file names have no annotations; but those of a file that lost some are not among them."""
    lost = {
        posixpath.splitext(posixpath.basename(file))[0] for file, _, _, effect in problems.rows if effect == LEFT_OUT
    }
    rows = []
    drawings = [path for path in others if is_drawing(path)] if len(table) else []
    _report_all(
        drawings, "it lies in a folder of masks or drawings, so it is not taken for one of the images.", problems
    )
    for path in sorted(set(others).difference(drawings)):
        name = posixpath.basename(path)
        if name in lost or posixpath.splitext(name)[0] in lost:
            problems.noted(path, "", "annotations of this name were left out, so the image is not taken as bare.")
        else:
            rows.append({"image": path, "source": table["source"].iloc[0] if len(table) else ""})
    return pd.concat([table, typed(rows)], ignore_index=True) if rows else table
