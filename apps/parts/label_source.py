"""The form that asks where labelled images are, and how their labels are read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from imgcls.config import LabelsConfig
from imgcls.counted import counted
from imgcls.data.sources.cards import list_cards, load_card
from imgcls.labels import FORMATS
from parts import allowed_paths, config_form
from parts.uploads import Upload, save_files, save_folder

MOST_MEGABYTES = 100  # a file
FOUND = "found by its content"  # the format, where none is named
Arrival = Callable[[], tuple[str, tuple[str, ...]]]  # gives the source, and the uploaded files that were not kept
BOXES = {  # modes of `imgcls.labels.boxes`
    "single": "images with one class only",
    "largest": "each image, by its largest box",
    "crop": "each box, cut out",
    "multi_label": "each image, with all its classes",
}


@dataclass(frozen=True)
class LabelSource:
    """Where labelled images are, and how their labels are read.

    Attributes:
        source: A path, the name of a card, or `tfds:` and a name.
        labels: How the labels are read.
        dropped: Uploaded files that were not kept.
    """

    source: str
    labels: LabelsConfig
    dropped: tuple[str, ...] = ()


def choose() -> LabelSource | None:
    """Ask where the images are.

    Returns:
        The answer once the button was pressed; None before.

    Raises:
        ValueError: Nothing was named or uploaded, or what was named lies outside of the root.
    """
    way = st.radio("Where are the images?", list(WAYS))
    arrive = WAYS[way]()
    labels = {} if WAYS[way] is _ask_card else _ask_how_below()
    if not st.button("Look at the images", type="primary"):
        return None
    source, dropped = arrive()
    wishes = config_form.make(LabelsConfig, labels)
    allowed_paths.check_source(source)
    allowed_paths.check_config(wishes)
    return LabelSource(source, wishes, dropped) if source else None


def _ask_card() -> Arrival:
    cards = list_cards()
    if not cards:
        st.info("There are no data set cards in datasets/. Choose another place.")
        return lambda: ("", ())
    name = st.selectbox("Data set", sorted(cards))
    card = load_card(name)
    st.caption(f"{card.title}. Licence: {card.licence}.")
    return lambda: (name, ())


def _ask_path() -> Arrival:
    typed = st.text_input(
        "Folder or annotation file",
        placeholder="/data/photos or /data/instances.json",
        help="A path on the machine that runs this app, below the folder that it was started in or that --root names; "
        "or tfds: and the name of a TensorFlow data set.",
    ).strip()

    def arrive() -> tuple[str, tuple[str, ...]]:
        if not typed:
            raise ValueError("There is nothing to look at yet. Type the path of a folder or of an annotation file.")
        return typed if typed.startswith("tfds:") else str(Path(typed).expanduser()), ()

    return arrive


def _ask_folder() -> Arrival:
    files = st.file_uploader("Folder", accept_multiple_files="directory", max_upload_size=MOST_MEGABYTES)
    return _uploaded(files, save_folder)


def _ask_files() -> Arrival:
    annotations = st.file_uploader("Annotation files", accept_multiple_files=True, max_upload_size=MOST_MEGABYTES)
    images = st.file_uploader("Images", accept_multiple_files=True, max_upload_size=MOST_MEGABYTES)
    return _uploaded([*annotations, *images], save_files)


def _uploaded(files: Sequence[Upload], save: Callable[[Sequence[Upload]], tuple[Path, tuple[str, ...]]]) -> Arrival:
    if files:
        st.caption(f"{counted(len(files), 'file')} arrived.")

    def arrive() -> tuple[str, tuple[str, ...]]:
        path, dropped = save(files)
        return str(path), dropped

    return arrive


WAYS = {
    "A data set that is here": _ask_card,
    "A path on this machine": _ask_path,
    "Upload a folder": _ask_folder,
    "Upload annotations and images": _ask_files,
}


def _ask_how_below() -> dict:
    st.caption(
        "One folder of images a class, such as `cat/1.jpg` and `dog/1.jpg`, or the files of a labelling tool with "
        "their images. Splits are kept where there are any. Your files are never moved or changed."
    )
    with st.expander("How the labels are read", icon=":material/tune:"):
        return _ask_how()


def _ask_how() -> dict:
    """The fields of `LabelsConfig`."""
    settings = {setting.path: setting for setting in config_form.settings(LabelsConfig)}
    values = {}
    left, right = st.columns(2)
    with left:
        values["format",] = st.selectbox(
            "Format", [None, *FORMATS], format_func=lambda name: FORMATS[name].title if name else FOUND
        )
        if values["format",]:
            st.caption(FORMATS[values["format",]].help)
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
