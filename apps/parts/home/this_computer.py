"""What the app computes on: the machine, what is wrong with it, and how fast it is."""

import streamlit as st
from worker.client import call

from parts.errors import explained


def offer_this_computer() -> None:
    """A button that opens the sheet of this machine."""
    if st.button("This computer", icon=":material/memory:", help="What is wrong with it, and how fast it is"):
        _show()


@st.dialog("This computer", width="large")
def _show() -> None:
    with explained():
        measured = st.session_state.get("computer measured")
        with st.spinner("Looking"):
            found = measured or _examined(False)
        _show_findings(found)
        if measured is None and st.button("Measure how fast it is", help="About a minute on two cores", type="primary"):
            with st.spinner("Measuring for about a minute: reading, training and predicting"):
                st.session_state["computer measured"] = _examined(True)
            st.rerun(scope="fragment")


@st.cache_data(show_spinner=False, ttl=60)
def _examined(measures: bool) -> dict:
    return call("machine.examined", measures=measures)


def _show_findings(found: dict) -> None:
    for sentence in found["wrong"]:
        st.error(sentence)
    if found["well"]:
        st.success("All is well." if found["speeds"] else "All is well, by what can be seen without measuring.")
    for sentence in found["advice"]:
        st.info(sentence)
    for rows in (found["speeds"], found["devices"]):
        if rows:
            st.dataframe(rows, hide_index=True)
    st.dataframe([{"this computer": name, "": text} for name, text in found["rows"]], hide_index=True)
