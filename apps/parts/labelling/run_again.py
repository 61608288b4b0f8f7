"""Runs the part of the page again that is being run."""

import streamlit as st
from streamlit.errors import StreamlitAPIException


def run_again() -> None:
    """Run the fragment again, or the whole page if that is what runs."""
    try:
        st.rerun(scope="fragment")
    except StreamlitAPIException:
        st.rerun()
