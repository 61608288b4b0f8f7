"""Where an image may have several classes: of which images a class is missed, and in which it is seen but is not."""

import pandas as pd
import streamlit as st
from projects.judged_run import JudgedRun

from parts.opened import keep
from parts.results.confusion import Cell

MISSED, SEEN = "missed", "seen, and is not there"


def missed_and_wrong(judged: JudgedRun, cell: Cell | None) -> None:
    """A row for each class, and the choice of one; what is chosen stands in the address.

    Args:
        judged: The run.
        cell: What is chosen already; see `JudgedRun.cell`.
    """
    table = outcomes(judged)
    names = list(table["class"])
    before = (cell[0] or cell[1]) if cell else None
    name = st.selectbox("Class", names, names.index(before) if before else None, placeholder="All classes")
    kind = st.segmented_control(
        "Mistake", [MISSED, SEEN], default=SEEN if cell and cell[1] else MISSED, required=True, disabled=name is None
    )
    chosen = None if name is None else (name, "") if kind == MISSED else ("", name)
    if chosen != cell:
        keep(cell=",".join(chosen) if chosen else None)
        st.rerun()
    st.dataframe(table, hide_index=True)


def outcomes(judged: JudgedRun) -> pd.DataFrame:
    """How many test images have each class and are answered so, miss it, or are given it and do not have it.

    Returns:
        The columns class, "found", "missed" and "seen, and is not there", the most mistakes first.
    """
    own, given = judged.table.targets, judged.answers.given
    counts = {"found": own & given, MISSED: own & ~given, SEEN: given & ~own}
    table = pd.DataFrame({"class": list(judged.table.class_names), **{n: c.sum(axis=0) for n, c in counts.items()}})
    order = (-(table[MISSED] + table[SEEN])).argsort(kind="stable")
    return table.iloc[order].reset_index(drop=True)
