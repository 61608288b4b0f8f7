"""Where the images come from: dropped files, a folder or an archive, the camera, or a place on the server."""

from datetime import datetime

import streamlit as st
from projects.answers import Answer, add_pictures, gone_if_it_fails, start_answer
from projects.models import Model
from projects.project import Project
from projects.wording import in_words
from safety import allowed_paths

from imgcls.image_files import READABLE
from parts.opened import keep
from parts.person import who
from parts.plain import plain
from parts.predict.folder_job import name_archive, name_place, name_uploaded_folder

DROP, FOLDER, CAMERA, PLACE = "Drop images", "Folder or zip", "Camera", "On the server"
MOST_MEGABYTES = 200  # a file; an archive may be larger
MOST_OF_ARCHIVE = 2000  # megabytes


def ask_for_pictures(project: Project, model: Model, shown: Answer | None) -> None:
    """Ask for images; the page begins anew once there are some.

    Args:
        project: The project.
        model: Which is asked about them.
        shown: The answer on the page, which gets further images if the same model gave it.
    """
    where = st.segmented_control("Images from", [DROP, FOLDER, CAMERA, PLACE], default=DROP, required=True)
    {DROP: _drop, FOLDER: _folder, CAMERA: _camera, PLACE: _place}[where](project, model, shown)


def _drop(project: Project, model: Model, shown: Answer | None) -> None:
    files = st.file_uploader(
        "Drop images here", accept_multiple_files=True, max_upload_size=MOST_MEGABYTES, key=_key("pictures"),
        help=f"{in_words(READABLE)}.",
    )  # fmt: skip
    if files:
        _take(project, model, shown, files, "pictures")


def _camera(project: Project, model: Model, shown: Answer | None) -> None:
    photo = st.camera_input("Take a photo", key=_key("photo"))
    if photo:
        photo.name = f"Camera {datetime.now():%H.%M.%S}.jpg"
        _take(project, model, shown, [photo], "photo")


def _take(project: Project, model: Model, shown: Answer | None, files: list, key: str) -> None:
    same = shown and not shown.pictures and (shown.model, shown.state) == (model, model.state)
    _empty(key)  # also if they cannot be kept: the next click would try again
    answer, new = (shown, add_pictures(project, shown, files)) if same else _begin(project, model, files)
    keep(answer=answer.id)
    if not new:
        st.toast("These images are in this answer already.")
    st.rerun()


def _begin(project: Project, model: Model, files: list) -> tuple[Answer, int]:
    answer = start_answer(project, model, who())
    with gone_if_it_fails(answer):
        return answer, add_pictures(project, answer, files)


def _folder(project: Project, model: Model, shown: Answer | None) -> None:
    left, right = st.columns(2)
    folder = left.file_uploader(
        "A folder of images", accept_multiple_files="directory", max_upload_size=MOST_MEGABYTES, key=_key("folder")
    )
    archive = right.file_uploader("A zip file of images", "zip", max_upload_size=MOST_OF_ARCHIVE, key=_key("archive"))
    if _pressed(bool(folder or archive)):
        answer = name_uploaded_folder(project, model, folder) if folder else name_archive(project, model, archive)
        _empty("folder")
        _empty("archive")
        keep(answer=answer.id)
        st.rerun()


def _place(project: Project, model: Model, shown: Answer | None) -> None:
    typed = st.text_input("Folder, zip or tar file on the server", placeholder="photos/2026").strip()
    st.caption(plain(allowed_paths.where_paths_begin()))
    if _pressed(bool(typed)):
        keep(answer=name_place(project, model, allowed_paths.typed_path(typed)).id)
        st.rerun()


def _pressed(ready: bool) -> bool:
    return st.button("Name these images", type="primary", icon=":material/image_search:", disabled=not ready)


def _key(name: str) -> str:
    """Of a widget, which is another one, and so empty, once its files were taken."""
    return f"{name} {st.session_state.get(f'{name} taken', 0)}"


def _empty(name: str) -> None:
    st.session_state[f"{name} taken"] = st.session_state.get(f"{name} taken", 0) + 1
