"""Amazon Mechanical Turk's batch results: a row an assignment, with `Input.` and `Answer.` columns.

https://docs.aws.amazon.com/AWSMechTurk/latest/AWSMturkAPI/API_AssignmentDataStructureArticle.html has the statuses.
Every answer is a row of its own; `consensus` makes one label of them. Rejected assignments are reported and left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from imgcls.image_files import SUFFIXES
from imgcls.labels.answer_columns import AnswerColumns, read_answers
from imgcls.labels.documents import any_file, parse_json
from imgcls.labels.format import Format
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.records import Problems, Records, Row, attributes_text, class_name
from imgcls.labels.table_files import cells_by_line, read_table

FORMAT = Format(
    "mturk",
    "Mechanical Turk",
    "The CSV file of a batch's results, a row an assignment.",
    suffixes=(".csv",),
    options=("image", "answer", "keep"),
    order=200,
)

NEEDED = ("AssignmentId", "WorkerId", "AssignmentStatus")
GOLDEN = ("Input.golden", "Input.gold", "Input.golden_label")


def detect(source: Path) -> bool:
    """Whether there is a CSV file with the columns that every batch has."""
    return any_file(source, (".csv",), _fits)


def _fits(text: str) -> bool:
    head = text.split("\n", 1)[0]
    return all(name in head for name in NEEDED)


def read(
    source: Path,
    image_index: ImageIndex | None = None,
    image: str | None = None,
    answer: str | None = None,
    keep: Sequence[str] = (),
) -> Records:
    """Read a batch, or all of a folder.

    Args:
        source: The file or folder.
        image_index: The images, if they are not in the source's folder.
        image: Column of the image, such as "Input.url", if there are several.
        answer: Column of the label, such as "Answer.kind", if there are several.
        keep: Further columns that are kept as attributes, such as "Input.patient".

    Raises:
        ValueError: A file lacks the columns of a batch.
    """
    named = AnswerColumns(image, answer, keep)
    return read_answers(Path(source), image_index, (".csv",), _fits, partial(_rows, named))


def _rows(named: AnswerColumns, path: Path, file: str, problems: Problems) -> Iterator[Row]:
    table = read_table(path, file, problems)
    lacking = [name for name in (*NEEDED, named.image, named.answer, *named.keep) if name and name not in table]
    if lacking:
        raise ValueError(f"{file} is no batch of results: it has no column {' and no '.join(lacking)}.")
    for line, cells in cells_by_line(table):
        stated = cells[named.image] if named.image else _image(cells)
        if cells["AssignmentStatus"].lower() == "rejected" or cells.get("Reject", "").strip():
            problems.left_out(file, line, f"the assignment {cells['AssignmentId']!r} was rejected; left out.")
            continue
        labels = [label for label in map(class_name, _labels(_answers(cells, named.answer))) if label]
        if not stated or not labels:
            what = "no answer that is a class" if stated else "no image"
            problems.left_out(file, line, f"the assignment {cells['AssignmentId']!r} has {what}; left out.")
            continue
        golden = next((cells[name] for name in GOLDEN if cells.get(name, "").strip()), None)
        attributes = attributes_text({"golden": golden} | {name: cells[name] for name in named.keep})
        for label in labels:
            yield {
                "image": stated,
                "label": label,
                "annotator": cells["WorkerId"],
                "source": "mturk",
                "file": file,
                "line": line,
                "attributes": attributes,
            }


def _answers(cells: dict[str, str], column: str | None) -> dict[str, str]:
    if column:
        return {column: cells[column]}
    return {name: value for name, value in cells.items() if name.startswith("Answer.") and value.strip()}


def _image(cells: dict[str, str]) -> str:
    inputs = {name: value for name, value in cells.items() if name.startswith("Input.") and value.strip()}
    by_suffix = [value for value in inputs.values() if value.split("?")[0].lower().endswith(SUFFIXES)]
    named = [value for name, value in inputs.items() if "image" in name.lower() or "url" in name.lower()]
    return next(iter(by_suffix or named), "")


def _labels(answers: Mapping[str, str]) -> list[object]:
    """The classes of the answer cells: JSON, a column of true and false for each class, or plain text."""
    if "Answer.taskAnswers" in answers:
        try:
            return _chosen(parse_json(answers["Answer.taskAnswers"], "the answer"))
        except ValueError:
            return []
    if answers and all(value.strip().lower() in ("true", "false") for value in answers.values()):
        chosen = [name.split(".")[1:] for name, value in answers.items() if value.strip().lower() == "true"]
        one_group = len({name.split(".")[1] for name in answers}) == 1
        return [parts[-1] if one_group else parts[0] for parts in chosen]
    return [value for value in answers.values() if value.strip().lower() not in ("true", "false")]


def _chosen(content: object) -> list[object]:
    """The labels in an answer's JSON, whose form the elements of the task decide."""
    chosen: list[object] = []
    waiting = [content]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            truths = {name: on for name, on in value.items() if isinstance(on, bool)}
            chosen.extend(name for name, on in truths.items() if on)
            waiting.extend(inner for name, inner in value.items() if name not in truths)
        elif isinstance(value, list):
            waiting.extend(value)
        else:
            chosen.append(value)
    return chosen
