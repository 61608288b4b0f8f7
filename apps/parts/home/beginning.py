"""New projects: empty, from a folder that is dropped, or with the sample."""

import streamlit as st
from projects.project import create_project, delete_project, list_projects

from imgcls.data.sources.cards import list_cards, load_card
from parts.data.add_images import MOST_MEGABYTES
from parts.data.starting import request_for, start_import
from parts.opened import go
from parts.uploads import save_uploads

SAMPLE = "fashion_mini"
SAMPLE_TITLE = "Sample: clothes"


def ask_for_first() -> None:
    """What to do where there is no project yet: drop a folder, or try the sample."""
    st.subheader("Drop a folder of images here, or try the sample", anchor=False)
    st.write("One folder of images for each class, such as `cat` and `dog`. They stay on this machine.")
    drop_folder()
    try_sample(primary=False)


def drop_folder() -> None:
    """A drop zone that makes a project of a folder."""
    files = st.file_uploader(
        "Folder of images",
        accept_multiple_files="directory",
        max_upload_size=MOST_MEGABYTES,
        key=f"first {st.session_state.get('drops', 0)}",
    )
    if not files:
        return
    project = create_project(_free_title(files[0].name.split("/")[0]))
    try:
        with st.spinner("Keeping the files"):
            saved = save_uploads(files, project.uploads)
    except ValueError:
        delete_project(project)
        raise
    start_import(project, request_for(saved.title, str(saved.path), dropped=saved.dropped))
    st.session_state["drops"] = st.session_state.get("drops", 0) + 1
    go("data", project)


def try_sample(primary: bool) -> None:
    """One click: a project with the images that come with the app."""
    if SAMPLE not in list_cards():
        return
    kind = "primary" if primary else "secondary"
    if st.button("Try the sample", icon=":material/checkroom:", type=kind, help=load_card(SAMPLE).title):
        project = create_project(_free_title(SAMPLE_TITLE))
        start_import(project, request_for("the sample", SAMPLE))
        go("data", project)


def ask_for_name() -> None:
    """The main action: a name, and an empty project is there."""
    with st.popover("New project", icon=":material/add:", type="primary"):
        with st.form("new project", border=False):  # so that Enter creates it too
            title = st.text_input("Name of the project", placeholder="Flowers")
            asked = st.form_submit_button("Create", type="primary")
        if asked:
            go("data", create_project(title))


def _free_title(title: str) -> str:
    taken = {project.title.lower() for project in list_projects()}
    number, free = 1, title
    while free.lower() in taken:
        number += 1
        free = f"{title} {number}"
    return free
