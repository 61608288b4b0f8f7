"""A CSV file with all columns of the records. No cell is a formula."""

import csv
from pathlib import Path
from typing import Any

import pandas as pd

from imgcls.labels.records import BOX, COLUMNS, Problems, Records
from imgcls.labels.table_files import quoted
from imgcls.labels.writer import Writer
from imgcls.labels.writers.placing import place

WRITER = Writer(
    "csv", "a CSV table", order=40, holds="Boxes and labels of whole images, with all that is known of them."
)


def write(records: Records, folder: Path, copy_images: bool) -> Problems:
    """Write `labels.csv`, in UTF-8."""
    problems = Problems()
    rows = records.boxes_or_images
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(
            [_cell(name, value) for name, value in zip(COLUMNS, row, strict=True)]
            for row in rows[list(COLUMNS)].itertuples(index=False)
        )
    if copy_images:
        place(records.root, folder, {image: image for image in rows["image"].unique()}, problems)
    return problems


def _cell(name: str, value: Any) -> str:
    if name in BOX:
        return "" if pd.isna(value) else repr(float(value))
    return str(value).lower() if isinstance(value, bool) else quoted(str(value))
