"""Writes records as the files of another tool."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from imgcls.counted import counted
from imgcls.labels.records import Records
from imgcls.labels.writers import WRITERS, find_writer


def write_labels(records: Records, folder: str | Path, format: str, copy_images: bool = True) -> pd.DataFrame:
    """Write records as the files of another tool.

    Args:
        records: What `read_labels` returned, for example.
        folder: Is made; nobody sees it before it is whole.
        format: A name of `WRITERS`.
        copy_images: Whether the images are copied to it. YOLO and folders always copy them: their place is the label.

    Returns:
        A problems table of what the format cannot hold.

    Raises:
        FileExistsError: There is something at `folder`.
        ValueError: The format is unknown, it holds none of these labels, or these records cannot be written in it.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from imgcls.labels import ImageIndex, read_labels
        >>> with TemporaryDirectory() as folder:
        ...     _ = Path(folder, "labels.csv").write_text("image,label\\na.jpg,cat\\nb.jpg,dog\\n")
        ...     records = read_labels(folder, image_index=ImageIndex(folder, must_exist=False))
        ...     problems = write_labels(records, Path(folder, "coco"), "coco", copy_images=False)
        ...     sorted(path.name for path in Path(folder, "coco").iterdir())
        ['instances.json']
    """
    writer = find_writer(format)
    check_holds_any(records, format)
    folder = Path(folder)
    if folder.exists():
        raise FileExistsError(f"There is something at {folder} already. Name a folder that is not there yet.")
    partial = folder.with_name(f".partial-{folder.name}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        problems = writer.write(records, partial, copy_images)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return problems.table()


def count_kept(records: Records, format: str) -> tuple[int, int]:
    """How many labels the files of a format hold, and how many there are.

    Args:
        records: Of which each row with a label counts.
        format: A name of `WRITERS`.

    Raises:
        ValueError: The format is unknown.
    """
    writer = find_writer(format)
    labelled = _labelled(records)
    keeps = getattr(writer, "keeps", None)
    return int(np.sum(keeps(labelled))) if keeps else len(labelled), len(labelled)


def check_holds_any(records: Records, format: str) -> None:
    """Raise ValueError if a format holds none of the labels, with the formats that hold most of them."""
    kept, labels = count_kept(records, format)
    if kept or not labels:
        return
    counts = {name: count_kept(records, name)[0] for name in WRITERS}
    best = [f"{WRITERS[name].title} ({name})" for name, count in counts.items() if count == max(counts.values())]
    boxes = _labelled(records)["x_min"]
    advice = " Where the source has boxes, --boxes crop keeps them." if boxes.isna().all() else ""
    raise ValueError(
        f"{WRITERS[format].title} cannot hold any of the {counted(labels, 'label')} here, so nothing was written. It "
        f"holds: {WRITERS[format].holds} Choose another format: {', '.join(best)}.{advice}"
    )


def _labelled(records: Records) -> pd.DataFrame:
    """The rows that have a label."""
    return records.boxes_or_images[records.boxes_or_images["label"] != ""]
