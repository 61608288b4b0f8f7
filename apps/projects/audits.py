"""What an audit found, kept with the version that it looked at, and what of it is still to be done.

    audits/0003.json   findings about rows of version 3: kind, rows, why
    audits/fine.json   findings that a person looked at and found right

Rows keep their numbers in later versions, so a finding holds until its rows are mended, left out, or found right. What
is about classes is worked out anew each time, which takes no time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from imgcls.data.audit import KINDS, SEVERITIES, Finding
from imgcls.data.audit.classes import class_findings
from imgcls.data.manifest.table import Manifest
from imgcls.file_lock import one_at_a_time
from imgcls.files import read_json, write_json
from projects.project import Project
from projects.versions import list_versions, manifest_of

COPIES = {"exact copies", "near copies", "turned copies"}
LABELS_DIFFER = {"same image, two labels", "turned copies, two labels"}
IN_TWO_SPLITS = "same image in two splits"
OF_FILES = {"unusable", "too large"}  # their rows are not used already
OF_CLASSES = {"class not in a split", "too few for a class", "few examples", "imbalance", "names alike"}
KEPT_FIRST = {"test": 0, "validation": 1, "train": 2, "": 3}  # of copies: what a result was measured on


@dataclass(frozen=True)
class Task:
    """Something to be done about the data.

    Attributes:
        key: What it is remembered by once it is found right.
        kind: A key of `imgcls.data.audit.KINDS`.
        rows: The rows that it is about, of the manifest's table.
        why: The reason, as a part of a sentence.
        names: Of the classes that are named alike, the most frequent first.
    """

    key: str
    kind: str
    rows: tuple[int, ...]
    why: str
    names: tuple[str, ...] = ()


def keep_findings(project: Project, number: int, findings: Sequence[Finding]) -> None:
    """Keep what an audit of a version found; what is about classes is worked out when it is asked for."""
    found = [[f.kind, [int(row) for row in f.rows], f.why] for f in findings if f.kind not in OF_CLASSES]
    write_json(_folder(project) / f"{number:04}.json", {"findings": found})


def audited_version(project: Project, number: int) -> int:
    """The version whose audit holds for this one: itself, or the nearest that it was made of; 0 if there is none."""
    based_on = {version.number: version.based_on for version in list_versions(project)}
    while number and not (_folder(project) / f"{number:04}.json").is_file():
        number = based_on.get(number, 0)
    return number


def open_tasks(project: Project, number: int) -> dict[str, list[Task]]:
    """What is still to be done about a version, by kind, the gravest first."""
    return _by_kind([task for task in _tasks_of(project, number) if task.key not in _fine(project)])


def fine_tasks(project: Project, number: int) -> dict[str, list[Task]]:
    """What a person found right and would be to be done else, by kind, the gravest first."""
    return _by_kind([task for task in _tasks_of(project, number) if task.key in _fine(project)])


def _tasks_of(project: Project, number: int) -> tuple[Task, ...]:
    file = _folder(project) / f"{audited_version(project, number):04}.json"
    return _every_task(project, number, file.stat().st_mtime_ns if file.is_file() else 0)


@lru_cache(maxsize=16)
def _every_task(project: Project, number: int, looked: int) -> tuple[Task, ...]:
    """`looked` says when the file was written; a version never changes."""
    audited, manifest = audited_version(project, number), manifest_of(project, number)
    found = _loaded(_folder(project) / f"{audited:04}.json", looked) if audited else ()
    return (*filter(_Columns.of(manifest.table).is_open, found), *class_tasks(manifest))


def _by_kind(tasks: Sequence[Task]) -> dict[str, list[Task]]:
    order = sorted(KINDS, key=lambda kind: SEVERITIES.index(KINDS[kind].severity))
    found = {kind: [task for task in tasks if task.kind == kind] for kind in order}
    return {kind: of_kind for kind, of_kind in found.items() if of_kind}


def class_tasks(manifest: Manifest) -> list[Task]:
    """What is to be done about classes."""
    found = class_findings(Manifest(manifest.table[["labels", "split", "problems"]], manifest.root))
    return [Task(f"{f.kind}: {f.why}", f.kind, tuple(map(int, f.rows)), f.why, f.names) for f in found]


def found_right(project: Project, tasks: Sequence[Task]) -> None:
    """Remember that a person looked at these and wants nothing done."""
    _remember(project, lambda fine: fine | {task.key for task in tasks})


def ask_again(project: Project, tasks: Sequence[Task]) -> None:
    """Forget that these were found right, so that they are to be done again."""
    _remember(project, lambda fine: fine - {task.key for task in tasks})


def _remember(project: Project, changed: Callable[[set[str]], set[str]]) -> None:
    _folder(project).mkdir(exist_ok=True)
    with one_at_a_time(_folder(project) / ".lock"):  # two tabs write one after the other
        write_json(_folder(project) / "fine.json", {"keys": sorted(changed(_fine(project)))})


def to_leave_out(tasks: Sequence[Task], manifest: Manifest) -> list[int]:
    """The rows to leave out for findings of one kind: of copies all but one file, else all.

    Kept is the copy in the test split, else in validation, else the largest image. Copies whose labels differ all stay:
    which label is right is for a person to decide.
    """
    if tasks and tasks[0].kind in COPIES | {IN_TWO_SPLITS}:
        tasks = [task for task in tasks if not labels_differ(task, manifest)]
    pairs = [(place, row) for place, task in enumerate(tasks) for row in task.rows]
    found = pd.DataFrame(pairs, columns=["task", "row"])
    rows = (
        manifest.table[["image", "split", "width", "height", "problems"]].reindex(found["row"]).reset_index(drop=True)
    )
    found, rows = found[rows["problems"] == ""], rows[rows["problems"] == ""]
    if tasks and tasks[0].kind in COPIES | {IN_TWO_SPLITS}:
        order = found.assign(
            split=rows["split"].map(KEPT_FIRST), area=-rows["width"] * rows["height"], image=rows["image"]
        )
        kept = order.sort_values(["split", "area", "image"]).drop_duplicates("task").set_index("task")["image"]
        found = found[rows["image"] != found["task"].map(kept)]
    return sorted({int(row) for row in found["row"]})


def labels_differ(task: Task, manifest: Manifest) -> bool:
    """Whether the files of a finding do not all have the same labels."""
    rows = manifest.table[["image", "labels", "problems"]].reindex(list(task.rows))
    used = rows[rows["problems"] == ""]
    labels_of_a_file = used.groupby("image")["labels"].agg(lambda every: tuple(sorted(map(tuple, map(sorted, every)))))
    return bool(labels_of_a_file.nunique() > 1)


@dataclass(frozen=True)
class _Columns:
    """What says whether a finding still holds: a column each, by the number of the row."""

    used: np.ndarray
    problem: np.ndarray
    image: np.ndarray
    labels: np.ndarray
    split: np.ndarray

    @classmethod
    def of(cls, table: pd.DataFrame) -> "_Columns":
        names = ("problems", "image", "labels", "split")
        problem, image, labels, split = (table[name].to_numpy(object) for name in names)
        return cls(problem == "", problem, image, labels, split)

    def is_open(self, task: Task) -> bool:
        """Whether something is still wrong with what is used of the rows."""
        if task.kind in OF_FILES:
            return bool(task.rows) and task.rows[0] < len(self.used) and self.problem[task.rows[0]] == task.why
        rows = [row for row in task.rows if row < len(self.used) and self.used[row]]
        if task.kind in COPIES:
            return len({self.image[row] for row in rows}) > 1
        if task.kind in LABELS_DIFFER:
            return len({tuple(sorted(self.labels[row])) for row in rows}) > 1
        if task.kind == IN_TWO_SPLITS:
            return len({self.split[row] for row in rows} - {""}) > 1
        return bool(rows) or not task.rows


def _fine(project: Project) -> set[str]:
    file = _folder(project) / "fine.json"
    return set(read_json(file)["keys"]) if file.is_file() else set()


@lru_cache(maxsize=4)
def _loaded(file: Path, modified: int) -> tuple[Task, ...]:
    """`modified` makes a file that was written again another entry."""
    found = read_json(file)["findings"]
    return tuple(Task(f"{kind}: {rows[:50]}", kind, tuple(rows), why) for kind, rows, why in found)


def _folder(project: Project) -> Path:
    return project.folder / "audits"
