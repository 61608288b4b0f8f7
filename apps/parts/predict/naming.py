"""Lets the worker name the images that wait, and shows the answers as they come."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import streamlit as st
from projects.answers import Answer, put, rows_of
from projects.models import SERVER
from worker.client import stream

from imgcls.counted import counted
from parts.errors import in_page
from parts.predict.cards import cards
from parts.predict.model_choice import server_token

SHOWN = 24  # cards while the answers come


def name_waiting(answer: Answer, threshold: float) -> None:
    """Name the images of an answer that wait; the page begins anew once that is done."""
    table = rows_of(answer)
    waiting = table[table["waits"].astype(bool)].drop_duplicates("sha256")
    failed = st.session_state.get("failed", {})
    if waiting.empty or answer.pictures:
        return
    if answer.id in failed:
        st.error(failed[answer.id])
        if not st.button("Try again", icon=":material/refresh:"):
            return
        del failed[answer.id]
    try:
        _name(answer, waiting, threshold)
    except (ValueError, OSError, RuntimeError) as error:
        st.session_state["failed"] = {**failed, answer.id: in_page(str(error))}
    st.rerun()


def _name(answer: Answer, waiting: pd.DataFrame, threshold: float) -> None:
    total, done = len(waiting), 0
    bar = st.progress(0.0, f"Naming {counted(total, 'image')}: the model is being loaded")
    place = st.empty()
    for rows in _asked(answer, waiting):
        put(answer, rows)
        done += len(rows)
        bar.progress(done / total, f"{done:,} of {counted(total, 'image')}")
        place.html(cards(rows_of(answer).tail(SHOWN).to_dict("records"), threshold))


def _asked(answer: Answer, waiting: pd.DataFrame) -> Iterator[list[dict]]:
    pictures = list(zip(waiting["file"], waiting["sha256"], strict=True))
    if answer.model.kind == SERVER:
        return stream("predict.name_on_server", address=answer.model.source, token=server_token(), pictures=pictures)
    if answer.model.kind != "imagenet" and not Path(answer.model.source).is_dir():
        raise ValueError(f"{answer.model.title} is not there any more: somebody deleted it. Choose another model.")
    return stream("predict.name_pictures", source=answer.model.source, state=answer.state, pictures=pictures)
