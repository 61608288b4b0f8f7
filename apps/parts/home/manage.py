"""Rename a project, see what it takes on the disk, delete it."""

import streamlit as st
from jobs.job import list_jobs
from projects.project import Project, delete_project, disk_use, rename_project

from parts.errors import callback, explained

MANAGED = "managed"  # in the session: the name of the project
KEPT = 60  # seconds that the size of a folder is not measured again


def manage_button(project: Project) -> None:
    """A button that opens the rest."""
    if st.button("Manage", key=f"manage {project.name}", type="tertiary", icon=":material/more_horiz:"):
        st.session_state[MANAGED] = project.name


def show_managed(projects: list[Project]) -> None:
    """The dialog of the project whose button was pressed last, until it is closed."""
    for project in projects:
        if project.name == st.session_state.get(MANAGED):
            _dialog(project)


def _close() -> None:
    st.session_state.pop(MANAGED, None)


@st.dialog("Manage this project", on_dismiss=callback(_close))
def _dialog(project: Project) -> None:
    with explained():
        with st.spinner("Measuring"):
            st.write(f"It takes {size_in_words(_size(project))} on the disk.")
        with st.form(f"rename {project.name}", border=False):  # so that Enter renames it too
            title = st.text_input("Name", project.title, key=f"title {project.name}")
            asked = st.form_submit_button("Rename")
        if asked:
            rename_project(project, title)
            _close()
            st.rerun()
        st.divider()
        _delete(project)


def _delete(project: Project) -> None:
    if any(job.is_live for job in list_jobs(project)):
        st.caption("It cannot be deleted while something runs in it. Cancel that first, at the side.")
        return
    st.write("Deleting removes its labels, uploads, runs and exported models. Images in other folders stay.")
    sure = st.checkbox("I want to delete it for good", key=f"sure {project.name}")
    if st.button("Delete the project", icon=":material/delete:", disabled=not sure):
        delete_project(project)
        _close()
        st.rerun()


@st.cache_data(ttl=KEPT, show_spinner=False, hash_funcs={Project: lambda project: str(project.folder)})
def _size(project: Project) -> int:
    return disk_use(project)


def size_in_words(size: int) -> str:
    """Bytes as people say them.

    Example:
        >>> size_in_words(2_500_000)
        '2.5 MB'
    """
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:,.0f} {unit}" if unit == "bytes" or size >= 100 else f"{size:,.1f} {unit}"
