"""Which run a page is about; it stands in the address."""

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from parts.addressed import addressed, keep_field, missing
from parts.plain import plain


def ask_for_run(runs: Sequence[str], width: int | Literal["stretch"] = "stretch") -> str | None:
    """Ask for a run; the one that the address names comes first, else the first of these.

    None while the address names one that is not there any more: what was pressed for it is done to no other.
    """
    gone = missing("run", runs)
    key = addressed("run", runs, None if gone else runs[0])
    run = st.selectbox("Run", runs, key=key, placeholder="Choose a run", width=width)
    if run is None:
        st.warning(f"The run {plain(gone)} is not finished, or not there any more. Choose another one.")
        return None
    keep_field("run", run)
    return run
