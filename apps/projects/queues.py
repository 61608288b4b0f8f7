"""Queues: images of a project that somebody should look at, in this order, and why. The page Label works them off.

    data/queues/<name>.json     what `Queue` holds

A queue names rows of the version that it was made of; `rows_now` finds them in the version that is shown.
"""

import hashlib
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from imgcls.files import read_json, write_json
from projects.lineage import standing_in
from projects.moved_rows import GONE, moved_rows
from projects.project import Project
from projects.versions import manifest_of

KEPT = 60  # queues of a project; the oldest ones go
LONGEST = 40  # characters of a name in addresses, without what tells it from others


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
        name: Any text, such as "one to two of run 3"; two that differ give two queues.
        title: See `Queue`.
        rows: See `Queue`.
        version: See `Queue`.
        suggestions: See `Queue`.
        probabilities: See `Queue`.

    Returns:
        Its name in addresses, for `go("label", project, queue=name)`.
    """
    name = _in_addresses(name)
    rows = [int(row) for row in rows]
    named = {int(row): str(label) for row, label in (suggestions or {}).items()}
    sure = {int(row): float(share) for row, share in (probabilities or {}).items()}
    file = _file(project, name)
    file.parent.mkdir(exist_ok=True)
    write_json(file, asdict(Queue(name, title, rows, int(version), named, sure, time.time())))
    for old in list_queues(project)[KEPT:]:
        _file(project, old.name).unlink(missing_ok=True)
    return name


def save_chosen(
    project: Project,
    name: str,
    title: str,
    rows: Sequence[int],
    version: int,
    suggestions: Mapping[int, str] | None = None,
) -> str:
    """Keep a queue of images that somebody chose; one of other images, which somebody may work off, stays.

    The arguments and the result are those of `save_queue`.
    """
    return save_queue(project, f"{name} {version} {list(rows)}", title, rows, version, suggestions)


def list_queues(project: Project) -> list[Queue]:
    """The queues that are kept, the latest first; a damaged one is none."""
    found = []
    for file in _file(project, "any").parent.glob("[a-z0-9]*.json"):
        with suppress(ValueError):
            found.append(load_queue(project, file.stem))
    return sorted(found, key=lambda queue: -queue.when)


def load_queue(project: Project, name: str) -> Queue:
    """The queue of this name.

    Raises:
        ValueError: There is none, or its file is damaged.
    """
    values = read_json(_file(project, name)) if re.fullmatch(r"[a-z0-9-]+", name) else {}
    try:
        return Queue(
            name,
            str(values["title"]),
            [int(row) for row in values["rows"]],
            int(values["version"]),
            {int(row): str(label) for row, label in values.get("suggestions", {}).items()},
            {int(row): float(share) for row, share in values.get("probabilities", {}).items()},
            float(values.get("when", 0)),
        )
    except (KeyError, ValueError, TypeError, AttributeError):
        raise ValueError("There is no such queue any more. Choose another one.") from None


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
        before, now = manifest_of(project, standing_in(project, queue.version)), manifest_of(project, version)
        moved = moved_rows(rows, before, now)
    else:
        moved = rows
    return {int(row): int(place) for row, place in zip(rows, moved, strict=True) if place != GONE}


def _in_addresses(name: str) -> str:
    """A name without what an address cannot have; a checksum keeps apart what is alike without it."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:LONGEST].strip("-")
    if plain and plain == name:
        return name
    return f"{plain or 'queue'}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _file(project: Project, name: str) -> Path:
    return project.data / "queues" / f"{name}.json"
