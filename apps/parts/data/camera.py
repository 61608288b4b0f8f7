"""The camera as a place where images come from: each photo is kept at once, and all are added together."""

from collections.abc import Callable
from html import escape

import streamlit as st
from images.addresses import file_address
from projects.edits import all_classes
from projects.imports import Request
from projects.photos import ORIGIN, Photo, drop_photo, hand_over, keep_photo, waiting_photos
from projects.project import Project
from projects.versions import current_number, manifest_of

from imgcls.counted import counted
from parts.data.starting import request_for
from parts.errors import callback

SHOWN = 48  # photos, the latest


def from_camera(project: Project) -> Callable[[], Request]:
    """Draw the camera and the photos that wait; gives what hands them over."""
    waiting = waiting_photos(project)
    names = all_classes(manifest_of(project)) if current_number(project) else []
    names = sorted({*names, *(photo.label for photo in waiting)} - {""})
    label = st.selectbox(
        "Class of the next photos",
        names,
        None,
        accept_new_options=True,
        placeholder="None: they are labelled later. Choose one, or type a new one",
        key="class of photos",
        width=420,
    )
    photo = st.camera_input("Take a photo of one example", key=f"camera {st.session_state.get('photos taken', 0)}")
    if photo:
        keep_photo(project, photo.getvalue(), label or "")
        st.session_state["photos taken"] = st.session_state.get("photos taken", 0) + 1  # a new camera is ready
        st.rerun()
    _show(project, waiting)
    return lambda: _handed_over(project)


def _show(project: Project, waiting: list[Photo]) -> None:
    if not waiting:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{counted(len(waiting), 'photo')} taken. All are kept here until you add them.")
        last = waiting[-1].path.name  # a click is for what was shown with it
        st.button(
            "Take the last one back",
            key=f"take back {last}",
            icon=":material/undo:",
            type="tertiary",
            on_click=callback(drop_photo),
            args=(project, last),
        )
    figures = "".join(_figure(photo) for photo in reversed(waiting[-SHOWN:]))
    st.html(f'<div style="display:flex;flex-wrap:wrap;gap:8px">{figures}</div>')


def _figure(photo: Photo) -> str:
    label = escape(photo.label or "no class yet")
    return (
        f'<figure style="margin:0;width:110px"><img src="{file_address(photo.path)}" alt="Photo, {label}" '
        'style="width:110px;height:84px;object-fit:cover;border-radius:4px">'
        f'<figcaption style="font-size:.8rem;overflow-wrap:anywhere">{label}</figcaption></figure>'
    )


def _handed_over(project: Project) -> Request:
    place = hand_over(project)
    return request_for("the camera", str(place), unlabelled=place.is_dir(), origin=ORIGIN)
