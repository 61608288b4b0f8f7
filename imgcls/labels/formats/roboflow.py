"""Roboflow's lists of labels an image: `_classes.csv` with a column of 0 and 1 for each class.

https://docs.roboflow.com/datasets/dataset-versions/exporting-data names the formats; this one is "Multi-Label
Classification CSV". The split is the folder that a list lies in.
"""

import posixpath
from pathlib import Path

from imgcls.labels.assembly import assemble
from imgcls.labels.documents import files_of, name_in
from imgcls.labels.format import Format
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.records import Problems, Records, Row
from imgcls.labels.split_names import split_from_path
from imgcls.labels.table_files import cells_by_line, read_table

FORMAT = Format(
    "roboflow",
    "Roboflow, by class",
    "Lists of images with a column of 0 and 1 for each class.",
    suffixes=(".csv",),
    order=120,
)

LIST = "_classes.csv"


def detect(source: Path) -> bool:
    """Whether there is a list of this name."""
    return any(files_of(source, LIST))


def read(source: Path, image_index: ImageIndex | None = None) -> Records:
    """Read a list, or all of a folder.

    Raises:
        ValueError: The first column of a list is not `filename`.
    """
    source = Path(source)
    image_index = image_index or ImageIndex.of(source)
    problems = Problems()
    rows: list[Row] = []
    for path in files_of(source, LIST) if source.is_dir() else [source]:
        file = name_in(path, source)
        table = read_table(path, file, problems)
        image, *classes = table.columns
        if image.lower() != "filename" or not all(classes):
            raise ValueError(f"{file} is no list of classes: expected the column filename and one for each class.")
        common: Row = {
            "source": "roboflow",
            "file": file,
            "beside": posixpath.dirname(file),
            "split": split_from_path(file),
        }
        for line, cells in cells_by_line(table):
            common |= {"image": cells[image], "line": line}
            values = {name: cells[name].strip() for name in classes}
            for name, value in values.items():
                if value not in ("0", "1"):
                    problems.left_out(file, line, f"expected 0 or 1 for {name!r}, got {value[:50]!r}; left out.")
            labels = [name for name, value in values.items() if value == "1"]
            if labels or all(value == "0" for value in values.values()):
                rows.extend(common | {"label": name} for name in labels or [""])
    return assemble(rows, problems, image_index)
