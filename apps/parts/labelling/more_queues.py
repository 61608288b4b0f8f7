"""Queues that a run can make: labels that look wrong, and images worth labelling first."""

import streamlit as st
from jobs.job import list_jobs, start_job
from projects.open_queue import WAITING, open_queue
from projects.project import Project
from projects.summary import has_several
from safety import allowed_paths

from parts.errors import in_page
from parts.fragment import fragment
from parts.person import who
from parts.plain import plain

REFRESH = 2.0  # seconds
KINDS = {"review": "Look for wrong labels", "sort": "Find the images worth labelling first"}


def offer_more_queues(project: Project, version: int) -> None:
    """What can be looked for with the latest run that has a model."""
    runs = sorted(project.runs.glob("[!.]*/model.keras"), key=lambda file: -file.stat().st_mtime)
    if not runs or has_several(project, version):  # neither is known for images of several classes
        return
    run = runs[0].parent
    with st.expander("Let a model choose what to look at"):
        st.caption(f"With the run {plain(run.name)}. Each takes a few minutes; what is found becomes a queue above.")
        if st.button(KINDS["review"], help="Judges each label by models that have not seen it."):
            _start(project, "review", ["imgcls.review", str(run)], run.name)
        waiting = len(open_queue(project, WAITING, version).rows)
        if waiting and st.button(
            KINDS["sort"], help="Those that the model doubts most and that are unlike each other."
        ):
            _start(project, "sort", ["jobs.programs.worth_labelling", str(project.folder), str(run)], run.name)
        _show_progress(project)


def _start(project: Project, kind: str, program: list[str], run: str) -> None:
    start_job(project, kind, KINDS[kind], program, allowed_paths.environment(), {"run": run}, who())


@fragment(run_every=REFRESH)
def _show_progress(project: Project) -> None:
    jobs = [job for job in list_jobs(project) if job.kind in KINDS]
    live = [job.id for job in jobs if job.is_live]
    before = st.session_state.get("queues being made", [])
    st.session_state["queues being made"] = live
    if jobs and jobs[0].is_live:
        st.caption(f"{jobs[0].title}: {plain(jobs[0].doing) or 'starting'}")
    elif jobs and jobs[0].state == "failed":
        st.error(in_page(jobs[0].message))
    if set(before) - set(live):
        st.rerun()
