"""Labels are put into the data when their queue is left: for another queue, or for another page."""

from contextlib import suppress

import streamlit as st
from projects.decisions import unsaved
from projects.fold_decisions import save_decisions
from projects.project import Project, open_project

from parts.person import who

AT = "labelling"  # in the session: name of the project, and of its queue


def at_queue(project: Project, queue: str) -> None:
    """Say which queue this page is at; the labels of the one before are saved."""
    before = st.session_state.get(AT)
    st.session_state[AT] = (project.name, queue)
    if before and before[0] == project.name and before[1] != queue:
        save(project)


def leave() -> None:
    """Say that this page is at no queue; the labels of the one before are saved. For all pages but Label."""
    before = st.session_state.pop(AT, None)
    if before:
        with suppress(ValueError):  # the project is gone
            save(open_project(before[0]))


def save(project: Project) -> None:
    """Put the labels into the data, and say so."""
    count = len(unsaved(project))
    if count:
        save_decisions(project, who())
        st.toast(f"{count:,} labels are saved as a new version of the data.", icon=":material/check:")
