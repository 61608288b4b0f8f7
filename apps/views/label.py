"""label."""

import streamlit as st

st.title("label")
