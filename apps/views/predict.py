"""Predict: name what is on images, with a run, a bundle, or published ImageNet weights."""

from dataclasses import replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import streamlit as st
from parts.errors import explained
from parts.gallery import cards
from parts.library import load_predictor, modified
from parts.model_choice import choose_model

from imgcls.counted import counted
from imgcls.evaluation.pages.thumbnails import thumbnail
from imgcls.image_files import READABLE

if TYPE_CHECKING:
    from imgcls.serving.predictor import Predictions, Predictor

TOP = 3  # classes named on an image
CARDS_A_PAGE = 24
MOST_MEGABYTES = 100  # a file


def predict(predictor: "Predictor", files: list) -> tuple["Predictions", list[str]]:
    """Predictions and small images of uploaded files; paths are the names that the files were uploaded under."""
    bar = st.progress(0.0, text=f"Looking at {counted(len(files), 'image')}")
    with TemporaryDirectory(prefix="imgcls-") as folder:
        paths = [Path(folder) / str(place) for place in range(len(files))]
        for path, file in zip(paths, files, strict=True):
            path.write_bytes(file.getvalue())
        predictions = predictor.predict_files(paths, lambda done: bar.progress(done / len(files)))
        images = ["" if problem else thumbnail(path) for path, problem in zip(paths, predictions.problems, strict=True)]
    bar.empty()
    names = [Path(PurePosixPath(file.name).name) for file in files]
    return replace(predictions, paths=names), images


def show(predictions: "Predictions", images: list[str]) -> None:
    """Show a card for each image that was predicted, and the files that could not be read."""
    problems = [(str(p), why) for p, why in zip(predictions.paths, predictions.problems, strict=True) if why]
    if problems:
        st.warning(
            f"{len(problems):,} of {counted(len(images), 'file')} could not be read. The others are named below."
        )
        st.dataframe({"file": [file for file, _ in problems], "reason": [why for _, why in problems]}, hide_index=True)
    if predictions.transcoded:
        st.caption(f"{len(predictions.transcoded):,} of the files were read as a PNG made of them.")
    good = predictions.readable.nonzero()[0]
    if not len(good):
        return
    pages = -(-len(good) // CARDS_A_PAGE)
    page = st.pagination(pages) if pages > 1 else 1
    entries = []
    for place in good[(page - 1) * CARDS_A_PAGE : page * CARDS_A_PAGE]:
        row = predictions.probabilities[place]
        named = [(predictions.class_names[i], float(row[i])) for i in (-row).argsort()[:TOP]]
        entries.append((images[place], str(predictions.paths[place]), named))
    cards(entries)


def show_table(predictions: "Predictions") -> None:
    """Show all predictions as a table that can be downloaded."""
    table = predictions.table(TOP)
    st.subheader("All of them")
    shown = [column for column in table if not column.startswith("probability_")]
    percent = st.column_config.ProgressColumn(format="percent", min_value=0.0, max_value=1.0)
    st.dataframe(table, hide_index=True, column_order=shown, column_config={"probability": percent})
    st.download_button(
        "Download the table", table.to_csv(index=False), "predictions.csv", "text/csv", icon=":material/download:"
    )


st.title("Predict")
st.write("Choose a model and give it images: it says what is on them, and how sure it is.")
place = st.container()
files = st.file_uploader("Images", accept_multiple_files=True, max_upload_size=MOST_MEGABYTES, key="images")
with place, explained():
    model = choose_model()
with explained():
    if not files:
        st.caption(f"{READABLE}. A file that cannot be read is named, and the others are predicted.")
    elif model:
        asked = (model, modified(Path(model)), tuple(file.file_id for file in files))
        if st.session_state.get("predicted", (None,))[0] != asked:
            st.session_state["predicted"] = (asked, *predict(load_predictor(model), files))
        show(*st.session_state["predicted"][1:])
        show_table(st.session_state["predicted"][1])
