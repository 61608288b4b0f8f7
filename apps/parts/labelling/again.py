"""The way to look at a queue again that is worked off."""

import secrets

import streamlit as st
from projects.decisions import ANEW, read_decision, record
from projects.done_rows import done_rows
from projects.open_queue import WAITING, OpenQueue
from projects.project import Project

from parts.labelling.labeller import begin_again
from parts.labelling.leaving import save
from parts.person import who


def offer_again(project: Project, queue: OpenQueue) -> None:
    """A button under a queue whose images are all done; those that wait for a label come again by themselves."""
    if queue.name == WAITING or not queue.rows or not set(queue.rows) <= set(done_rows(project, queue)):
        return
    if st.button("Look at all of them again", icon=":material/replay:", help="The labels are saved first."):
        save(project)
        about = {"queue": queue.name, "version": queue.version, "row": -1}
        record(project, [read_decision({"id": secrets.token_hex(8), "act": ANEW, **about}, who())])
        begin_again(project)
        st.rerun()
