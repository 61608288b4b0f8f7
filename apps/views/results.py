"""Results: what a run is worth, what it gets wrong and why, and what to do about it."""

import streamlit as st
from parts.addressed import addressed, keep_field
from parts.chosen_run import ask_for_run
from parts.errors import explained
from parts.opened import keep, link, the_project
from parts.results.comparison import show_comparison
from parts.results.downloads import show_downloads
from parts.results.embedding import show_map
from parts.results.findings import show_calibration, show_classes, show_slices
from parts.results.headline import show_headline, show_weakest
from parts.results.learning_curve import show_learning_curve
from parts.results.mistakes import show_mistakes
from parts.results.next_steps import show_next_steps
from parts.results.opened_picture import asked_picture, show_picture
from parts.results.sureness import show_threshold
from parts.results.way_through import way_through
from projects.judged_run import JudgedRun, judged_run, judged_runs
from projects.project import Project

TOPICS = {
    "mistakes": "Mistakes",
    "map": "Map of images",
    "sure": "How sure",
    "parts": "Where it is worse",
    "compare": "Compare runs",
    "report": "Report",
}


def chosen_run(project: Project) -> JudgedRun | None:
    """Ask which run. None if none is finished, or the one of the address is gone."""
    names = judged_runs(project)
    if not names:
        st.info("No run is finished yet. Train one first; what it is worth stands here then.")
        link("train", project)
        return None
    asked = st.query_params.get("run")
    name = ask_for_run(names, width=320)
    if name is None:
        return None
    if asked and name != asked:
        keep(cell=None, picture=None, slice=None, chosen=None)
    return judged_run(project, name)


def show_topic(judged: JudgedRun) -> None:
    """One topic at a time; the address names it."""
    topic = st.segmented_control(
        "Topic",
        list(TOPICS),
        key=addressed("show", list(TOPICS), next(iter(TOPICS))),
        format_func=TOPICS.__getitem__,
        label_visibility="collapsed",
        required=True,
    )
    keep_field("show", topic)
    if topic == "mistakes":
        show_mistakes(judged)
    elif topic == "map":
        show_map(judged)
    elif topic == "sure":
        show_threshold(judged)
        show_calibration(judged)
    elif topic == "parts":
        show_slices(judged)
        show_classes(judged)
        show_learning_curve(judged)
    elif topic == "compare":
        show_comparison(judged)
    else:
        show_downloads(judged)


def show(judged: JudgedRun) -> None:
    """One image, if the address names one; else all of the run."""
    picture, body = asked_picture(judged), st.empty()
    if picture is not None:
        body.empty()  # what stood here goes at once, although what follows may take seconds
        with body.container():
            show_picture(judged, picture, way_through(judged, picture))
        return
    with body.container():
        show_headline(judged)
        show_weakest(judged)
        show_next_steps(judged)
        show_topic(judged)


st.title("Results")
with explained():
    project = the_project()
    judged = chosen_run(project)
    if judged:
        show(judged)
