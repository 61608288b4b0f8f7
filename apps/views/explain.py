"""Explain: why a model answers as it does, as heat maps over the images, each with the figures of its check."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import streamlit as st
from parts.errors import explained
from parts.explanations import Explained, ShownMap, explain, images_of_test, saved_uploads
from parts.library import load_network, modified
from parts.model_choice import choose_model

from imgcls.counted import counted
from imgcls.image_files import READABLE
from imgcls.run_folder import RunFolder

if TYPE_CHECKING:
    from imgcls.explain.network import Network
    from imgcls.workflow.explanation.answers import Question

MOST_IMAGES = 12
MOST_MEGABYTES = 100  # a file
COLUMNS = 3  # pictures beside each other
UPLOADED, OF_TEST = "Uploaded", "Of the run's test split"
PREDICTED, TRUE, NONE, BY_ITSELF = "predicted", "true", "no other class", "chosen by itself"
FIRST = ("grad_cam", "integrated_gradients")


def ask(network: "Network") -> "Question":
    """Ask what is explained, and by which methods. Raises ValueError for what excludes each other."""
    from imgcls.explain.methods import METHODS, MethodOptions
    from imgcls.workflow.explanation.answers import Question

    methods = st.multiselect(
        "Methods", list(METHODS), [name for name in FIRST if name in METHODS], format_func=lambda n: METHODS[n].title
    )
    target, against, layer = st.columns(3)
    names = [PREDICTED, TRUE, *network.class_names]
    chosen = target.selectbox("Class", names, help="Whose score is explained.")
    other = against.selectbox("Against", [NONE, *names], help="What speaks for the class and against this one.")
    of_layer = layer.selectbox("Layer", [BY_ITSELF, *(each.name for each in network.maps)], help="Of Grad-CAM and CAM.")
    check = st.checkbox("Check each map", True, help="By deletion, insertion, and the model with random weights.")
    if not methods:
        raise ValueError("Choose at least one method.")
    if chosen == other:
        raise ValueError(f"{chosen!r} is explained against itself. Choose another class.")
    options = MethodOptions(layer="" if of_layer == BY_ITSELF else of_layer)
    return Question(tuple(methods), chosen, "" if other == NONE else other, check, options)


@contextmanager
def chosen_images(run: RunFolder | None, network: "Network") -> Iterator[tuple[tuple, list[Path]]]:
    """Ask for images; within, they are files. Gives what names them, and their paths: none before any is chosen."""
    kind = st.radio("Images", [UPLOADED, OF_TEST], horizontal=True) if run else UPLOADED
    with TemporaryDirectory(prefix="imgcls-") as folder:
        if kind == OF_TEST and run:
            yield ask_for_test_images(run, network)
            return
        files = st.file_uploader(
            "Images", accept_multiple_files=True, max_upload_size=MOST_MEGABYTES, label_visibility="collapsed"
        )
        if not files:
            st.caption(f"{READABLE}. A file that cannot be read is named, and the others are explained.")
        if len(files) > MOST_IMAGES:
            st.caption(f"The first {MOST_IMAGES} of {len(files):,} are explained; python -m imgcls.explain takes all.")
        yield (
            tuple(file.file_id for file in files[:MOST_IMAGES]),
            saved_uploads(Path(folder), files[:MOST_IMAGES]),
        )


def ask_for_test_images(run: RunFolder, network: "Network") -> tuple[tuple, list[Path]]:
    """Ask which images of the test split."""
    of_class, many, which = st.columns(3)
    name = of_class.selectbox("True class", ["any", *network.class_names])
    count = many.number_input("How many", 1, MOST_IMAGES, 4)
    draw = which.number_input("Draw", 0, 10_000, 0, help="Another number draws other images.")
    paths = images_of_test(run, int(count), "" if name == "any" else name, int(draw))
    return tuple(str(path) for path in paths), paths


def show(found: Explained) -> None:
    """Show each image's maps with what the check found, and the downloads."""
    if found.problems:
        st.warning(f"{counted(len(found.problems), 'file')} could not be explained.")
        st.dataframe(
            {"file": [file for file, _ in found.problems], "reason": [why for _, why in found.problems]},
            hide_index=True,
        )
    for name, answer, maps in found.images:
        st.text(f"{name}\n{answer}")
        across = min(max(len(maps), 2), COLUMNS)
        for start in range(0, len(maps), across):
            for column, each in zip(st.columns(across), maps[start : start + across], strict=False):
                with column:
                    show_map(each)
    if found.images:
        show_downloads(found)


def show_map(each: ShownMap) -> None:
    """One map, with what the check found."""
    st.image(each.picture)
    if each.caption:
        st.badge("fails its check" if each.fails else "holds its check", color="orange" if each.fails else "green")
        st.caption(each.caption)


def show_downloads(found: Explained) -> None:
    """The figures of all maps, and buttons for the sheet and the arrays."""
    st.subheader("All of them")
    st.dataframe(found.table.drop(columns=["problem"]), hide_index=True)
    with st.container(horizontal=True):
        st.download_button(
            "Download the contact sheet", found.sheet, "explanation.png", "image/png", icon=":material/download:"
        )
        st.download_button(
            "Download the arrays", found.arrays, "explanation.npz", "application/octet-stream",
            icon=":material/download:",
        )  # fmt: skip


def show_layers(network: "Network") -> None:
    """The layers that can be named, with what a position of each sees."""
    from imgcls.explain.views.layers_table import layers_table

    with st.expander("The layers of this model", icon=":material/layers:"):
        if network.maps:
            st.dataframe(layers_table(network), hide_index=True)
        else:
            st.write(f"{network.name} has no feature map; methods on pixels work for it, such as saliency and RISE.")


def run_of(model: str) -> RunFolder | None:
    """The run of a model; None for a bundle and for published weights."""
    return RunFolder(model) if (Path(model) / "config.toml").is_file() else None


def answer(model: str) -> None:
    """Ask for images and what is explained, and show it."""
    from imgcls.workflow.explanation.images import true_classes

    network, run = load_network(model), run_of(model)
    with chosen_images(run, network) as (named, paths):
        question = ask(network)
        asked = (model, modified(Path(model)), named, question)
        if st.button("Explain", type="primary", disabled=not paths, icon=":material/visibility:"):
            st.session_state["explained"] = (asked, explain(network, paths, question, true_classes(run)))
    if st.session_state.get("explained", (None,))[0] == asked:
        show(st.session_state["explained"][1])
    show_layers(network)


st.title("Explain")
st.write("Choose a model and images: heat maps show what counts for its answer, a check whether to believe it.")
with explained():
    chosen_model = choose_model()
    if chosen_model:
        answer(chosen_model)
