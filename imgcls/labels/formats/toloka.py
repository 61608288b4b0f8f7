"""Toloka's results: a TSV file with a row an answer, and columns INPUT:, OUTPUT:, GOLDEN: and ASSIGNMENT:.

https://toloka.ai/docs/toloka-kit/reference/toloka.client.assignment.GetAssignmentsTsvParameters/ names the columns.
Every answer is a row of its own; `consensus` makes one label of them. Rejected assignments are reported and left out.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from imgcls.image_files import SUFFIXES
from imgcls.labels.answer_columns import AnswerColumns, read_answers
from imgcls.labels.documents import any_file
from imgcls.labels.format import Format
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.records import Problems, Records, Row, attributes_text
from imgcls.labels.table_columns import NAMES
from imgcls.labels.table_files import cells_by_line, read_table

FORMAT = Format(
    "toloka",
    "Toloka",
    "A TSV file with a row an answer.",
    suffixes=(".tsv", ".csv"),
    options=("image", "answer", "keep"),
    order=210,
)

WORKER, STATUS = "ASSIGNMENT:worker_id", "ASSIGNMENT:status"
COUNTED = ("", "APPROVED", "SUBMITTED")


def detect(source: Path) -> bool:
    """Whether there is a table with columns INPUT: and OUTPUT:."""
    return any_file(source, (".tsv", ".csv"), _fits)


def _fits(text: str) -> bool:
    head = text.split("\n", 1)[0]
    return "INPUT:" in head and "OUTPUT:" in head


def read(
    source: Path,
    image_index: ImageIndex | None = None,
    image: str | None = None,
    answer: str | None = None,
    keep: Sequence[str] = (),
) -> Records:
    """Read a file of results, or all of a folder.

    Args:
        source: The file or folder.
        image_index: The images, if they are not in the source's folder.
        image: Field of the image, such as "url", if there are several.
        answer: Field of the label, such as "kind", if there are several.
        keep: Further columns that are kept as attributes, such as "INPUT:patient".

    Raises:
        ValueError: A file lacks a column that is needed.
    """
    named = AnswerColumns(image, answer, keep)
    return read_answers(Path(source), image_index, (".tsv", ".csv"), _fits, partial(_rows, named))


def _rows(named: AnswerColumns, path: Path, file: str, problems: Problems) -> Iterator[Row]:
    table = read_table(path, file, problems)
    names = [str(name) for name in table.columns]
    inputs = [name for name in names if name.startswith("INPUT:")]
    outputs = [name for name in names if name.startswith("OUTPUT:")]
    image_column = f"INPUT:{named.image}" if named.image else _likely(inputs, table, NAMES["image"])
    output = f"OUTPUT:{named.answer}" if named.answer else _likely(outputs, table, NAMES["label"])
    lacking = [name for name in (image_column, output, WORKER, *named.keep) if name not in table]
    if lacking:
        raise ValueError(f"{file} has no column {' and no '.join(lacking)}. It has {', '.join(map(str, table))[:200]}.")
    golden = output.replace("OUTPUT:", "GOLDEN:")
    for line, cells in cells_by_line(table):
        status = cells.get(STATUS, "").upper()
        if not any(cells.values()):
            continue  # Toloka puts an empty line between pages of tasks
        if status not in COUNTED:
            problems.left_out(file, line, f"the assignment's status is {status}; its answer is left out.")
        elif not cells[output].strip():
            problems.left_out(file, line, "there is no answer; left out.")
        else:
            attributes = attributes_text({"golden": cells.get(golden)} | {name: cells[name] for name in named.keep})
            yield {
                "image": cells[image_column],
                "label": cells[output],
                "annotator": cells[WORKER],
                "source": "toloka",
                "file": file,
                "line": line,
                "attributes": attributes,
            }


def _likely(columns: list[str], table: pd.DataFrame, names: list[str]) -> str:
    """The only column, else the one with images in it, else the one with a name that says so."""
    by_image = [name for name in columns if len(table) and table[name].iloc[0].lower().endswith(SUFFIXES)]
    by_name = [name for name in columns if name.split(":")[1].lower() in names]
    candidates = columns if len(columns) == 1 else by_image if "image" in names and by_image else by_name
    return candidates[0] if candidates else f"{'INPUT' if 'image' in names else 'OUTPUT'}:{names[0]}"
