"""The classes: how many images each has; rename, merge, drop."""

import functools
from typing import Any

import pandas as pd
import streamlit as st
from projects import edits
from projects.project import Project
from projects.summary import Summary
from projects.versions import check_shown

from parts.data.change import change
from parts.data.class_bars import NAMES
from parts.errors import callback


def show_classes(project: Project, number: int, summary: Summary) -> None:
    """The table of classes, and what can be done with those that are chosen."""
    if not summary.classes:
        st.info("There is no class yet. Give images labels on the page Label.")
        return
    st.dataframe(_table(summary), hide_index=True)
    chosen = st.multiselect(
        "Classes to change",
        summary.classes,
        key=f"classes {number}",
        placeholder="Choose classes",
        select_all=False,  # it would stand first, so Enter would choose it in place of the class that was typed
        on_change=callback(check_shown),
        args=(project, number),
    )
    if len(chosen) == 1:
        _rename(project, number, chosen[0])
    elif chosen:
        _merge(project, number, chosen)
    if chosen:
        _drop(project, number, chosen)


def _table(summary: Summary) -> pd.DataFrame:
    counts = summary.counts.reindex(summary.classes).fillna(0).astype(int)
    counts.insert(0, "images", counts.sum(axis=1))
    return counts.rename(columns=NAMES).rename_axis("class").reset_index()


def _rename(project: Project, number: int, name: str) -> None:
    form = st.form(f"rename {number} {name}", border=False)  # so that Enter renames it too
    with form.container(horizontal=True, vertical_alignment="bottom"):
        new = st.text_input("New name", name, key=f"new name {number} {name}", width=320)
        if st.form_submit_button("Rename", **_only_if_shown(project, number)) and new.strip() != name:
            change(project, number, f"{name} renamed to {new.strip()}", lambda m: edits.rename_class(m, name, new))


def _merge(project: Project, number: int, names: list[str]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        into = st.selectbox(
            "Merge into", names, accept_new_options=True, key=f"into {number} {names}", width=320
        )  # fmt: skip
        if st.button("Merge", **_only_if_shown(project, number)):
            what = f"{', '.join(names)} merged into {into}"
            change(project, number, what, lambda m: edits.merge_classes(m, names, into))


def _drop(project: Project, number: int, names: list[str]) -> None:
    tip = "Their images are left out. Undo brings them back."
    if st.button("Drop", icon=":material/delete:", help=tip, **_only_if_shown(project, number)):
        change(project, number, f"{', '.join(names)} dropped", lambda m: functools.reduce(edits.drop_class, names, m))


def _only_if_shown(project: Project, number: int) -> dict[str, Any]:
    """Has a button say that the data was changed, where the classes chosen for it are gone from the page thereby."""
    return {"on_click": callback(check_shown), "args": (project, number)}
