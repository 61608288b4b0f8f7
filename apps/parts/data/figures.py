"""What is in the data, in numbers: shown first on the page Data."""

from collections.abc import Collection

import streamlit as st
from projects.project import Project
from projects.summary import Summary

from imgcls.counted import counted
from parts.charts import MOST_BARS
from parts.data.class_bars import class_bars
from parts.opened import link
from parts.plain import plain


def show_figures(summary: Summary, tasks: int) -> None:
    """Images, classes, those without a label, and how much is to be looked at."""
    with st.container(horizontal=True):
        st.metric("Images", f"{summary.images:,}", width=130)
        if summary.examples != summary.images:
            st.metric("Boxes", f"{summary.examples:,}", width=130)
        st.metric("Classes", f"{len(summary.classes):,}", width=130)
        st.metric("Without label", f"{summary.unlabelled:,}", width=150)
        st.metric("Problems", f"{tasks:,}", width=130)
    aside = [
        (summary.left_out, f"{counted(summary.left_out, 'image')} left out"),
        (summary.unreadable, f"{counted(summary.unreadable, 'file')} cannot be read"),
    ]
    if said := [sentence for number, sentence in aside if number]:
        st.caption(f"Not used: {', '.join(said)}.")


def show_next_step(project: Project, summary: Summary) -> None:
    """The way on to training, or what is missing for it."""
    if not summary.missing:
        link("train", project, "Go on to Train")
        return
    st.warning("Not ready for training yet:\n\n" + "\n".join(f"- {plain(each)}" for each in summary.missing))
    if summary.unlabelled:
        link("label", project, "Go on to Label")


def show_bars(summary: Summary) -> None:
    """Images of each class and split: a table whose rows are bars."""
    counts = summary.counts
    if counts.empty:
        return
    largest = counts.loc[counts.sum(axis=1).sort_values(ascending=False, kind="stable").index].head(MOST_BARS)
    st.html(class_bars(counts if len(counts) <= MOST_BARS else largest))
    if len(counts) > MOST_BARS:
        st.caption(f"The largest {MOST_BARS} of {len(counts):,} classes; the table under Classes has all.")
    if "unsplit" in counts:
        st.caption(_about_unsplit(set(counts)))


def _about_unsplit(splits: Collection[str]) -> str:
    """What training does with the images that have no split, in a sentence.

    Args:
        splits: Those that images have, with "unsplit".
    """
    if set(splits) == {"unsplit"}:
        return "No split yet: training divides each class into training, validation and test images by itself."
    missing = " and ".join(name for name in ("validation", "test") if name not in splits)
    if not missing:
        return "Some images have no split yet: training learns from them."
    drawn = "them and the training images" if "train" in splits else "them"
    return f"Some images have no split yet: training draws the {missing} images from {drawn}, and learns from the rest."
