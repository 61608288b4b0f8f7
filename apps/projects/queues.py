"""Queues: images of a project that somebody should look at, in this order, and why. The page Label works them off.

    data/queues/<name>.json     what `Queue` holds

A queue names rows of the version that it was made of; `rows_now` finds them in the version that is shown.
"""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from imgcls.files import read_json, write_json
from projects.moved_rows import GONE, moved_rows
from projects.project import Project
from projects.versions import manifest_of


@dataclass(frozen=True)
class Queue:
    """Images to look at.

    Attributes:
        name: In addresses.
        title: What the page calls it, such as "Audit: copies with two labels".
        rows: Numbers of rows, the first one first.
        version: That the numbers belong to.
        suggestions: The class that each row may belong to, by the row's number; of some of the rows.
        probabilities: Of these suggestions, in [0, 1]; of some of them.
        when: Seconds since 1970.
    """

    name: str
    title: str
    rows: Sequence[int]
    version: int
    suggestions: Mapping[int, str] = field(default_factory=dict)
    probabilities: Mapping[int, float] = field(default_factory=dict)
    when: float = 0.0


def save_queue(
    project: Project,
    name: str,
    title: str,
    rows: Sequence[int],
    version: int,
    suggestions: Mapping[int, str] | None = None,
    probabilities: Mapping[int, float] | None = None,
) -> str:
    """Keep a queue; one of the same name is replaced.

    Args:
        project: The project.
        name: Any text, such as "one to two of run 3".
        title: See `Queue`.
        rows: See `Queue`.
        version: See `Queue`.
        suggestions: See `Queue`.
        probabilities: See `Queue`.

    Returns:
        Its name in addresses, for `go("label", project, queue=name)`.
    """
    name = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:80] or "queue"
    rows = [int(row) for row in rows]
    named = {int(row): str(label) for row, label in (suggestions or {}).items()}
    sure = {int(row): float(share) for row, share in (probabilities or {}).items()}
    file = _file(project, name)
    file.parent.mkdir(exist_ok=True)
    write_json(file, asdict(Queue(name, title, rows, int(version), named, sure, time.time())))
    return name


def list_queues(project: Project) -> list[Queue]:
    """The queues that are kept, the latest first."""
    found = [load_queue(project, file.stem) for file in _file(project, "any").parent.glob("[a-z0-9]*.json")]
    return sorted(found, key=lambda queue: -queue.when)


def load_queue(project: Project, name: str) -> Queue:
    """The queue of this name.

    Raises:
        ValueError: There is none.
    """
    values = read_json(_file(project, name)) if re.fullmatch(r"[a-z0-9-]+", name) else {}
    if not values:
        raise ValueError("There is no such queue any more. Choose another one.")
    for by_row in ("suggestions", "probabilities"):
        values[by_row] = {int(row): value for row, value in values.get(by_row, {}).items()}
    return Queue(**values)


def rows_now(project: Project, queue: Queue, version: int) -> dict[int, int]:
    """Where the rows of a queue stand in another version.

    Args:
        project: The project.
        queue: One of its queues.
        version: In which they are looked for.

    Returns:
        The number of a row of the queue, and that of the same image in the version, in the queue's order; images that
        the version does not have are left out.
    """
    rows = np.array(queue.rows, int)
    if queue.version != version:
        before, now = manifest_of(project, queue.version), manifest_of(project, version)
        moved = moved_rows(rows, before, now)
    else:
        moved = rows
    return {int(row): int(place) for row, place in zip(rows, moved, strict=True) if place != GONE}


def _file(project: Project, name: str) -> Path:
    return project.data / "queues" / f"{name}.json"
