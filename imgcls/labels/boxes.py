"""Makes examples for a classifier of boxes: crops, or one label an image."""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from imgcls.counted import counted
from imgcls.labels.image_index import upright_size
from imgcls.labels.records import BOX, LABELLED_BOX, LEFT_OUT, Problems, Records, grouped
from imgcls.nearest_name import did_you_mean


def to_examples(
    records: Records, mode: str, margin: float = 0.0, smallest: int = 1, negatives: bool = False
) -> Records:
    """Make examples for a classifier of boxes and labels.

    A label of the whole image counts in every mode. Images and boxes that are left out are reported in `problems`.

    Args:
        records: Boxes and labels.
        mode: "crop" makes an example of each box, "single" keeps the images with one class only, "largest" gives an
            image the class of its largest box, and "multi_label" gives it all its classes. Only the rows of "crop" have
            boxes.
        margin: Margin of a crop on each side, as a share of the box's width and height, at least 0; it ends at the
            edges of the image.
        smallest: Shortest side of a box that is kept, in pixels, before the margin.
        negatives: Whether an image without annotations is an example of none of the classes; else it is left out.

    Returns:
        A row an example, with one more column: `labels`, the list of its classes. With a margin, the boxes without it
        are in the columns of `LABELLED_BOX`.

    Raises:
        ValueError: The mode is unknown, the margin is negative, or the smallest side is below one pixel.
    """
    if mode not in MODES:
        hint = did_you_mean(mode, MODES, cutoff=0)
        raise ValueError(f"Unknown mode {mode!r} for boxes.{hint} There are {', '.join(MODES)}.")
    if not 0 <= margin < float("inf") or smallest < 1:
        raise ValueError(
            f"Got the margin {margin} and the smallest side {smallest}. Expected at least 0 and at least 1 pixel."
        )
    problems = Problems()
    rows = records.boxes_or_images
    unlabelled = (rows["label"] == "") & (not negatives)
    _report(problems, rows[unlabelled], "nobody labelled this image.")
    boxed = rows[BOX].notna().all(axis=1)
    shortest = np.minimum(rows["x_max"] - rows["x_min"], rows["y_max"] - rows["y_min"])
    small = boxed & (shortest < smallest) & ~unlabelled
    _report(problems, rows[small], f"its box is smaller than {counted(smallest, 'pixel')}.")
    rows = MODES[mode](rows[~unlabelled & ~small].copy(), problems)
    if mode == "crop" and margin:
        _widen(rows, margin, records)
    return records.with_rows(rows, problems)


def _crop(rows: pd.DataFrame, problems: Problems) -> pd.DataFrame:
    _report(problems, rows[rows["crowd"]], "its box is around a crowd.")
    rows = rows[~rows["crowd"]].copy()
    rows["labels"] = [[label] for label in rows["label"]]
    return rows


def _single(rows: pd.DataFrame, problems: Problems) -> pd.DataFrame:
    several = rows.groupby("image")["label"].transform("nunique") > 1
    for image, part in grouped(rows[several], "image"):
        _report_image(problems, image, f"it has several classes: {', '.join(sorted(set(part['label'])))}")
    return _whole(rows[~several])


def _largest(rows: pd.DataFrame, problems: Problems) -> pd.DataFrame:
    """A label of the whole image is larger than any box; of equally large ones the classes must agree."""
    _report(problems, rows[rows["crowd"]], "its box is around a crowd.")
    rows = rows[~rows["crowd"]]
    area = ((rows["x_max"] - rows["x_min"]) * (rows["y_max"] - rows["y_min"])).fillna(np.inf)
    first = rows[area == area.groupby(rows["image"]).transform("max")]
    tied = first.groupby("image")["label"].transform("nunique") > 1
    for image, part in grouped(first[tied], "image"):
        named = ", ".join(sorted(set(part["label"])))
        _report_image(problems, image, f"these classes are equally large in it: {named}")
    first = first[~tied]
    winner = rows["image"].map(first.groupby("image")["label"].first())
    _report(problems, rows[winner.notna() & (rows["label"] != winner)], "another class is larger in this image.")
    return _whole(first)


def _multi_label(rows: pd.DataFrame, problems: Problems) -> pd.DataFrame:
    return _whole(rows)


MODES: dict[str, Callable[[pd.DataFrame, Problems], pd.DataFrame]] = {
    "crop": _crop,
    "single": _single,
    "largest": _largest,
    "multi_label": _multi_label,
}


def _whole(rows: pd.DataFrame) -> pd.DataFrame:
    """One row an image, without a box; `label` is empty where there are several."""
    labels = rows.groupby("image", sort=False)["label"].agg(lambda names: sorted(set(names) - {""}))
    first = rows.drop_duplicates("image").copy()
    first[BOX] = np.nan
    first["labels"] = [labels[image] for image in first["image"]]
    first["label"] = [names[0] if len(names) == 1 else "" for names in first["labels"]]
    return first


def _widen(rows: pd.DataFrame, margin: float, records: Records) -> None:
    """Add the margin to each box, inside the image, and keep the box that was labelled."""
    rows[LABELLED_BOX] = rows[BOX]
    unsized = (rows["width"] == 0) & rows["x_min"].notna()
    sizes = {image: upright_size(records.root / image) for image in rows.loc[unsized, "image"].unique()}
    for side, column in enumerate(("width", "height")):
        measured = rows["image"].map({image: size[side] for image, size in sizes.items()})
        rows[column] = measured.where(unsized, rows[column]).astype(int)
    for low, high, length in (("x_min", "x_max", "width"), ("y_min", "y_max", "height")):
        more = (rows[high] - rows[low]) * margin
        rows[low] = (rows[low] - more).clip(lower=0)
        rows[high] = np.minimum(rows[high] + more, rows[length].where(rows[length] > 0, np.inf))


def _report(problems: Problems, rows: pd.DataFrame, why: str) -> None:
    reasons: Iterable[str] = (f"{label!r} is left out: {why}" if label else why for label in rows["label"])
    problems.extend(rows["image"], [""] * len(rows), reasons, LEFT_OUT)


def _report_image(problems: Problems, image: str, why: str) -> None:
    problems.left_out(image, "", f"this image is left out: {why}.")
