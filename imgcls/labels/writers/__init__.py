"""Records to the files of other tools, one file a format."""

import importlib
import shutil
from pathlib import Path

import pandas as pd

from imgcls.labels.records import Records
from imgcls.nearest_name import did_you_mean

EXPORTS = {"coco": "coco", "voc": "voc", "yolo": "yolo", "csv": "table", "folders": "folders"}  # name: module

__all__ = ["EXPORTS", "write_labels"]


def write_labels(records: Records, folder: str | Path, format: str, copy_images: bool = True) -> pd.DataFrame:
    """Write records for another tool.

    folder: is made; nobody sees it before it is whole.
    format: a name of `EXPORTS`.
    copy_images: whether the images are copied to it. YOLO and folders always copy them: their place is the label.

    Returns a problems table of what the format cannot hold. Raises FileExistsError if there is something at `folder`,
    and ValueError for an unknown format.
    """
    if format not in EXPORTS:
        hint = did_you_mean(format, EXPORTS, cutoff=0)
        raise ValueError(f"Unknown format {format!r}.{hint} There are {', '.join(EXPORTS)}.")
    folder = Path(folder)
    if folder.exists():
        raise FileExistsError(f"There is something at {folder} already. Name a folder that is not there yet.")
    writer = importlib.import_module(f"imgcls.labels.writers.{EXPORTS[format]}")
    partial = folder.with_name(f".partial-{folder.name}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        problems = writer.write(records, partial, copy_images)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return problems.table()
