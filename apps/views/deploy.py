"""deploy."""

import streamlit as st

st.title("deploy")
