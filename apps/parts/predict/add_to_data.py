"""Makes the images of an answer images of the project: without a label, or with the one that was predicted."""

import shutil
from pathlib import Path

import streamlit as st
from projects.answers import Answer, rows_of
from projects.joining import join_pictures
from projects.project import Project
from worker.client import call

from imgcls.counted import counted
from imgcls.data.manifest.table import Manifest
from imgcls.files import replacing
from parts.opened import link
from parts.person import who
from parts.predict.answer import threshold
from parts.predict.archived import with_files
from parts.predict.said import NAMED, said_of

WITHOUT, PREDICTED = "Without a label: I label them later", "With the predicted class, where it is sure"


def show_add_to_data(project: Project, answer: Answer) -> None:
    """A menu that asks which label the images get, and adds them."""
    with st.popover("Add to data", icon=":material/add_photo_alternate:"):
        how = st.radio("The images join the images of this project", [WITHOUT, PREDICTED])
        if st.button("Add them"):
            st.session_state["added"] = _add(project, answer, how == PREDICTED)
    if said := st.session_state.pop("added", ""):
        st.success(said)
        link("data", project, "See the data")


def _add(project: Project, answer: Answer, with_label: bool) -> str:
    """What became of every image, in a sentence or two."""
    table, least = rows_of(answer), threshold(project, answer)
    rows = with_files(answer, table[table["problem"] == ""].to_dict("records"))
    pictures = []
    for row in rows:
        said = said_of(row, least)
        label = said.text if with_label and said.kind == NAMED and not row["several"] else ""
        if row["file"] and Path(row["file"]).is_file():
            pictures.append((_kept(project, answer, Path(row["file"])), label))
    origin = "from Predict, with the predicted class" if with_label else "from Predict, without a label"
    joined = join_pictures(project, pictures, _inspected, origin, who())
    gone = len(rows) - len(pictures)
    said = [f"{joined.sentence()}."] if joined else [] if gone else ["There is no image to add."]
    if gone:
        files = "its file is" if gone == 1 else "their files are"
        said.append(f"{counted(gone, 'image')} could not be added: {files} not there any more.")
    return " ".join(said)


def _inspected(manifest: Manifest) -> Manifest:
    return call("inspection.inspected", manifest=manifest)


def _kept(project: Project, answer: Answer, file: Path) -> Path:
    """The image where it stays when the answer is deleted."""
    if not file.resolve().is_relative_to(answer.folder.resolve()):
        return file.resolve()
    target = project.uploads / "answers" / answer.id / file.relative_to(answer.folder)
    if not target.is_file():
        with replacing(target) as partial:
            shutil.copyfile(file, partial)
    return target.resolve()
