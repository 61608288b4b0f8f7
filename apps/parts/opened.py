"""Which project is open, and the way from page to page: both stand in the address."""

from pathlib import Path
from typing import NoReturn

import streamlit as st
from projects.project import Project, open_project

from parts.errors import as_sentence

PAGES = {  # by their name in the address: file, title, icon
    "home": ("views/home.py", "Projects", ":material/home:"),
    "data": ("views/data.py", "Data", ":material/photo_library:"),
    "label": ("views/label.py", "Label", ":material/label:"),
    "train": ("views/train.py", "Train", ":material/model_training:"),
    "results": ("views/results.py", "Results", ":material/query_stats:"),
    "predict": ("views/predict.py", "Predict", ":material/image_search:"),
    "deploy": ("views/deploy.py", "Deploy", ":material/rocket_launch:"),
    "learn": ("views/learn.py", "Learn", ":material/school:"),
}
GOING = "going"  # the key of the container of the link that `go` follows
_presses_the_link = st.components.v2.component(
    "presses_the_link",
    js=Path(__file__).with_suffix(".js").read_text("utf-8"),
    isolate_styles=False,  # the link stands outside of it
)


def asked_project() -> Project | None:
    """The project that the address names; None if it names none.

    Raises:
        ValueError: There is no such project.
    """
    name = st.query_params.get("project")
    return open_project(name) if name else None


def the_project() -> Project:
    """The project that the address names; without one, the page says where to choose one and ends."""
    project = None
    try:
        project = asked_project()
        if project is None:
            st.info("No project is open. Choose one, or make a new one.")
    except (ValueError, OSError) as error:
        st.error(as_sentence(error))
    if project is None:
        link("home", None)
        st.stop()
    return project


def link(page: str, project: Project | None, label: str = "", **address: str) -> None:
    """A link to a page, with the project and what else its address says."""
    file, title, icon = PAGES[page]
    st.page_link(file, label=label or title, icon=icon, query_params=_address(project, address))


def go(page: str, project: Project | None, **address: str) -> NoReturn:
    """Go to a page at once, as a click on a link does; the browser's Back leads to the address that was left.

    `st.switch_page` leaves an entry in the browser's history in between: this page with the next one's address.
    """
    with st.container(key=GOING):
        link(page, project, **address)
        _presses_the_link()
    st.stop()


def keep(**address: str | None) -> None:
    """Write what is chosen into the address, so that a reload or another tab shows it; None takes it out."""
    for name, value in address.items():
        if value is None:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = value


def _address(project: Project | None, address: dict[str, str]) -> dict[str, str]:
    return {**({"project": project.name} if project else {}), **address}
