"""The runs of a project: each with its state, its accuracy, and a way into it; several can be compared."""

from datetime import datetime

import streamlit as st
from jobs.runs import Run, list_runs
from projects.project import Project

from parts.fragment import fragment
from parts.opened import keep
from parts.plain import plain
from parts.train.run_page import badge

SHOWN = 10
REFRESH = 2.0  # seconds


def show_runs(project: Project) -> None:
    """The latest runs, those that live first; while one lives, the list follows it."""
    st.subheader("Runs", anchor=False)
    live = any(run.is_live for run in list_runs(project))

    @fragment(run_every=REFRESH if live else None)
    def follow() -> None:
        found = list_runs(project)
        if live and not any(run.is_live for run in found):
            st.rerun()  # which ends the looking
        _show_list(found)

    follow()


def _show_list(found: list[Run]) -> None:
    if not found:
        st.info("No run yet. Each one is listed here from its start on, also when this page is closed.")
        return
    shown = found if len(found) <= SHOWN or st.toggle(f"Show all {len(found)}") else found[:SHOWN]
    picked = [run.name for run in shown if _show(run, several=len(found) > 1)]
    if len(found) > 1:
        _offer_comparison(picked)


def _show(run: Run, several: bool) -> bool:
    """A row; whether it is picked for a comparison."""
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        able = bool(run.folder and run.folder.metrics())
        key, tip = f"pick {run.name}", "Pick two or more to compare them."
        picked = several and st.checkbox(
            f"Compare {plain(run.name)}", key=key, help=tip, disabled=not able, width="content"
        )
        if not several:
            st.markdown(f"**{plain(run.name)}**", width="content")
        if run.accuracy is not None:
            st.markdown(f"**{100 * run.accuracy:.1f} %** right", width="content")
        badge(run)
        begun = f"{datetime.fromtimestamp(run.changed):%d %b %Y, %H:%M}"
        by = f", {plain(run.job.who)}" if run.job and run.job.who else ""
        st.caption(f"{begun}{by}", width="stretch")
        if st.button("Open", key=f"open {run.name}", help=f"Open {plain(run.name)}"):
            keep(run=run.name)
            st.rerun()
    return bool(picked)


def _offer_comparison(picked: list[str]) -> None:
    label = f"Compare these {len(picked)}" if len(picked) > 1 else "Compare"
    help_of_it = "Pick two or more runs first." if len(picked) < 2 else None
    if st.button(label, icon=":material/stacked_line_chart:", disabled=len(picked) < 2, help=help_of_it):
        keep(compare=",".join(picked))
        st.rerun()
