"""What is taken for what, beside the pictures of it; the main action of the page fixes their labels."""

import numpy as np
import streamlit as st
from projects.judged_run import JudgedRun

from imgcls.counted import counted
from parts.errors import explained
from parts.opened import keep
from parts.plain import plain
from parts.results.confusion import Cell, confusion_matrix
from parts.results.pictures import pictures
from parts.results.to_label import label_button


@st.fragment
@explained()
def show_mistakes(judged: JudgedRun) -> None:
    """The matrix and the pictures of the chosen cell; of all mistakes, if none is chosen."""
    cell = asked_cell(judged)
    left, right = st.columns(2, gap="medium")
    with left:
        if judged.table.is_multi_label:
            st.caption("A picture may have several classes here, so no class is taken for another one.")
        else:
            confusion_matrix(judged, cell)
    with right:
        _show_pictures(judged, cell)


def asked_cell(judged: JudgedRun) -> Cell | None:
    """The cell that the address names as true class and answer, with a comma between; None if it names none."""
    asked, names = st.query_params.get("cell", ""), judged.table.class_names
    pairs = ((name, asked.removeprefix(f"{name},")) for name in names if asked.startswith(f"{name},"))
    return next(((true, answer) for true, answer in pairs if answer in names), None)


def chosen_places(judged: JudgedRun, cell: Cell | None) -> np.ndarray:
    """The pictures of a cell; the mistakes, if none is chosen."""
    return judged.cell(*cell) if cell else judged.mistakes


def _show_pictures(judged: JudgedRun, cell: Cell | None) -> None:
    places = chosen_places(judged, cell)
    st.markdown(f"**{plain(_title(judged, cell, len(places)))}**")
    above = st.container()
    chosen = pictures(judged, places, f"pictures {judged.name} {cell}")
    with above, st.container(horizontal=True):
        some = chosen.selected if len(chosen.selected) else places
        label = f"Fix {counted(len(some), 'label')}" if len(chosen.selected) else "Fix these labels"
        label_button(judged, some, label, _queue_title(judged, cell), primary=True, key="fix")
        if cell:
            st.button("Show all mistakes", on_click=keep, kwargs={"cell": None})
    if not len(places):
        st.caption("No picture. Choose another cell of the matrix.")
    if chosen.opened is not None:
        keep(picture=str(chosen.opened))
        st.rerun()


def _title(judged: JudgedRun, cell: Cell | None, count: int) -> str:
    images = counted(count, "picture")
    if cell is None:
        return f"{images} that it gets wrong, the surest mistakes first"
    if cell[0] == cell[1]:
        return f"{images} of {cell[0]}, named rightly"
    return f"{images} of {cell[0]}, taken for {cell[1]}"


def _queue_title(judged: JudgedRun, cell: Cell | None) -> str:
    if cell is None:
        return f"Mistakes of {judged.name}"
    return f"{cell[0]} as {cell[1]}, by {judged.name}" if cell[0] != cell[1] else f"{cell[0]}, by {judged.name}"
