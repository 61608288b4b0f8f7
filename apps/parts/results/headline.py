"""What a run is worth, in sentences, and its weakest classes."""

import streamlit as st
from projects.judged_run import JudgedRun

from imgcls.counted import counted
from imgcls.evaluation.metrics import ClassMetrics
from imgcls.evaluation.report.answers import Share
from imgcls.evaluation.report.verdict import verdict
from parts.opened import keep
from parts.plain import plain
from parts.results.confusion import Cell


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
    st.markdown(f"**{plain(each.name)}**  \nIt finds {found_in_words(judged.answers.recall(place))}.")
    label, cell = _worst_mistake(judged, each.name)
    if label and st.button(label, key=f"see {each.name}", width="stretch"):
        keep(cell=",".join(cell), show="mistakes")
        st.rerun()


def found_in_words(share: Share) -> str:
    """How many images of a class are found, of those that there are, and what that says of many more.

    Example:
        >>> found_in_words(Share(3, 4))
        '3 of 4 images; of many more it would be 30 to 95 %'
    """
    low, high = (f"{100 * end:.0f}" for end in share.interval)
    return f"{share.part:,} of {counted(share.whole, 'image')}; of many more it would be {low} to {high} %"


def _worst_mistake(judged: JudgedRun, name: str) -> tuple[str, Cell]:
    """What a button says that leads to the most frequent mistake of a class, and its cell; "" if there is none."""
    names = list(judged.table.class_names)
    if judged.table.is_multi_label:
        missed = len(judged.cell(name, ""))
        return (f"{missed:,} missed" if missed else ""), (name, "")
    counts = ((names[answer], count) for true, answer, count in judged.answers.confusions() if names[true] == name)
    answer, count = next(counts, ("", 0))
    return (f"{count:,} taken for {plain(answer)}" if count else ""), (name, answer)
