"""One image after the other: the component, what it is given, and what it sends."""

import math
from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import streamlit as st
from images.addresses import file_address, picture_address
from projects.decisions import SKIP, Decision, known_ids, read_decision, record, unsaved
from projects.done_rows import done_rows
from projects.edits import all_classes
from projects.open_queue import OpenQueue
from projects.project import Project
from projects.versions import current_number, manifest_of

from imgcls.data.manifest.table import Manifest
from imgcls.labels.records import BOX
from parts.errors import callback
from parts.labelling.own import is_own, own, remember
from parts.labelling.replaced_note import note_of_one
from parts.labelling.run_again import run_again
from parts.person import browser, who

LARGE = 1024  # pixels of the longest side
OF_ANOTHER = "Labels that waited in this browser were left out: they may be of another project of this name."
WAIT = "The last labels wait in this browser, and are sent again."
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
    key = _key(project)
    if refused := st.session_state.pop(f"{key} refused", None):
        st.error(refused)
    if note := st.session_state.pop(f"{key} note", None):
        st.toast(note, icon=":material/info:", duration="long")
    received = st.session_state.get(f"{key} received", [])
    data = data_of(project, queue, received, several) | {"turn": st.session_state.get(f"{key} turn", 0)}
    answer = _labeller(key=key, data=data, on_decisions_change=callback(partial(_receive, key, project), WAIT))
    sent = answer.get("decisions") or []
    if set(_ids(sent)) - set(received):  # of a tab that lived longer than the app
        callback(_receive, WAIT)(key, project)
        if st.session_state.get(f"{key} received", []) != received:
            run_again()


def begin_again(project: Project) -> None:
    """Let the browser forget what it knows of the queue, and take what the app says."""
    turn = f"{_key(project)} turn"
    st.session_state[turn] = st.session_state.get(turn, 0) + 1


def data_of(project: Project, queue: OpenQueue, received: list[str], several: bool) -> dict[str, Any]:
    """What the browser is told: the next images, the classes, and which decisions have arrived."""
    manifest = manifest_of(project, queue.version)
    waiting, mine = {each.id for each in unsaved(project)}, set(queue.rows)
    decided = {row: decisions for row, decisions in done_rows(project, queue).items() if row in mine}
    undoable = {row: [each for each in decisions if each.id in waiting or each.act == SKIP]
                for row, decisions in decided.items()}  # fmt: skip
    coming = [row for row in queue.rows if row not in decided][:COMING]
    back = [row for row, decisions in decided.items() if decisions[-1] in undoable[row]][-BACK:]
    shown = [*back, *coming]
    facts = manifest.table.loc[sorted(set(shown))].to_dict("index")  # at once: a row by itself costs two milliseconds
    return {
        "project": project.name,
        "created": project.created,
        "queue": queue.name,
        "version": queue.version,
        "total": len(queue.rows),
        "done": len(decided),
        "skipped": sum(decisions[-1].act == SKIP for decisions in decided.values()),
        "items": [_item(project, queue, manifest, row, facts[row], undoable.get(row, [])) for row in shown],
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
    """Write down what the browser sends; it sends a decision again until it hears that it has arrived.

    One that cannot be written down has arrived too, or it would be sent for ever, and all that come after it.
    """
    sent = (st.session_state[key].get("decisions") or []) if key in st.session_state else []
    refused = _record(project, sent)
    st.session_state[f"{key} received"] = _ids(sent)
    if note := note_of_one(project, set(_ids(sent)) - own(project)):
        st.session_state[f"{key} note"] = note
    remember(project, _ids(sent))
    if refused:
        st.session_state[f"{key} refused"] = "\n\n".join(dict.fromkeys(refused))
        begin_again(project)


def _record(project: Project, sent: list[Any]) -> list[str]:
    """Write down what can be; returns why the rest cannot."""
    classes = set(class_names(project, current_number(project)))
    decisions, refused = [], []
    for values in sent:
        try:
            decision = read_decision(values, who(), classes, browser())
            if not _is_of(project, values):
                raise ValueError(OF_ANOTHER)
            decisions.append(decision)
        except ValueError as error:
            refused.append(str(error))
    return [*refused, *record(project, decisions).values()]


def _is_of(project: Project, values: Mapping[str, Any]) -> bool:
    """Whether a decision is of this project, and not of another one that had its name, or has it in another app.

    The app of before did not keep when the project was made: of its decisions, others of the same tab must be known.
    """
    if "created" in values:
        return bool(values["created"] == project.created)
    tab = str(values["id"]).rpartition("-")[0]
    return any(known.startswith(f"{tab}-") for known in known_ids(project))


def _ids(sent: list[Any]) -> list[str]:
    return [str(values["id"]) for values in sent if isinstance(values, dict) and values.get("id")]


def _key(project: Project) -> str:
    return f"labeller {project.name} {project.created}"


def _item(
    project: Project,
    queue: OpenQueue,
    manifest: Manifest,
    row: int,
    facts: dict[str, Any],
    decisions: list[Decision],
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
        "decisions": [
            {"id": each.id, "act": each.act, "labels": list(each.labels), "own": is_own(project, each)}
            for each in decisions
        ],
    }


def _described(facts: dict[str, Any]) -> str:
    label = ", ".join(facts["labels"])
    return f"Image to label, {facts['image']}" + (f", now {label}" if label else "")
