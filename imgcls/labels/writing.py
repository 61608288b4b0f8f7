"""Writes records as the files of another tool."""

import shutil
from pathlib import Path

import pandas as pd

from imgcls.labels.records import Records
from imgcls.labels.writers import find_writer


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
        ValueError: The format is unknown, or these records cannot be written in it.

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
