"""The answers that were given before, to open or to delete."""

from datetime import datetime

import streamlit as st
from jobs.job import list_jobs
from projects.answers import Answer, delete_answer, list_answers
from projects.project import Project

from parts.opened import keep, link
from parts.plain import plain

SHOWN = 20


def show_earlier(project: Project, shown: Answer | None) -> None:
    """A list of all answers but the one that is on the page."""
    answers = [answer for answer in list_answers(project) if shown is None or answer.id != shown.id]
    if not answers:
        return
    with st.expander(f"Earlier answers ({len(answers):,})", expanded=shown is None):
        for answer in answers[:SHOWN]:
            with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
                link("predict", project, described(answer), answer=answer.id)
                gone = st.button("Delete", key=f"delete {answer.id}", icon=":material/delete:", type="tertiary")
            if gone and _delete(project, answer):
                st.rerun()


def show_head(project: Project, answer: Answer) -> None:
    """What this answer is, with the way to another one."""
    st.subheader(described(answer), anchor=False)
    with st.container(horizontal=True):
        new = st.button("New answer", icon=":material/add:", help="The next images begin an answer of their own.")
        gone = st.button("Delete this", icon=":material/delete:")
    if new or (gone and _delete(project, answer)):
        keep(answer=None, kind=None)
        st.rerun()


def _delete(project: Project, answer: Answer) -> bool:
    """Whether the answer was deleted: one that a job still writes would come back."""
    if any(job.is_live and job.about.get("answer") == answer.id for job in list_jobs(project)):
        st.error("It cannot be deleted while its images are being named. Cancel that first, at the side.")
        return False
    delete_answer(answer)
    return True


def described(answer: Answer) -> str:
    """When it was asked, what, by whom and of which model: a narrow page cuts off the end, and the time tells most."""
    by = f", {answer.who}" if answer.who else ""
    return plain(f"{datetime.fromtimestamp(answer.when):%d %b, %H:%M:%S}: {answer.title}{by}: {answer.model.title}")
