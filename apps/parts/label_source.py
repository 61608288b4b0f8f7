"""The form in which a user says where labelled images are, and how their labels are read."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from imgcls.config import LabelsConfig
from imgcls.counted import counted
from imgcls.data.sources.cards import list_cards, load_card
from imgcls.labels import FORMATS
from parts import allowed_paths, config_form
from parts.uploads import save_files, save_folder

MOST_MEGABYTES = 100  # a file
SAMPLE, PLACE, FOLDER, FILES = (
    "A data set that is here", "A path on this machine", "Upload a folder", "Upload annotations and images"
)  # fmt: skip
FOUND = "found by its content"  # the format, where none is named
BOXES = {  # modes of `imgcls.labels.boxes`
    "single": "images with one class only",
    "largest": "each image, by its largest box",
    "crop": "each box, cut out",
    "multi_label": "each image, with all its classes",
}


@dataclass(frozen=True)
class LabelSource:
    """Where labelled images are, and how their labels are read.

    dropped: uploaded files that were not kept.
    """

    source: str
    labels: LabelsConfig
    dropped: tuple[str, ...] = ()


def choose() -> LabelSource | None:
    """Ask where the images are; returns it once the button was pressed.

    Raises ValueError if nothing was named or uploaded.
    """
    way = st.radio("Where are the images?", [SAMPLE, PLACE, FOLDER, FILES])
    named, uploaded, dropped = "", [], ()
    if way == SAMPLE:
        named = _choose_card()
    elif way == PLACE:
        named = st.text_input(
            "Folder or annotation file", placeholder="/data/photos or /data/instances.json",
            help="A path on the machine that runs this app, below the folder that it was started in or that --root "
            "names; or tfds: and the name of a TensorFlow data set.",
        )  # fmt: skip
    elif way == FOLDER:
        uploaded = st.file_uploader("Folder", accept_multiple_files="directory", max_upload_size=MOST_MEGABYTES)
    else:
        annotations = st.file_uploader("Annotation files", accept_multiple_files=True, max_upload_size=MOST_MEGABYTES)
        images = st.file_uploader("Images", accept_multiple_files=True, max_upload_size=MOST_MEGABYTES)
        uploaded = [*annotations, *images]
    if uploaded:
        st.caption(f"{counted(len(uploaded), 'file')} arrived.")
    labels = {}
    if way != SAMPLE:
        st.caption(
            "One folder of images a class, such as `cat/1.jpg` and `dog/1.jpg`, or the files of a labelling tool with "
            "their images. Splits are kept where there are any. Your files are never moved or changed."
        )
        with st.expander("How the labels are read", icon=":material/tune:"):
            labels = _ask_how()
    if not st.button("Look at the images", type="primary"):
        return None
    if way == PLACE and not named.strip():
        raise ValueError("There is nothing to look at yet. Type the path of a folder or of an annotation file.")
    if way == PLACE:
        named = named.strip() if named.strip().startswith("tfds:") else str(Path(named.strip()).expanduser())
    elif way != SAMPLE:
        saved, dropped = save_folder(uploaded) if way == FOLDER else save_files(uploaded)
        named = str(saved)
    wishes = config_form.make(LabelsConfig, labels)
    allowed_paths.check_source(named)
    allowed_paths.check_config(wishes)
    return LabelSource(named, wishes, dropped) if named else None


def _choose_card() -> str:
    cards = list_cards()
    if not cards:
        st.info("There are no data set cards in datasets/. Choose another place.")
        return ""
    name = st.selectbox("Data set", sorted(cards))
    card = load_card(name)
    st.caption(f"{card.title}. Licence: {card.licence}.")
    return name


def _ask_how() -> dict:
    """The fields of `LabelsConfig`."""
    settings = {setting.path: setting for setting in config_form.settings(LabelsConfig)}
    values = {}
    left, right = st.columns(2)
    with left:
        values["format",] = st.selectbox(
            "Format", [None, *FORMATS], format_func=lambda name: FORMATS[name].title if name else FOUND
        )
    with right:
        values["boxes",] = st.selectbox(
            "An example is", list(BOXES), format_func=BOXES.get, help="What boxes around objects become."
        )
    rest = [setting for path, setting in settings.items() if path not in values and path != ("unpack_to",)]
    for start in range(0, len(rest), 2):
        for column, setting in zip(st.columns(2), rest[start : start + 2], strict=False):
            with column:
                values[setting.path] = config_form.ask(setting)
    return values
