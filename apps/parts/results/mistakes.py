"""What is taken for what, beside the pictures of it; the main action of the page fixes their labels."""

import numpy as np
import streamlit as st
from projects.judged_run import JudgedRun

from imgcls.counted import counted
from parts.errors import explained
from parts.opened import keep
from parts.plain import plain
from parts.results.confusion import Cell, confusion_matrix
from parts.results.pictures import nothing_here, pictures
from parts.results.to_label import label_button


@st.fragment
@explained()
def show_mistakes(judged: JudgedRun) -> None:
    """The matrix and the pictures of the chosen cell; of all mistakes, if none is chosen."""
    left, right = st.columns(2, gap="medium")
    with left:
        cell = asked_cell()
        if judged.table.is_multi_label:
            st.caption("A picture may have several classes here, so no class is taken for another one.")
        else:
            clicked = confusion_matrix(judged, cell)
            if clicked and clicked != cell:
                keep(cell=f"{clicked[0]},{clicked[1]}")
                cell = clicked
                st.rerun(scope="fragment")
    with right:
        _show_pictures(judged, cell)


def asked_cell() -> Cell | None:
    """The cell that the address names as true class and answer, with a comma between."""
    true, _, answer = st.query_params.get("cell", "").partition(",")
    return (true, answer) if true and answer else None


def chosen_places(judged: JudgedRun, cell: Cell | None) -> np.ndarray:
    """The pictures of a cell; the mistakes, if none is chosen."""
    return judged.cell(*cell) if cell else judged.mistakes


def _show_pictures(judged: JudgedRun, cell: Cell | None) -> None:
    places = chosen_places(judged, cell)
    st.markdown(f"**{plain(_title(judged, cell, len(places)))}**")
    with st.container(horizontal=True):
        label_button(judged, places, "Fix these labels", _queue_title(judged, cell), primary=True)
        if cell and st.button("Show all mistakes"):
            keep(cell=None)
            st.rerun(scope="fragment")
    if not len(places):
        nothing_here()
        return
    opened = pictures(judged, places, f"pictures {judged.name} {cell}")
    if opened is not None:
        keep(picture=str(opened))
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
