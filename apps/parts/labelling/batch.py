"""Many images at once: select them, and give them a class with one key.

Where an image has one class, those that got it leave the grid. Where it may have several, a key adds its class to the
selected images, or takes it away if all of them have it, and they stay, so that another key can follow.
"""

from collections.abc import Mapping

import pandas as pd
import streamlit as st
from projects.decisions import ASIDE, LABEL, Decision
from projects.done_rows import done_rows
from projects.open_queue import OpenQueue, open_queue
from projects.project import Project
from projects.versions import manifest_of

from parts.grid import GridAnswer, clear_selection, image_grid
from parts.labelling.deciding import decide_all, decide_each, undo_last
from parts.labelling.labeller import class_names
from parts.labelling.run_again import run_again
from parts.large_image import show_large
from parts.plain import plain

KEYS = "123456789acdefghijklmnopqrtuvwy"  # as labeller.js has them
OUT, BACK, SAME = "x", "z", "0"
TYPED = "name:"  # before the name of a class, which may be a single letter
HEIGHT = 640  # pixels
Labels = Mapping[int, list[str]]


def show_batch(project: Project, queue: OpenQueue, several: bool) -> None:
    """Show the images of a queue as a grid.

    Args:
        project: Whose images they are.
        queue: The queue.
        several: Whether an image may have several classes.
    """
    key = f"batch {project.name} {queue.name}"
    names = class_names(project, queue.version)
    pressed = _buttons(key, names, several)
    decided = {row: decisions[-1] for row, decisions in done_rows(project, queue).items()}
    hidden = not several or st.toggle("Hide those that are decided", key=f"{key} hide")
    rows = [row for row in queue.rows if not hidden or row not in decided]
    labels = _labels_of(queue, rows, manifest_of(project, queue.version).table, decided)
    captions = [_caption(labels[row], decided.get(row)) for row in rows]
    keys = KEYS[: len(names)] + OUT + BACK + (SAME if several else "")
    shown = captions if any(captions) else None
    answer = image_grid(key, project, queue.version, rows, shown, height=HEIGHT, click="select", keys=keys)
    if answer.opened is not None:
        _open(project, queue.version, answer.opened)
    if pressed := pressed or answer.pressed:
        _obey(project, queue, key, pressed, answer, several)


def _obey(project: Project, queue: OpenQueue, key: str, pressed: str, answer: GridAnswer, several: bool) -> None:
    """Do what a key or button says, with what the user saw: somebody may have changed the data since."""
    selected = answer.selected
    if answer.earlier:
        seen, rows = answer.earlier
        queue = open_queue(project, queue.name, seen)
        there = set(rows)
        selected = [row for row in queue.rows if row in there]
    note = ""
    if pressed == BACK:
        if not undo_last(project, queue):
            st.toast("There is nothing to undo that you decided here and that is not saved yet.")
    elif not selected:
        st.toast("Select images first: click on them, or use Shift and the arrows.")
        return
    elif (meant := _meant(pressed, class_names(project, queue.version))) is None:
        st.toast("This key has no class any more. Look at the classes again.")
        return
    elif several and pressed != OUT:
        decided = {row: decisions[-1] for row, decisions in done_rows(project, queue).items()}
        chosen = _labels_of(queue, selected, manifest_of(project, queue.version).table, decided)
        note = decide_each(project, queue, chosen if pressed == SAME else _toggled(chosen, meant))
    else:
        note = decide_all(project, queue, selected, meant)
    if note:
        st.toast(note, icon=":material/info:", duration="long")
    if not several or pressed in (OUT, SAME):
        clear_selection(key)
    run_again()


def _toggled(labels: Labels, name: str) -> dict[int, list[str]]:
    """The classes of images with one more; with one less if all of them have it."""
    if all(name in own for own in labels.values()):
        return {row: [each for each in own if each != name] for row, own in labels.items()}
    return {row: own if name in own else [*own, name] for row, own in labels.items()}


def _labels_of(queue: OpenQueue, rows: list[int], table: pd.DataFrame, decided: Mapping[int, Decision]) -> Labels:
    """The classes of each image: those that were decided, else that which is suggested, else those of the data."""
    known = dict(zip(rows, table["labels"].loc[rows], strict=True))
    found = {}
    for row in rows:
        suggested = queue.suggestions.get(row)
        is_labelled = row in decided and decided[row].act == LABEL
        found[row] = list(decided[row].labels if is_labelled else [suggested] if suggested else known[row])
    return found


def _caption(labels: list[str], decision: Decision | None) -> str:
    named = ", ".join(labels)
    if decision is None:
        return named
    if decision.act == ASIDE:
        return "✓ left out"
    return f"✓ {named or 'none of the classes'}" if decision.act == LABEL else named


def _meant(pressed: str, names: list[str]) -> str | None:
    """The class that a key, or a name, means; empty for a key of no class; None if its class was taken back since."""
    if pressed.startswith(TYPED):
        return pressed.removeprefix(TYPED)
    return "" if pressed in (OUT, SAME) else dict(zip(KEYS, names, strict=False)).get(pressed)


@st.dialog("Image", width="large")
def _open(project: Project, version: int, row: int) -> None:
    show_large(project, version, manifest_of(project, version), row)


def _buttons(key: str, names: list[str], several: bool) -> str | None:
    """Buttons for what the keys do, and a field for a new class; returns what was chosen."""
    chosen = None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for name, letter in zip(names, KEYS, strict=False):
            if st.button(f"{plain(name)} · {letter.upper()}", key=f"{key} class {name}"):
                chosen = TYPED + name
        if several and st.button(f"As they are · {SAME}", key=f"{key} same", help="Their classes are right."):
            chosen = SAME
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
