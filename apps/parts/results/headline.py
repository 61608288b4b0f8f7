"""What a run is worth, in sentences, and its weakest classes."""

import streamlit as st
from projects.judged_run import JudgedRun

from imgcls.evaluation.metrics import ClassMetrics
from imgcls.evaluation.report.verdict import share_in_words, verdict
from parts.opened import keep
from parts.plain import plain


def show_headline(judged: JudgedRun) -> None:
    """The verdict of the report: accuracy with its interval, what it is worst at, how often it is right when sure."""
    first, *others = verdict(judged.answers)
    st.subheader(plain(first), anchor=False)
    st.write(plain(" ".join(others)))


def show_weakest(judged: JudgedRun) -> None:
    """The three weakest classes, each with what it is most often taken for."""
    if judged.answers.right.all():
        return
    st.markdown("**The weakest classes**")
    for column, each in zip(st.columns(3), judged.weakest, strict=False):
        with column.container(border=True, height="stretch", gap="small"):
            _show_class(judged, each)


def _show_class(judged: JudgedRun, each: ClassMetrics) -> None:
    names = list(judged.table.class_names)
    place = names.index(each.name)
    found = share_in_words(judged.answers.recall(place))
    st.markdown(f"**{plain(each.name)}**  \nIt finds {plain(found)}.")
    taken = next(((names[answer], n) for true, answer, n in judged.answers.confusions() if true == place), None)
    if taken and st.button(f"{taken[1]:,} taken for {plain(taken[0])}", key=f"see {each.name}", width="stretch"):
        keep(cell=f"{each.name},{taken[0]}", show="mistakes")
        st.rerun()
