"""Decisions about many images at once, which are undone together."""

import secrets
from collections.abc import Mapping, Sequence

from projects.decisions import ASIDE, LABEL, UNDO, read_decision, record, unsaved
from projects.open_queue import OpenQueue
from projects.project import Project

from parts.labelling.labeller import class_names
from parts.labelling.own import is_own, remember
from parts.labelling.replaced_note import note_of_many
from parts.person import browser, who

BATCH = "batch-"  # begins the ids of decisions that were made together


def decide_all(project: Project, queue: OpenQueue, rows: Sequence[int], label: str) -> str:
    """Give images one class; leave them out if it is empty. Returns the note of `note_of_many`."""
    act = {"act": LABEL, "labels": [label]} if label else {"act": ASIDE}
    return _record(project, queue, dict.fromkeys(rows, act))


def decide_each(project: Project, queue: OpenQueue, labels: Mapping[int, Sequence[str]]) -> str:
    """Give each image its classes; without any, it has none of the classes. Returns the note of `note_of_many`."""
    return _record(project, queue, {row: {"act": LABEL, "labels": list(names)} for row, names in labels.items()})


def undo_last(project: Project, queue: OpenQueue) -> int:
    """Take back what was decided here last, before a reload too, all images of it; returns how many those are.

    Raises:
        ValueError: It was put into the data in this moment.
    """
    decisions = [each for each in unsaved(project) if each.queue == queue.name and is_own(project, each)]
    if not decisions:
        return 0
    stem = decisions[-1].id.rpartition("-")[0]
    together = decisions[-1:] if not stem.startswith(BATCH) else [d for d in decisions if d.id.startswith(f"{stem}-")]
    about = {"queue": queue.name, "version": queue.version, "act": UNDO}
    undone = [{"id": secrets.token_hex(8), "row": each.row, "of": each.id, **about} for each in together]
    _check(record(project, [read_decision(values, who(), browser=browser()) for values in undone]))
    return len(together)


def _record(project: Project, queue: OpenQueue, acts: Mapping[int, Mapping[str, object]]) -> str:
    batch = f"{BATCH}{secrets.token_hex(8)}"
    about = {"queue": queue.name, "version": queue.version}
    classes = set(class_names(project, queue.version))
    values = [{"id": f"{batch}-{row}", "row": row, **about, **act} for row, act in acts.items()]
    decisions = [read_decision(each, who(), classes, browser()) for each in values]
    refused = record(project, decisions)
    ids = {each.id for each in decisions}
    remember(project, ids)
    _check(refused)
    return note_of_many(project, ids)


def _check(refused: Mapping[str, str]) -> None:
    if refused:
        raise ValueError(next(iter(refused.values())))
