"""What the theme of .streamlit/config.toml cannot say."""

import streamlit as st

INK = "#0b1220"  # on the dark theme's primary color: 8:1; Streamlit would write white, 2.1:1
BUTTONS = 'button[kind^="primary"]:not(:disabled)'


def readable_buttons() -> None:
    """In the dark theme, dark words on the light buttons of the main actions."""
    if st.context.theme.type == "dark":
        st.html(f"<style>{BUTTONS}, {BUTTONS} p {{ color: {INK}; }}</style>")
