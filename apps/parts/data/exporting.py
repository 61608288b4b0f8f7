"""The labels as files of other tools."""

import streamlit as st
from jobs.job import list_jobs, start_job
from projects.exports import delete_export, list_exports, new_export, packed
from projects.project import Project
from projects.versions import file_of_version
from safety import allowed_paths

from imgcls.labels import WRITERS
from parts.person import who
from parts.plain import plain

KIND = "labels"


def show_export(project: Project, number: int) -> None:
    """Choose a format, write the files as a job, and fetch them."""
    st.subheader("Labels for other tools", anchor=False)
    st.write("Writes the images that can be used, with their labels, for another tool. Your files stay as they are.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        format_ = st.selectbox("Format", list(WRITERS), format_func=lambda name: WRITERS[name].title, width=260)
        if st.button("Write the files"):
            _start(project, number, format_)
            st.rerun()
    for folder in list_exports(project):
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(folder.name)}**  \n{plain(str(folder))}")
            st.download_button(
                "Download as ZIP",
                lambda folder=folder: packed(folder).open("rb"),
                f"{project.name}-{folder.name}.zip",
                key=f"download {folder.name}",
                on_click="ignore",
            )
            if st.button("Delete", key=f"delete {folder.name}"):
                delete_export(folder)
                st.rerun()


def _start(project: Project, number: int, format_: str) -> None:
    """Start the job, unless it is at work already, as after a double click."""
    about = {"format": format_, "version": number}
    if any(job.is_live and job.kind == KIND and job.about == about for job in list_jobs(project)):
        return
    source, folder = file_of_version(project, number), new_export(project, format_)
    flags = ["--convert-to", format_, "--convert-folder", str(folder)]
    title = f"Write labels for {WRITERS[format_].title}"
    program = ("imgcls.import_labels", str(source), *flags)
    start_job(project, KIND, title, program, allowed_paths.environment(), about, who())
