"""From which list of images the open one comes, so that Previous and Next lead through that one."""

import numpy as np
import streamlit as st
from projects.judged_run import JudgedRun

from parts.results.comparison import only_right
from parts.results.embedding import asked_places
from parts.results.mistakes import asked_cell, chosen_places
from parts.results.part_pictures import asked_part


def way_through(judged: JudgedRun, place: int) -> np.ndarray:
    """The places of the images of the topic that the address names, in the order in which they are shown there.

    Args:
        judged: The run.
        place: Of the open image; of two lists on a page, its own is taken.
    """
    topic = st.query_params.get("show")
    if topic == "map":
        return asked_places(judged)
    if topic == "parts":
        return asked_part(judged)
    if topic == "compare":
        return next((some for some in only_right(judged) if place in some), np.zeros(0, int))
    return chosen_places(judged, asked_cell(judged))
