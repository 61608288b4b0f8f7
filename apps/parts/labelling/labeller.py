"""One image after the other: the component, what it is given, and what it sends."""

import math
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import streamlit as st
from images.addresses import file_address, picture_address
from projects.decisions import Decision, decided_in, read_decision, record, unsaved
from projects.edits import all_classes
from projects.fold_decisions import last_of_each_row
from projects.open_queue import OpenQueue
from projects.project import Project
from projects.versions import manifest_of

from imgcls.data.manifest.table import Manifest
from imgcls.labels.records import BOX
from parts.errors import of_system
from parts.labelling.run_again import run_again
from parts.person import who

LARGE = 1024  # pixels of the longest side
COMING, BACK = 40, 10  # images that the browser knows of: to come, and decided just now
HERE = Path(__file__)
_labeller = st.components.v2.component(
    "labeller",
    html=HERE.with_suffix(".html").read_text("utf-8"),
    css=HERE.with_suffix(".css").read_text("utf-8"),
    js=HERE.with_suffix(".js").read_text("utf-8"),
)


def show_labeller(project: Project, queue: OpenQueue, several: bool) -> None:
    """Show the images of a queue that nobody has decided on, one after the other.

    Args:
        project: Whose images they are.
        queue: The queue.
        several: Whether an image may have several classes.
    """
    key = f"labeller {project.name}"
    if refused := st.session_state.pop(f"{key} refused", None):
        st.error(refused)
    received = st.session_state.get(f"{key} received", [])
    answer = _labeller(
        key=key, data=data_of(project, queue, received, several), on_decisions_change=partial(_receive, key, project)
    )
    sent = answer.get("decisions") or []
    if sent and {each["id"] for each in sent} - set(received):  # by a tab that lived longer than the app
        _receive(key, project)
        if f"{key} refused" not in st.session_state:
            run_again()


def data_of(project: Project, queue: OpenQueue, received: list[str], several: bool) -> dict[str, Any]:
    """What the browser is told: the next images, the classes, and which decisions have arrived."""
    manifest = manifest_of(project, queue.version)
    decided = last_of_each_row(project, decided_in(project, queue.name, queue.since), queue.version)
    waiting = {each.id for each in unsaved(project)}
    mine = set(queue.rows)
    done = [row for row in decided if row in mine]
    coming = [row for row in queue.rows if row not in decided][:COMING]
    back = [row for row in done if decided[row].id in waiting or decided[row].act == "skip"][-BACK:]
    shown = [*back, *coming]
    facts = manifest.table.loc[sorted(set(shown))].to_dict("index")  # at once: a row by itself costs two milliseconds
    return {
        "project": project.name,
        "queue": queue.name,
        "version": queue.version,
        "total": len(queue.rows),
        "done": len(done),
        "skipped": sum(decided[row].act == "skip" for row in done),
        "items": [_item(project, queue, manifest, row, facts[row], decided.get(row)) for row in shown],
        "classes": class_names(project, queue.version),
        "several": several,
        "received": received,
    }


def class_names(project: Project, version: int) -> list[str]:
    """The classes that an image can get: those of the data, and behind them those that were typed since."""
    typed = [name for each in unsaved(project) for name in each.labels]
    return list(dict.fromkeys([*_classes_of(project, version), *typed]))


@lru_cache(maxsize=8)
def _classes_of(project: Project, version: int) -> list[str]:
    """A version never changes."""
    return all_classes(manifest_of(project, version))


def _receive(key: str, project: Project) -> None:
    """Write down what the browser sends; it sends a decision again until it hears that it has arrived."""
    sent = (st.session_state[key].get("decisions") or []) if key in st.session_state else []
    try:
        decisions = [read_decision(values, who()) for values in sent]
        record(project, decisions)
    except (OSError, ValueError, KeyError, TypeError) as error:
        why = of_system(error) if isinstance(error, OSError) else error
        st.session_state[f"{key} refused"] = f"The last labels wait in this browser, and are sent again. {why}"
    else:
        st.session_state[f"{key} received"] = [each.id for each in decisions]


def _item(
    project: Project, queue: OpenQueue, manifest: Manifest, row: int, facts: dict[str, Any], decision: Decision | None
) -> dict[str, Any]:
    boxed = not any(math.isnan(facts[edge]) for edge in BOX)
    address = picture_address(project, queue.version, row, LARGE)
    if boxed:
        address = file_address(manifest.paths(manifest.table.loc[[row]])[0], None, LARGE)
    size = [int(facts["width"]), int(facts["height"])]
    return {
        "row": row,
        "address": address,
        "alt": _described(facts),
        "name": str(facts["image"]),
        "labels": [str(name) for name in facts["labels"]],
        "suggestion": queue.suggestions.get(row, ""),
        "probability": queue.probabilities.get(row),
        "who": str(facts["annotators"]),
        "size": size if all(size) else None,
        "box": [float(facts[edge]) for edge in BOX] if boxed else None,
        "decision": None
        if decision is None
        else {"id": decision.id, "act": decision.act, "labels": list(decision.labels)},
    }


def _described(facts: dict[str, Any]) -> str:
    label = ", ".join(facts["labels"])
    return f"Image to label, {facts['image']}" + (f", now {label}" if label else "")
