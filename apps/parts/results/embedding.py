"""The map of the test images by what the network sees in them; a selection can be sent to Label.

The address names the layout and what is chosen.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from images.addresses import picture_addresses
from projects.judged_run import JudgedRun
from projects.kept_places import keep_places, kept_places
from projects.versions import current_number

from imgcls.counted import counted
from imgcls.files import read_json
from parts.addressed import addressed, keep_field
from parts.errors import callback
from parts.fragment import fragment
from parts.opened import keep
from parts.results.computed import is_there
from parts.results.pictures import caption, pictures
from parts.results.scatter import Scattered, scatter
from parts.results.to_label import label_button

LAYOUTS = {"pca": "Quick (PCA)", "tsne": "By neighbors (t-SNE)"}
SIDE = 96  # pixels
EVERY = "all classes"


@fragment()
def show_map(judged: JudgedRun) -> None:
    """The map, what is chosen on it, and the way to Label."""
    st.subheader("Which images are alike to the network?", anchor=False)
    st.write("Draw a line around images to choose them. A cross marks a wrong answer; a click opens an image.")
    layout = _layout()
    file = judged.findings.absolute() / f"map-{layout}.json"
    asked = {"run": str(judged.folder.path.absolute()), "split": "test", "file": str(file), "method": layout}
    if not is_there(file, "Laying out the images: up to a minute for thousands, once", "explain.lay_out", asked):
        return
    laid = read_json(file)
    places = np.array(laid["places"], int)
    chosen = np.flatnonzero(np.isin(places, asked_places(judged))).tolist()
    points = _points(judged, laid, places)
    opened = scatter(f"map {judged.findings} {layout}", points, chosen, lambda found: _choose(judged, places[found]))
    if opened is not None:
        keep(picture=str(places[opened]))
        st.rerun()
    st.caption(f"{' '.join(laid['sentences'])} Trustworthiness {laid['trustworthiness']:.2f} (1: neighbors stay so).")
    _choose_by_class(judged, places)
    _show_chosen(judged, asked_places(judged))


def asked_places(judged: JudgedRun) -> np.ndarray:
    """The places of the chosen images, as the address names them; none if it names none."""
    return kept_places(judged, st.query_params.get("chosen", ""))


def _layout() -> str:
    key = addressed("layout", list(LAYOUTS), "pca")
    layout = st.radio("Layout", list(LAYOUTS), format_func=LAYOUTS.__getitem__, horizontal=True, key=key)
    keep_field("layout", None if layout == "pca" else layout)
    return layout


def _points(judged: JudgedRun, laid: Mapping[str, Any], places: np.ndarray) -> Scattered:
    number = current_number(judged.project)
    return Scattered(
        laid["x"],
        laid["y"],
        [str(label) for label in judged.table.rows["label"].to_numpy()[places]],
        (~judged.answers.right[places]).tolist(),
        picture_addresses(judged.project, number, SIDE) if number else "",
        judged.rows_now[places].tolist(),
        [caption(judged, int(place)) for place in places],
    )


def _choose(judged: JudgedRun, places: Iterable[int]) -> None:
    found = list(places)
    keep(chosen=keep_places(judged, found) if found else None)


def _choose_by_class(judged: JudgedRun, places: np.ndarray) -> None:
    """The same without a mouse, and the table beside the chart."""
    with st.expander("Choose without drawing, and as a table"):
        labels = judged.table.rows["label"].to_numpy()[places]
        wrong = ~judged.answers.right[places]
        name = st.selectbox("Class", [EVERY, *sorted(set(labels))])
        only = st.checkbox("Only wrong answers", True)
        wanted = places[((labels == name) | (name == EVERY)) & (wrong | (not only))]
        st.button(f"Choose these {len(wanted):,}", on_click=callback(_choose), args=(judged, wanted))
        answers = [judged.answer(int(place)) for place in places]
        st.dataframe(pd.DataFrame({"class": labels, "answer": answers, "wrong": wrong}), hide_index=True)


def _show_chosen(judged: JudgedRun, places: np.ndarray) -> None:
    if not len(places):
        return
    st.markdown(f"**{counted(len(places), 'image')} chosen**")
    label_button(judged, places, "Label these", f"Chosen on the map of {judged.name}", primary=True)
    chosen = pictures(judged, places, f"chosen images {judged.name}")
    if chosen.opened is not None:
        keep(picture=str(chosen.opened))
        st.rerun()
