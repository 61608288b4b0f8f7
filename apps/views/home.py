"""Home: all projects, and the way to a new one."""

import streamlit as st
from jobs.job import live_jobs
from parts.errors import explained
from parts.home.beginning import ask_for_first, ask_for_name, try_sample
from parts.home.cards import show_cards
from parts.home.this_computer import offer_this_computer
from parts.plain import plain
from projects.project import list_projects, not_listed

projects = list_projects()
with st.container(horizontal=True, vertical_alignment="center"):
    st.title("Projects", anchor=False)
    with explained():
        ask_for_name()
        if projects:
            try_sample(primary=False)
        offer_this_computer()
with explained():
    if projects:
        show_cards(projects, live_jobs())
    else:
        ask_for_first()
    for sentence in not_listed():
        st.warning(plain(sentence))
