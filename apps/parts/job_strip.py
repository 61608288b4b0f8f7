"""The strip at the side that shows what runs, in this project and in the others."""

import streamlit as st
from jobs.job import Job, cancel, live_jobs
from jobs.servers import STARTS, Server
from projects.project import open_project

from parts.fragment import fragment
from parts.plain import plain

REFRESH = 2.0  # seconds


@fragment(run_every=REFRESH)
def show_jobs() -> None:
    """Each job with its progress and a button that ends it."""
    for job in live_jobs():
        with st.container(border=True):
            title = plain(open_project(job.project).title)
            st.caption(f"{title}{', ' + plain(job.who) if job.who else ''}")
            doing, serves = f"**{plain(job.title)}**  \n{_doing(job)}", job.kind == "serve"
            if serves:
                st.markdown(doing)
            else:
                st.progress(share(job) or 0.0, text=doing)
            if st.button(
                "Stop" if serves else "Cancel", key=f"cancel {job.project} {job.id}", disabled=job.state == "ending"
            ):
                cancel(open_project(job.project), job.id)
                st.rerun(scope="fragment")


def share(job: Job) -> float | None:
    """How much of what it is at is done, in [0, 1]; None if it is not known."""
    return min(1.0, job.done / job.total) if job.total else None


def _doing(job: Job) -> str:
    if job.state == "queued":
        return "Waits until another job has ended"
    if job.state == "ending":
        return "Ending"
    if job.kind == "serve":
        return "Answers until it is stopped" if _answers(job) else STARTS.capitalize()
    counts = f", {job.done:,} of {job.total:,}" if job.total else ""
    return f"{plain(job.doing) or 'Starting'}{counts}"


def _answers(job: Job) -> bool:
    """Whether a server has begun to answer; once it has, it is not asked again."""
    found = st.session_state.setdefault("servers that answer", set())
    if job.folder not in found and Server(job, str(job.about["bundle"])).is_ready():
        found.add(job.folder)
    return job.folder in found
