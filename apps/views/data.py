"""Data: the images of a project, their classes, what is wrong with them, and how they came to be so."""

import streamlit as st
from parts.data.add_images import ask_for_images
from parts.data.arriving import show_arriving
from parts.data.change import undo_and_redo
from parts.data.classes import show_classes
from parts.data.exporting import show_export
from parts.data.figures import show_bars, show_figures, show_next_step
from parts.data.kept import show_kept
from parts.data.pictures import show_pictures
from parts.data.todo import show_todo
from parts.data.version_list import show_versions
from parts.errors import explained
from parts.labelling.leaving import offer_to_save
from parts.opened import keep, the_project
from projects.audits import OF_CLASSES, Task, open_tasks
from projects.imports import open_questions
from projects.project import Project
from projects.summary import Summary, summary_of
from projects.versions import current_number

SECTIONS = ("Images", "Classes", "To do", "Versions", "Files")


def add_button(primary: bool) -> None:
    """The main action, where there are images already and no question is open: opens the form."""
    if st.button("Add images", type="primary" if primary else "secondary", icon=":material/add_photo_alternate:"):
        keep(add="1")
        st.rerun()


def show_form(project: Project, number: int) -> None:
    """Where the images are that shall be added."""
    with st.container(border=True):
        if ask_for_images(project):
            keep(add=None)
            st.rerun()
        if number and st.button("Close"):
            keep(add=None)
            st.rerun()


def show_section(project: Project, number: int, summary: Summary, tasks: dict[str, list[Task]]) -> None:
    """The part of the page that is chosen; it stands in the address."""
    section = st.segmented_control(
        "Part of the page",
        SECTIONS,
        default=SECTIONS[0],
        required=True,
        key="part",
        bind="query-params",
        label_visibility="collapsed",
    )
    if section == "Images":
        show_bars(summary)
        problems = {
            kind: rows
            for kind, found in tasks.items()
            if kind not in OF_CLASSES and (rows := sorted({row for task in found for row in task.rows}))
        }
        show_pictures(project, number, summary, problems)
    elif section == "Classes":
        show_classes(project, number, summary)
    elif section == "To do":
        show_todo(project, number, tasks)
    elif section == "Versions":
        show_versions(project, number)
    else:
        show_export(project, number)
        show_kept(project, number)


def show_page(project: Project) -> None:
    """The whole page."""
    number = current_number(project)
    adding = not number or "add" in st.query_params
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title("Data", anchor=False)
        if number:
            undo_and_redo(project)
            if not adding:
                add_button(primary=not open_questions(project))
    with explained():
        offer_to_save(project)
    arriving = False
    with explained():
        arriving = show_arriving(project)
    if arriving and not number:
        st.info("The images are shown here as soon as they are read.")
        return
    if not number:
        st.info("There are no images here yet. Drop a folder of them, with one folder for each class.")
    if adding:
        with explained():
            show_form(project, number)
    if number:
        summary, tasks = summary_of(project, number), open_tasks(project, number)
        show_figures(summary, sum(len(each) for each in tasks.values()))
        show_next_step(project, summary)
        with explained():
            show_section(project, number, summary, tasks)


show_page(the_project())
