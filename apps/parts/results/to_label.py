"""Sends images of a run to the page Label."""

import numpy as np
import streamlit as st
from projects.judged_run import JudgedRun
from projects.queues import save_chosen
from projects.versions import current_number

from parts.opened import go


def label_button(
    judged: JudgedRun, places: np.ndarray, label: str, title: str, *, primary: bool = False, key: str | None = None
) -> None:
    """A button that keeps a queue of these images and opens Label with it.

    Args:
        judged: The run.
        places: Of the images among the test images, in the order in which they are shown there.
        label: On the button.
        title: Of the queue.
        primary: Whether it is the page's main action.
        key: Of the button, where another one has the same label.
    """
    rows = judged.rows_now[places]
    there = rows >= 0
    kind = "primary" if primary else "secondary"
    pressed = st.button(label, type=kind, icon=":material/label:", key=key, disabled=not there.any())
    if not there.all():
        st.caption(_gone(int((~there).sum()), len(places)))
    if pressed:
        go("label", judged.project, queue=queue_of(judged, places[there], title))


def queue_of(judged: JudgedRun, places: np.ndarray, title: str) -> str:
    """Keep these images as a queue; the answer of the model is suggested where it is another class than the label."""
    rows = judged.rows_now[places].tolist()
    said = {
        row: judged.answer(place)
        for row, place in zip(rows, places.tolist(), strict=True)
        if not (judged.answers.right[place] or judged.table.is_multi_label)
    }
    name = f"{judged.name} {title}"
    return save_chosen(judged.project, name, title, rows, current_number(judged.project), said)


def _gone(count: int, of: int) -> str:
    """How many of some images cannot be sent."""
    if of == 1:
        return "This image is not in the data any more."
    return f"{count:,} of these images {'is' if count == 1 else 'are'} not in the data any more."
