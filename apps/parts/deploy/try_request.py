"""Asks the running server about one image, as any program would."""

import streamlit as st
from jobs.servers import Server
from projects.threshold import percent

from imgcls.serving.client import Client
from parts.errors import in_page
from parts.plain import plain

TOP = 3
SECONDS = 30.0


def show_request(server: Server, threshold: float) -> None:
    """A place for one image, and what the server answers; threshold: from which probability on it names a class."""
    picture = st.file_uploader("Try it with an image", key=f"try {server.job.id}")
    if not picture:
        return
    with Client(server.model_address, timeout=SECONDS) as client:
        (said,) = client.predict([picture.getvalue()])
    if said.problem:
        st.warning(f"The server cannot read {plain(picture.name)}: {in_page(said.problem)}.")
        return
    left, right = st.columns([1, 3])
    left.image(picture, caption=plain(picture.name), width=160)
    with right:
        if said.decision:
            st.write(f"Its decision: **{plain(said.decision)}**")
        for name, share in list(zip(said.classes, said.probabilities, strict=True))[:TOP]:
            st.progress(min(1.0, share), f"{plain(name)}: {percent(share, threshold)}")
        st.caption("The likeliest classes, as the server sent them.")
