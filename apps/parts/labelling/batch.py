"""Many images at once: select them, and give them one class with one key."""

import re
import secrets

import streamlit as st
from projects.decisions import ASIDE, LABEL, UNDO, decided_in, read_decision, record, unsaved
from projects.fold_decisions import last_of_each_row
from projects.open_queue import OpenQueue
from projects.project import Project
from projects.versions import manifest_of

from parts.grid import clear_selection, image_grid
from parts.labelling.labeller import class_names
from parts.labelling.run_again import run_again
from parts.person import who

KEYS = "123456789acdefghijklmnopqrtuvwy"  # as labeller.js has them
OUT, BACK = "x", "z"
TYPED = "name:"  # before a class that was typed, which may be a single letter
HEIGHT = 640  # pixels


def show_batch(project: Project, queue: OpenQueue) -> None:
    """Show the images of a queue that nobody has decided on, as a grid."""
    manifest, key = manifest_of(project, queue.version), f"batch {project.name} {queue.name}"
    decided = last_of_each_row(project, decided_in(project, queue.name, queue.since), queue.version)
    rows = [row for row in queue.rows if row not in decided]
    names = class_names(project, queue.version)
    pressed = _buttons(key, names)
    captions = [
        queue.suggestions.get(row) or label for row, label in zip(rows, manifest.table["label"].loc[rows], strict=True)
    ]
    keys = KEYS[: len(names)] + OUT + BACK
    answer = image_grid(
        key, project, queue.version, rows, captions if any(captions) else None, height=HEIGHT, click="select", keys=keys
    )
    pressed = pressed or answer.pressed
    if pressed == BACK:
        undo_last(project, queue)
        run_again()
    elif pressed and answer.selected:
        decide_all(project, queue, answer.selected, _meant(pressed, names))
        clear_selection(key)
        run_again()
    elif pressed:
        st.toast("Select images first: click on them, or use Shift and the arrows.")


def _meant(pressed: str, names: list[str]) -> str:
    """The class that a key, or a name of one's own, means; empty to leave the images out."""
    if len(pressed) > 1:
        return pressed.removeprefix(TYPED)
    return "" if pressed == OUT else names[KEYS.index(pressed)]


def decide_all(project: Project, queue: OpenQueue, rows: list[int], label: str) -> None:
    """Give images one class; leave them out if it is empty."""
    batch = f"batch-{secrets.token_hex(8)}"
    act = {"act": LABEL, "labels": [label]} if label else {"act": ASIDE}
    about = {"queue": queue.name, "version": queue.version}
    record(project, [read_decision({"id": f"{batch}-{row}", "row": row, **about, **act}, who()) for row in rows])


def undo_last(project: Project, queue: OpenQueue) -> int:
    """Take back what was decided last, all images of it; returns how many those are."""
    decisions = [each for each in unsaved(project) if each.queue == queue.name]
    if not decisions:
        return 0
    stem = decisions[-1].id.rpartition("-")[0]
    together = (
        decisions[-1:] if not stem.startswith("batch-") else [d for d in decisions if d.id.startswith(f"{stem}-")]
    )
    about = {"queue": queue.name, "version": queue.version, "act": UNDO}
    undone = [{"id": secrets.token_hex(8), "row": each.row, "of": each.id, **about} for each in together]
    record(project, [read_decision(values, who()) for values in undone])
    return len(together)


def _buttons(key: str, names: list[str]) -> str | None:
    """A button for each class, one to leave out, one to undo, and a field for a new class; returns what was chosen."""
    chosen = None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for name, letter in zip(names, KEYS, strict=False):
            if st.button(f"{_plain(name)} · {letter.upper()}", key=f"{key} {name}"):
                chosen = letter
        if st.button(f"Leave out · {OUT.upper()}", key=f"{key} out"):
            chosen = OUT
        if st.button(f"Undo · {BACK.upper()}", key=f"{key} back", icon=":material/undo:"):
            chosen = BACK
    form = st.form(f"{key} other", clear_on_submit=True, border=False)
    with form.container(horizontal=True, vertical_alignment="bottom"):
        other = st.text_input("A class by its name, new or not", max_chars=200, width=320)
        given = st.form_submit_button("Give it to the selected images")
    name = " ".join(other.split())
    return TYPED + name if given and name else chosen


def _plain(name: str) -> str:
    """A class name that a button shows as it is."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|~:$<>])", r"\\\1", name)
