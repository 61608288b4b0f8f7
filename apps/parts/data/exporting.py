"""The labels as files of other tools."""

from pathlib import Path

import streamlit as st
from jobs.job import list_jobs, start_job
from projects.exports import delete_export, list_exports, new_export, packed, sentence_of, written_of
from projects.project import Project
from projects.versions import manifest_of
from safety import allowed_paths

from imgcls.data.manifest.from_records import to_records
from imgcls.labels import WRITERS
from imgcls.labels.writing import check_holds_any
from parts.errors import explained
from parts.person import who
from parts.plain import plain

KIND = "labels"


def show_export(project: Project, number: int) -> None:
    """Choose a format, write the files as a job, and fetch them."""
    st.subheader("Labels for other tools", anchor=False)
    st.write("Writes the images that can be used, with their labels, for another tool. Your files stay as they are.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        format_ = st.selectbox("Format", list(WRITERS), format_func=lambda name: WRITERS[name].title, width=260)
        pressed = st.button("Write the files")
    st.caption(plain(WRITERS[format_].holds))
    if pressed:
        with explained():
            check_holds_any(to_records(manifest_of(project, number)), format_)
            _start(project, number, format_)
            st.rerun()
    for folder in list_exports(project):
        _show_one(project, folder)


def _show_one(project: Project, folder: Path) -> None:
    """An export, with what became of its labels."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(folder.name)}**  \n{plain(str(folder))}")
            st.download_button(
                "Download as ZIP",
                lambda: packed(folder).open("rb"),
                f"{project.name}-{folder.name}.zip",
                key=f"download {folder.name}",
                on_click="ignore",
            )
            if st.button("Delete", key=f"delete {folder.name}"):
                delete_export(folder)
                st.rerun()
        if written := written_of(folder):
            (st.warning if written.lost else st.caption)(sentence_of(written))
            if written.notes:
                notes = "\n".join(f"- {plain(note)}" for note in written.notes)
                st.caption(f"Left out or changed, the most frequent first; the ZIP file has all of it:\n{notes}")


def _start(project: Project, number: int, format_: str) -> None:
    """Start the job, unless it is at work already, as after a double click."""
    about = {"format": format_, "version": number}
    if any(job.is_live and job.kind == KIND and job.about == about for job in list_jobs(project)):
        return
    folder = new_export(project, format_)
    title = f"Write labels for {WRITERS[format_].title}"
    program = ("jobs.programs.write_labels", project.name, str(number), format_, str(folder))
    start_job(project, KIND, title, program, allowed_paths.environment(), about, who())
