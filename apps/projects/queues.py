"""Queues: rows of a project's images that somebody should look at, in this order. The page Label shows them."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from imgcls.files import read_json, write_json
from projects.project import Project


@dataclass(frozen=True)
class Queue:
    """Images to look at.

    Attributes:
        name: In addresses.
        title: What the page calls it.
        rows: Numbers of rows, the first one first.
        version: That the numbers belong to.
        suggestions: The class that each row may belong to, by the row's number.
        when: Seconds since 1970.
    """

    name: str
    title: str
    rows: Sequence[int]
    version: int
    suggestions: Mapping[int, str] = field(default_factory=dict)
    when: float = 0.0


def save_queue(
    project: Project,
    name: str,
    title: str,
    rows: Sequence[int],
    version: int,
    suggestions: Mapping[int, str] | None = None,
) -> str:
    """Keep a queue; one of the same name is replaced. Returns its name in addresses."""
    name = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:80] or "queue"
    file = project.data / "queues" / f"{name}.json"
    file.parent.mkdir(exist_ok=True)
    named = {int(row): str(label) for row, label in (suggestions or {}).items()}
    write_json(file, asdict(Queue(name, title, [int(row) for row in rows], version, named, time.time())))
    return name


def load_queue(project: Project, name: str) -> Queue:
    """The queue of this name."""
    values = read_json(project.data / "queues" / f"{name}.json")
    named = {int(row): label for row, label in values.pop("suggestions").items()}
    return Queue(**values, suggestions=named)
