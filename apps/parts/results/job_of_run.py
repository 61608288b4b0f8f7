"""A job that finds something out about a run: the latest of its kind, started, and how far it is."""

from collections.abc import Callable

import streamlit as st
from jobs.job import Job, list_jobs, start_job
from projects.judged_run import JudgedRun
from safety import allowed_paths

from parts.errors import in_page
from parts.fragment import fragment
from parts.job_strip import share
from parts.person import who
from parts.plain import plain

REFRESH = 1.0  # seconds


def follow_or(judged: JudgedRun, kind: str, doing: str, unfinished: str, show: Callable[[], None]) -> None:
    """How far the job of a kind is while it runs, else what the page shows; and why the latest did not come to its end.

    Args:
        judged: The run.
        kind: Of the job.
        doing: What it does, as a sentence.
        unfinished: That it did not come to its end, as a sentence.
        show: Shows what it found, or offers to start it.
    """
    job = _latest_job(judged, kind)
    if job and job.is_live:
        _follow_job(judged, kind, doing)
    else:
        show()
    if job and job.state in ("failed", "interrupted"):
        st.warning(f"{unfinished} {in_page(job.message)}")


def _latest_job(judged: JudgedRun, kind: str) -> Job | None:
    """The latest job of a kind for this run."""
    own = [job for job in list_jobs(judged.project) if job.kind == kind and job.about.get("run") == judged.name]
    return max(own, key=lambda job: job.asked, default=None)


def start_job_of(judged: JudgedRun, kind: str, title: str, program: tuple[str, ...]) -> None:
    """Start a job for this run, and show the page anew."""
    start_job(judged.project, kind, title, program, allowed_paths.environment(), {"run": judged.name}, who())
    st.rerun()


@fragment(run_every=REFRESH)
def _follow_job(judged: JudgedRun, kind: str, doing: str) -> None:
    """How far it is, until it has ended; `doing` is what it does, as a sentence."""
    job = _latest_job(judged, kind)
    if job is None or not job.is_live:
        st.rerun()
    st.progress(share(job) or 0.0, text=f"{doing} {plain(job.doing)}", width=300)
