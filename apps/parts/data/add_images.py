"""The form that asks where the images are that shall be added."""

import dataclasses
import hashlib
from collections.abc import Callable

import streamlit as st
from projects.imports import Request
from projects.project import Project
from safety import allowed_paths

from imgcls.cli.flags import settings
from imgcls.config import LabelsConfig
from imgcls.data.sources.cards import list_cards, load_card
from imgcls.labels import FORMATS
from parts.data.camera import from_camera
from parts.data.starting import request_for, start_import
from parts.plain import plain
from parts.uploads import save_uploads

MOST_MEGABYTES = 2_000  # a file; an archive of this size fills the memory for a moment
FOUND = "found by its content"
READ_AS = {"labels": "give their labels", "images": "say nothing: the images wait for labels"}
Arrival = Callable[[], Request]  # gives the request once the button was pressed


def ask_for_images(project: Project) -> bool:
    """Draw the form; starts the import when its button is pressed.

    Returns:
        Whether an import was started.

    Raises:
        ValueError: Nothing was named or dropped, or it may not be read.
    """
    way = st.pills(
        "Where are the images?", list(WAYS), default=next(iter(WAYS)), required=True, key="from", bind="query-params"
    )
    arrive = WAYS[way](project)
    if not st.button("Add these images", type="primary", icon=":material/add_photo_alternate:"):
        return False
    with st.spinner("Keeping the files"):
        request = arrive()
    start_import(project, request)
    st.session_state["drops"] = st.session_state.get("drops", 0) + 1  # an uploader with a new key is empty
    return True


def from_folder(project: Project) -> Arrival:
    """A folder that is dropped."""
    return _dropped(project, "Drop a folder here, with one folder of images for each class", directory=True)


def from_files(project: Project) -> Arrival:
    """Files that are dropped: images, archives, annotations."""
    return _dropped(project, "Drop images, a ZIP file, or annotation files with their images", directory=False)


def from_server(project: Project) -> Arrival:
    """A path on the machine that runs the app."""
    typed = st.text_input(
        "Folder or annotation file on the server",
        placeholder="photos or photos/instances.json",
        help="The files stay where they are and are never changed.",
        key="server path",
    ).strip()
    st.caption(plain(allowed_paths.where_paths_begin()))
    labels, unlabelled = ask_how()

    def arrive() -> Request:
        if not typed:
            raise ValueError("There is nothing to add yet. Type the path of a folder or of an annotation file.")
        path = allowed_paths.typed_path(typed)
        return request_for(path.name, str(path), labels=labels, unlabelled=unlabelled)

    return arrive


def from_card(project: Project) -> Arrival:
    """A data set that is described here."""
    cards = sorted(list_cards())
    if not cards:
        st.info("There is no data set beside the app. Choose another place.")
    name = st.selectbox("Data set", cards, index=0 if cards else None)
    if name:
        card = load_card(name)
        st.caption(f"{card.title}. Licence: {card.licence}.")

    def arrive() -> Request:
        if not name:
            raise ValueError("There is no data set beside the app. Choose another place.")
        return request_for(load_card(name).title, name)

    return arrive


def from_tfds(project: Project) -> Arrival:
    """A data set of TensorFlow Datasets, by name."""
    name = st.text_input(
        "Name of the data set",
        placeholder="cats_vs_dogs",
        help="The server fetches it from the addresses that TensorFlow Datasets knows; large ones take hours.",
        key="tfds name",
    ).strip()

    def arrive() -> Request:
        if not name:
            raise ValueError("Type the name of a data set, such as cats_vs_dogs.")
        return request_for(name, f"tfds:{name.removeprefix('tfds:')}")

    return arrive


def from_addresses(project: Project) -> Arrival:
    """A table of addresses and labels."""
    table = st.file_uploader(
        "A table with the columns address and label",
        [".csv", ".tsv"],
        key=_key("addresses"),
        help="The server fetches each image once and keeps it.",
    )

    def arrive() -> Request:
        saved = save_uploads([table] if table else [], project.uploads)
        kept = project.uploads / f"fetched-{hashlib.sha256(str(saved.path).encode()).hexdigest()[:10]}"
        return request_for(saved.title, str(saved.path), fetch_to=str(kept))

    return arrive


WAYS: dict[str, Callable[[Project], Arrival]] = {
    "A folder": from_folder,
    "Files or a ZIP": from_files,
    "On the server": from_server,
    "A data set that is here": from_card,
    "TensorFlow Datasets": from_tfds,
    "Addresses in a table": from_addresses,
    "Camera": from_camera,
}


def ask_how() -> tuple[dict, bool]:
    """Ask how labels are read.

    Returns:
        Fields of `LabelsConfig` that were set, and whether the files have no labels at all.
    """
    said = {setting.path[0]: setting.help for setting in settings(LabelsConfig)}
    with st.expander("How the labels are read", icon=":material/tune:"):
        folders = st.radio("Files and folders", list(READ_AS), format_func=READ_AS.get, horizontal=True)
        format_ = st.selectbox(
            "Format",
            [None, *FORMATS],
            format_func=lambda name: FORMATS[name].title if name else FOUND,
            help="It is found by the content of the files. Choose one if that finds another.",
        )
        if format_:
            st.caption(FORMATS[format_].help)
        images = st.text_input("Folder of the images", help=_sentence(said["images"])).strip()
        group = st.text_input("Images that belong together", help=_sentence(said["group"])).strip()
        images = str(allowed_paths.typed_path(images)) if images else None
        values = {"format": format_, "images": images, "group": group or None}
    usual = {field.name: field.default for field in dataclasses.fields(LabelsConfig)}
    return {name: value for name, value in values.items() if value != usual[name]}, folders == "images"


def _dropped(project: Project, label: str, directory: bool) -> Arrival:
    files = st.file_uploader(
        label,
        accept_multiple_files="directory" if directory else True,
        max_upload_size=MOST_MEGABYTES,
        key=_key(label),
    )
    most = f"{MOST_MEGABYTES / 1000:g} GB"
    st.caption(f"A file of more than {most}: copy it to the server, and name its folder under “On the server”.")
    labels, unlabelled = ask_how()

    def arrive() -> Request:
        saved = save_uploads(files, project.uploads)
        facts = {"labels": labels, "unlabelled": unlabelled, "dropped": saved.dropped}
        return request_for(saved.title, str(saved.path), **facts)

    return arrive


def _key(name: str) -> str:
    return f"{name} {st.session_state.get('drops', 0)}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
