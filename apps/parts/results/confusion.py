"""The confusion matrix: a click on a cell, or Enter, shows its images."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st
from projects.judged_run import JudgedRun

from parts.errors import callback
from parts.opened import keep

KEY = "confusion"  # of the component
MOST_CLASSES = 25  # more do not fit on a screen; those with the most mistakes are shown
HERE = Path(__file__).parent
Cell = tuple[str, str]  # true class and answer

_matrix = st.components.v2.component(
    "confusion_matrix",
    html='<div class="frame"><table></table></div>',
    css=(HERE / "confusion.css").read_text("utf-8"),
    js=(HERE / "confusion.js").read_text("utf-8"),
)


def confusion_matrix(judged: JudgedRun, cell: Cell | None) -> None:
    """Show the matrix; the cell that is clicked stands in the address before the page is shown again.

    Args:
        judged: The run.
        cell: The chosen cell, which is marked.
    """
    names, counts = shown_part(judged)
    off = counts - np.diag(np.diag(counts))
    place = {name: index for index, name in enumerate(names)}
    _matrix(
        key=KEY,
        data={
            "names": names,
            "counts": counts.tolist(),
            "cell": [place.get(name, -1) for name in cell or ("", "")],
            "most": {"right": int(np.diag(counts).max(initial=0)), "wrong": int(off.max(initial=0))},
        },
        on_cell_change=callback(_choose),
    )
    if len(names) < len(judged.evaluation.classes):
        st.caption(f"The {len(names)} of {len(judged.evaluation.classes)} classes with the most mistakes are shown.")
    with st.expander("As a table"):
        st.dataframe(confusions_table(judged), hide_index=True)


def _choose() -> None:
    clicked = st.session_state[KEY].cell
    if clicked:
        keep(cell=f"{clicked[0]},{clicked[1]}")


def shown_part(judged: JudgedRun) -> tuple[list[str], np.ndarray]:
    """The names of the classes that are shown, and the numbers of images: (K, K), true classes by answers."""
    counts = np.array(judged.evaluation.confusion, int)
    names = [each.name for each in judged.evaluation.classes]
    if len(names) <= MOST_CLASSES:
        return names, counts
    mistakes = counts.sum(0) + counts.sum(1) - 2 * np.diag(counts)
    kept = np.sort(np.argsort(-mistakes, kind="stable")[:MOST_CLASSES])
    return [names[index] for index in kept], counts[np.ix_(kept, kept)]


def confusions_table(judged: JudgedRun) -> pd.DataFrame:
    """What is taken for what, the most frequent first."""
    names: Sequence[str] = judged.table.class_names
    rows = [(names[true], names[answer], count) for true, answer, count in judged.answers.confusions()]
    return pd.DataFrame(rows, columns=["class", "taken for", "images"])
