"""The images of one part of the test images, such as the darkest quarter; they can be sent to Label."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st
from projects.judged_run import JudgedRun

from imgcls.counted import counted
from imgcls.files import read_json
from parts.addressed import addressed, keep_field
from parts.fragment import fragment
from parts.opened import keep
from parts.results.computed import is_there
from parts.results.pictures import pictures
from parts.results.to_label import label_button


@fragment()
def show_pictures_of_a_part(judged: JudgedRun, titles: Sequence[str]) -> None:
    """Ask for a part, and show its images.

    Args:
        judged: The run.
        titles: Of the parts, in the order of the table above.
    """
    if not titles:
        return
    key = addressed("slice", titles, None)
    title = st.selectbox("Look at the images of", titles, None, key=key, placeholder="Choose a part")
    keep_field("slice", title)
    if title is None:
        return
    file = _file(judged)
    call = {"run": str(judged.folder.path.absolute()), "split": "test", "file": str(file)}
    if is_there(file, "Looking for the images of each part, once", "parts.members", call):
        _show(judged, title)


def asked_part(judged: JudgedRun) -> np.ndarray:
    """The places of the images of the part that the address names; none if it names none."""
    members = read_json(_file(judged)).get(st.query_params.get("slice", ""), [])
    wrong = st.query_params.get("wrong") != "False"
    return np.array([place for place in members if not (wrong and judged.answers.right[place])], int)


def _file(judged: JudgedRun) -> Path:
    return judged.findings.absolute() / "parts.json"


def _show(judged: JudgedRun, title: str) -> None:
    wrong = st.checkbox("Only wrong answers", key=addressed("wrong", [True, False], True))
    keep_field("wrong", None if wrong else "False")
    places = asked_part(judged)
    st.markdown(f"**{counted(len(places), 'image')}**")
    if not len(places):
        return
    label_button(judged, places, "Label these", f"{title}, by {judged.name}", key="label a part")
    opened = pictures(judged, places, f"part {judged.name} {title} {wrong}").opened
    if opened is not None:
        keep(picture=str(opened))
        st.rerun()
