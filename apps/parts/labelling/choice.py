"""Which queue is worked off; the address says it."""

import streamlit as st
from projects.open_queue import offered_queues
from projects.project import Project
from projects.queues import load_queue

from parts.addressed import addressed, keep_field


def choose_queue(project: Project, version: int) -> str | None:
    """A field with the queues that have images; returns the name of the one that is chosen."""
    offered = offered_queues(project, version)
    asked = st.query_params.get("queue")
    if asked and asked not in offered:
        offered = {asked: _title(project, asked), **offered}
    names = list(offered)
    if not names:
        return None
    chosen = st.selectbox(
        "Images to label",
        names,
        format_func=lambda name: offered.get(name, name),
        key=addressed("queue", names, names[0]),
        width=420,
    )
    keep_field("queue", chosen)
    return chosen


def _title(project: Project, name: str) -> str:
    """A queue that is worked off stays in the list."""
    try:
        return load_queue(project, name).title
    except ValueError:
        return {"no-label": "No label yet"}.get(name, name.partition(":")[2] or name)
