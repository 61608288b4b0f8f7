"""Projects as cards."""

from html import escape

import streamlit as st
from images.addresses import picture_address
from jobs.job import Job
from projects.overview import Overview, overview_of
from projects.project import Project

from imgcls.counted import counted
from parts.home.manage import manage_button, show_managed
from parts.opened import link
from parts.plain import plain

COLUMNS = 3
NO_IMAGE = (
    '<div style="height:150px;border-radius:6px;background:rgba(128,128,128,.14);display:flex;align-items:center;'
    'justify-content:center;opacity:.8">No images yet</div>'
)


def show_cards(projects: list[Project], jobs: list[Job]) -> None:
    """A card for each project, the one that was worked on last first."""
    for first in range(0, len(projects), COLUMNS):
        columns = st.columns(COLUMNS)
        for column, project in zip(columns, projects[first : first + COLUMNS], strict=False):
            with column, st.container(border=True, height="stretch"):
                _show(project, overview_of(project), [job for job in jobs if job.project == project.name])
    show_managed(projects)


def _show(project: Project, seen: Overview, jobs: list[Job]) -> None:
    st.html(_image(project, seen))
    link("data", project, plain(project.title))
    st.caption("  \n".join([_counts(seen), _best(seen)]))
    for job in jobs:
        doing = f"{100 * job.done / job.total:.0f} %" if job.total else job.state
        st.caption(f":material/progress_activity: {plain(job.title)}: {doing}")
    manage_button(project)


def _image(project: Project, seen: Overview) -> str:
    if seen.row < 0:
        return NO_IMAGE
    address = picture_address(project, seen.version, seen.row, 384)
    return (
        f'<img src="{address}" loading="lazy" alt="An image of {escape(project.title)}" style="width:100%;height:150px;'
        'object-fit:cover;border-radius:6px;background:rgba(128,128,128,.14)">'
    )


def _counts(seen: Overview) -> str:
    if not seen.version:
        return "No images yet"
    waiting = f", {seen.unlabelled:,} without label" if seen.unlabelled else ""
    return f"{counted(seen.images, 'image')} of {counted(seen.classes, 'class')}{waiting}"


def _best(seen: Overview) -> str:
    best = seen.best
    if best is None:
        return "Nothing trained yet"
    return f"Best: {100 * best.accuracy:.1f} % right ({100 * best.low:.1f} to {100 * best.high:.1f} %)"
