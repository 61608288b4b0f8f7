"""Two runs on the same test images: which one is better, by how much, and on which images they differ."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import streamlit as st
from projects.judged_run import JudgedRun, judged_run, judged_runs

from imgcls.counted import counted
from imgcls.evaluation.comparison.alignment import Aligned, align
from imgcls.evaluation.comparison.comparison import Comparison, compare_aligned
from imgcls.evaluation.comparison.page import class_sentences, classes_table, metrics_table
from parts.addressed import addressed, keep_field
from parts.fragment import fragment
from parts.opened import keep
from parts.plain import plain
from parts.results.pictures import pictures
from parts.results.sections import show_table

OPEN = 4  # comparisons kept in memory


@fragment()
def show_comparison(judged: JudgedRun) -> None:
    """Ask for the other run, and hold both against each other."""
    st.subheader("Compared with another run", anchor=False)
    others = [name for name in judged_runs(judged.project) if name != judged.name]
    if not others:
        st.info("There is no other finished run in this project yet. Train one more, then compare them here.")
        return
    other = st.selectbox("The other run", others, key=addressed("with", others, others[0]))
    keep_field("with", other)
    with st.spinner("Comparing"):
        aligned, found = _compared(judged, judged_run(judged.project, other))
    st.write(f"**{plain(found.verdict())}**")
    for sentence in aligned.sentences:
        st.caption(sentence)
    show_table(metrics_table(found))
    _show_images(judged, aligned, found)
    with st.expander("Each class"):
        for sentence in class_sentences(found) if found.is_enough else ():
            st.write(plain(sentence))
        show_table(classes_table(found))


@lru_cache(maxsize=OPEN)
def _compared(first: JudgedRun, second: JudgedRun) -> tuple[Aligned, Comparison]:
    """The other run is the first of the two, so that what this one gains is a gain. Judged runs are opened once."""
    tables = [
        replace(each.table, rows=each.table.rows.assign(place=range(len(each.table)))) for each in (second, first)
    ]
    aligned = align([second.name, first.name], tables)
    return aligned, compare_aligned(aligned)


def only_right(judged: JudgedRun) -> tuple[np.ndarray, np.ndarray]:
    """Places of the images that only this run gets right, and of those that only the one of the address does."""
    other = st.query_params.get("with", "")
    if other == judged.name or other not in judged_runs(judged.project):
        return np.zeros(0, int), np.zeros(0, int)
    return _only_right(*_compared(judged, judged_run(judged.project, other)))


def _only_right(aligned: Aligned, found: Comparison) -> tuple[np.ndarray, np.ndarray]:
    places = aligned.tables[1].rows["place"].to_numpy()
    return places[np.array(found.gained, int)], places[np.array(found.lost, int)]


def _show_images(judged: JudgedRun, aligned: Aligned, found: Comparison) -> None:
    """The images that only one of the two gets right."""
    titles = (f"Only {judged.name} is right", f"Only {found.names[0]} is right")
    for column, title, own in zip(st.columns(2), titles, _only_right(aligned, found), strict=True):
        with column:
            st.markdown(f"**{plain(title)}: {counted(len(own), 'image')}**")
            chosen = pictures(judged, own, f"{title} {judged.name}") if len(own) else None
            if chosen and chosen.opened is not None:
                keep(picture=str(chosen.opened))
                st.rerun()
