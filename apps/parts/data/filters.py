"""Which images the page shows: filters, each of which stands in the address."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from projects.chosen_rows import NO_SPLIT, STATES, chosen_rows, origin_of, split_of, state_of
from projects.project import Project
from projects.run_doubts import Doubts, doubts_of, reviewed_runs
from projects.summary import Summary

from imgcls.data.audit import KINDS
from imgcls.data.manifest.table import SPLITS, Manifest
from imgcls.labels import FORMATS
from parts.plain import plain


def filtered(
    project: Project, number: int, manifest: Manifest, summary: Summary, problems: dict[str, list[int]]
) -> tuple[list[int], Doubts]:
    """Draw the filters.

    Args:
        project: The project.
        number: The version that is shown.
        manifest: Its images.
        summary: Its numbers.
        problems: Rows of each kind of finding.

    Returns:
        The rows that all filters let through, and what a model says of them where it was asked for.
    """
    table, kind = manifest.table, None
    with st.container(horizontal=True):
        classes = st.multiselect(
            "Class",
            summary.classes,
            key="class",
            bind="query-params",
            placeholder="All classes",
            select_all=False,  # as where classes are changed
            width=300,
        )
        splits = _ask("Split", "split", split_of(table), (*SPLITS, NO_SPLIT))
        states = _ask("State", "state", state_of(table), STATES)
        origins = _ask("From", "origin", origin_of(table), sorted(origin_of(table).unique()))
    if problems:
        kind = st.pills("Problem", list(problems), format_func=_title, key="problem", bind="query-params")
    doubts = _ask_model(project, number)
    rows = chosen_rows(manifest, classes, splits, states, origins, problems[kind] if kind else None)
    if doubts is None:
        return rows, {}
    fit = set(rows)
    return [row for row in doubts if row in fit], doubts


def _ask(label: str, key: str, values: pd.Series, order: Sequence[str]) -> list[str]:
    """A filter by something in which images differ; none where they do not."""
    there = set(values.unique())
    if len(there) < 2:
        return []
    found = [name for name in order if name in there]
    return st.pills(label, found, selection_mode="multi", key=key, bind="query-params", format_func=_format)


def _format(name: str) -> str:
    return FORMATS[name].title if name in FORMATS else plain(name)


def _title(kind: str) -> str:
    return KINDS[kind].title


def _ask_model(project: Project, number: int) -> Doubts | None:
    """A filter by what the newest run says; None while it is not used."""
    run = next(iter(reviewed_runs(project)), "")
    found = doubts_of(project, run, number) if run else {}
    if not found:
        return None
    kind = st.pills(
        f"The model of {plain(run)}",
        list(found),
        key="doubt",
        bind="query-params",
        help="Of validation and test images. Unsure: no class is likely. Named wrongly: its answer is not the label.",
    )
    return found.get(kind)
