"""Measures how fast a server answers, as a job, and shows its figures."""

import re

import pandas as pd
import streamlit as st
from jobs.job import Job, list_jobs, log_of, start_job
from jobs.servers import Server
from projects.project import Project
from safety import allowed_paths

from parts.errors import in_page
from parts.person import who

SECONDS, MOST_CLIENTS = 2.0, 16  # of each measurement; who ask at the same time
NUMBERS = re.compile(r"^\W*(\d+)\W+([\d.,]+)\W+([\d.,]+)\W+([\d.,]+)\W+([\d.,]+)\W+(\d+)\W*$")
COLUMNS = ("at the same time", "images a second", "half answered within ms", "95 % within ms", "99 % within ms",
           "failed")  # fmt: skip
TITLES = ("Clients that send one image each", "One client with several images in a request")


def show_load_test(project: Project, server: Server) -> None:
    """A button that starts it, and the figures of the last one."""
    last = last_test(project, server.bundle)
    if last and last.state == "queued":
        st.caption("The load test waits until another job has ended; the strip at the side shows what runs.")
    elif last and last.is_live:
        st.caption("Measuring: the strip at the side shows how far it is.")
    elif st.button("Run a load test", icon=":material/speed:", help="Half a minute, in which the server is busy."):
        program = ("imgcls.serve", "load", server.model_address, "--bundle", str(project.bundles / server.bundle),
                   "--seconds", str(SECONDS), "--most-clients", str(MOST_CLIENTS))  # fmt: skip
        about = {"bundle": server.bundle}
        title = f"Load test of {server.bundle}"
        start_job(project, "load test", title, program, allowed_paths.environment(), about, who())
        st.rerun()
    if last and not last.is_live:
        if last.state != "finished":
            st.error(in_page(last.message) or "The load test was cancelled.")
        for title, table in zip(TITLES, figures(log_of(project, last.id)), strict=False):
            st.caption(title)
            st.dataframe(table, hide_index=True)
        st.caption("Clients and server shared this machine: another one alone gives figures to rely on.")


def last_test(project: Project, bundle: str) -> Job | None:
    """The latest load test of an exported model."""
    return next((j for j in list_jobs(project) if j.kind == "load test" and j.about.get("bundle") == bundle), None)


def speed_of(project: Project, bundle: str) -> str:
    """The best that the last load test measured, as a part of a sentence; empty if there was none."""
    last = last_test(project, bundle)
    tables = figures(log_of(project, last.id)) if last and last.state == "finished" else []
    if not tables:
        return ""
    alone, best = tables[0].iloc[0], tables[0].iloc[tables[0][COLUMNS[1]].argmax()]
    return (
        f"one client gets an answer in {alone[COLUMNS[2]]:.0f} ms; "
        f"{best[COLUMNS[0]]:.0f} at the same time get {best[COLUMNS[1]]:.0f} images a second"
    )


def figures(text: str) -> list[pd.DataFrame]:
    """The tables that a load test printed: a new one begins where the first number falls."""
    rows = [[float(value.replace(",", "")) for value in found.groups()] for line in text.splitlines()
            if (found := NUMBERS.match(line))]  # fmt: skip
    tables: list[list[list[float]]] = []
    for row in rows:
        if not tables or row[0] <= tables[-1][-1][0]:
            tables.append([])
        tables[-1].append(row)
    return [pd.DataFrame(table, columns=list(COLUMNS)) for table in tables]
