"""Lists of images to be labelled, kept in the project. (Until the page Label brings its own.)"""

import time

from imgcls.files import read_json, write_json
from projects.project import Project


def save_queue(
    project: Project, name: str, title: str, rows: list[int], version: int, suggestions: dict[int, str] | None = None
) -> str:
    """Keep a queue; returns the name that an address calls it by."""
    kept = f"{name}-{time.time_ns()}"
    values = {"title": title, "rows": rows, "version": version, "suggestions": suggestions or {}}
    write_json(project.folder / "queues" / f"{kept}.json", values)
    return kept


def load_queue(project: Project, name: str) -> dict:
    """What was kept."""
    return read_json(project.folder / "queues" / f"{name}.json")
