"""Labels are put into the data when their queue is left: for another queue, or for another page."""

from contextlib import suppress

import streamlit as st
from projects.decisions import unsaved
from projects.fold_decisions import save_decisions, unsaved_rows
from projects.project import Project, open_project

from imgcls.counted import counted
from parts.labelling.replaced_note import note_of_saving
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
    if not unsaved(project):
        return
    note = note_of_saving(project)
    saved = save_decisions(project, who())
    if saved.images:
        what = f"{counted(saved.images, 'image')} labelled or left out, as a new version of the data."
        st.toast(what, icon=":material/check:")
    if saved.overtaken:
        were, stay = ("was", "stays") if saved.overtaken == 1 else ("were", "stay")
        what = f"{counted(saved.overtaken, 'image')} {were} changed on another page, and {stay} so."
        st.toast(what, icon=":material/info:")
    if note:
        st.toast(note, icon=":material/info:")


def offer_to_save(project: Project) -> None:
    """Say on a page that uses the data that labels are not in it, such as those of somebody who closed the browser."""
    count = len(unsaved_rows(project))
    if not count:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(f"{counted(count, 'label')} {'is' if count == 1 else 'are'} not in the data yet.")
        if st.button(f"Put {'it' if count == 1 else 'them'} into the data", icon=":material/save:"):
            save(project)
            st.rerun()
