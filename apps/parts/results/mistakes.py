"""What is taken for what, beside the images of it; the main action of the page fixes their labels."""

import numpy as np
import streamlit as st
from projects.judged_run import JudgedRun

from imgcls.counted import counted
from parts.errors import callback
from parts.fragment import fragment
from parts.opened import keep
from parts.plain import plain
from parts.results.confusion import Cell, confusion_matrix
from parts.results.missed import missed_and_wrong
from parts.results.pictures import pictures
from parts.results.to_label import label_button


@fragment()
def show_mistakes(judged: JudgedRun) -> None:
    """The matrix and the images of the chosen cell; of all mistakes, if none is chosen."""
    cell = asked_cell(judged)
    left, right = st.columns(2, gap="medium")
    with left:
        if judged.table.is_multi_label:
            missed_and_wrong(judged, cell)
        else:
            confusion_matrix(judged, cell)
    with right:
        _show_pictures(judged, cell)


def asked_cell(judged: JudgedRun) -> Cell | None:
    """The cell that the address names as true class and answer, with a comma between; None if it names none.

    One of the two is empty where an image may have several classes; see `JudgedRun.cell`.
    """
    asked, names = st.query_params.get("cell", ""), judged.table.class_names
    if judged.table.is_multi_label:
        cells = [cell for name in names for cell in ((name, ""), ("", name))]
        return next((cell for cell in cells if asked == ",".join(cell)), None)
    pairs = ((name, asked.removeprefix(f"{name},")) for name in names if asked.startswith(f"{name},"))
    return next(((true, answer) for true, answer in pairs if answer in names), None)


def chosen_places(judged: JudgedRun, cell: Cell | None) -> np.ndarray:
    """The images of a cell; the mistakes, if none is chosen."""
    return judged.cell(*cell) if cell else judged.mistakes


def _show_pictures(judged: JudgedRun, cell: Cell | None) -> None:
    places = chosen_places(judged, cell)
    st.markdown(f"**{plain(_title(judged, cell, len(places)))}**")
    if not len(places):
        st.caption(_nothing(judged, cell))
        if cell:
            _all_mistakes_button()
        return
    above = st.container()
    chosen = pictures(judged, places, f"images {judged.name} {cell}")
    with above, st.container(horizontal=True):
        some = chosen.selected if len(chosen.selected) else places
        label = f"Fix {counted(len(some), 'label')}" if len(chosen.selected) else "Fix these labels"
        label_button(judged, some, label, _queue_title(judged, cell), primary=True, key="fix")
        if cell:
            _all_mistakes_button()
    if chosen.opened is not None:
        keep(picture=str(chosen.opened))
        st.rerun()


def _all_mistakes_button() -> None:
    st.button("Show all mistakes", on_click=callback(keep), kwargs={"cell": None})


def _nothing(judged: JudgedRun, cell: Cell | None) -> str:
    """What stands in place of images."""
    if cell is None:
        return "Every test image is named rightly."
    if judged.table.is_multi_label:
        return "No image. Choose another class, or the other kind of mistake."
    return "No image. Choose another cell of the matrix."


def _title(judged: JudgedRun, cell: Cell | None, count: int) -> str:
    images = counted(count, "image")
    if cell is None:
        return f"{images} that it gets wrong, the surest mistakes first"
    if not all(cell):
        return f"{images} of {cell[0]} that it misses" if cell[0] else f"{images} without {cell[1]} where it sees it"
    if cell[0] == cell[1]:
        return f"{images} of {cell[0]}, named rightly"
    return f"{images} of {cell[0]}, taken for {cell[1]}"


def _queue_title(judged: JudgedRun, cell: Cell | None) -> str:
    if cell is None:
        return f"Mistakes of {judged.name}"
    if not all(cell):
        return f"{cell[0] or cell[1]} {'missed' if cell[0] else 'seen'} by {judged.name}"
    return f"{cell[0]} as {cell[1]}, by {judged.name}" if cell[0] != cell[1] else f"{cell[0]}, by {judged.name}"
