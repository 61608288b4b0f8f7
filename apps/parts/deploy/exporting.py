"""Which run is taken into use, and the job that exports it."""

import streamlit as st
from jobs.job import Job, list_jobs, start_job
from jobs.known_models import list_models
from projects.models import RUN
from projects.project import Project
from safety import allowed_paths

from parts.chosen_run import ask_for_run
from parts.errors import in_page
from parts.opened import link
from parts.person import who


def choose_run(project: Project) -> str:
    """Ask for the run; without one, the page says what to do and ends."""
    runs = [model.run for model in list_models(project) if model.kind == RUN]
    if not runs:
        st.info("There is no trained model in this project yet. Train one first; then it can be taken into use here.")
        link("train", project, "Train a model")
        st.stop()
    run = ask_for_run(runs)
    if run is None:
        st.stop()
    failed = _last_export(project, run)
    if failed and failed.state in ("failed", "interrupted"):
        st.error(f"The last export failed: {in_page(failed.message)}")
    return run


def export_and_start(project: Project, run: str, bundle: str) -> Job:
    """Start a job that exports a run, and then a server of it."""
    program = ("jobs.programs.export_and_start", project.name, run, bundle, who())
    about = {"run": run, "bundle": bundle}
    return start_job(project, "export", f"Exporting {run}", program, allowed_paths.environment(), about, who())


def running_export(project: Project, bundle: str) -> Job | None:
    """The job that exports to this name now, if there is one."""
    found = (job for job in list_jobs(project) if job.kind == "export" and job.is_live)
    return next((job for job in found if job.about.get("bundle") == bundle), None)


def _last_export(project: Project, run: str) -> Job | None:
    found = (job for job in list_jobs(project) if job.kind == "export")
    return next((job for job in found if job.about.get("run") == run), None)
