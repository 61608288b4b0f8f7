"""What is around every page: the pages' names, the open project, and what runs. The address names the project."""

from contextlib import suppress
from pathlib import Path

import streamlit as st
from parts.errors import explained
from parts.job_strip import show_jobs
from parts.labelling.leaving import leave
from parts.opened import PAGES, asked_project, link
from parts.plain import plain
from parts.theme import close_to_the_top, readable_buttons, readable_code, visible_focus
from safety import accounts, allowed_paths

ICON = Path(__file__).with_name("icon.svg")  # a :material/...: icon here would be fetched from a font server
st.set_page_config(page_title="imgcls", page_icon=ICON, layout="wide")
page = st.navigation([st.Page(file, title=title, icon=icon, url_path=name, default=name == "home")
                      for name, (file, title, icon) in PAGES.items()], position="hidden")  # fmt: skip
close_to_the_top()
readable_buttons()
readable_code()
visible_focus()
with explained():
    allowed_paths.enforce()
    accounts.ask_for_login()
    project = None
    with suppress(ValueError, OSError):  # the page says why it cannot be opened
        project = asked_project()
    with st.sidebar:
        link("home", None)
        if project:
            st.subheader(plain(project.title), anchor=False)
            for name in PAGES:
                if name not in ("home", "learn"):
                    link(name, project)
        link("learn", project)
        show_jobs()
        accounts.show_logout()
    if page.url_path != "label":
        leave()
    page.run()
