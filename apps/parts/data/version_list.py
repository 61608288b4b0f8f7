"""The versions of the data: what changed, who did it, and the way back."""

from datetime import datetime

import streamlit as st
from images.addresses import picture_addresses
from projects.differences import difference
from projects.project import Project
from projects.versions import Version, list_versions, manifest_of, show_version

from parts.errors import callback
from parts.plain import plain

MOST_IMAGES, MOST_SENTENCES = 24, 20


def show_versions(project: Project, number: int) -> None:
    """All versions, the latest first; one of them with its differences."""
    versions = list_versions(project)[::-1]
    st.dataframe([_row(version, number) for version in versions], hide_index=True)
    names = [version.number for version in versions]
    chosen = st.selectbox(
        "Look at version",
        versions,
        names.index(number),
        format_func=lambda version: f"{version.number}: {version.what}",
        key=f"version {number}",
    )
    _show_difference(project, chosen)
    if chosen.number == number:
        st.caption("This version is shown on all pages.")
    else:
        st.button(
            "Go back to this version",
            icon=":material/history:",
            key="go back",
            on_click=callback(show_version),
            args=(project, chosen.number, number),
        )


def _show_difference(project: Project, version: Version) -> None:
    before = manifest_of(project, version.based_on) if version.based_on else None
    changed = difference(before, manifest_of(project, version.number))
    sentences = changed.sentences()
    st.markdown("\n".join(f"- {plain(each)}" for each in sentences[:MOST_SENTENCES]) or "Nothing changed.")
    if len(sentences) > MOST_SENTENCES:
        st.caption(f"and {len(sentences) - MOST_SENTENCES:,} more changes")
    if changed.rows:
        st.html(_images(project, version.number, changed.rows[:MOST_IMAGES]))


def _row(version: Version, shown: int) -> dict:
    return {
        "version": version.number,
        "what": version.what,
        "who": version.who,
        "when": datetime.fromtimestamp(version.when),
        "images": version.images,
        "classes": version.classes,
        "shown": version.number == shown,
    }


def _images(project: Project, number: int, rows: tuple[int, ...]) -> str:
    address = picture_addresses(project, number, 96)
    shown = "".join(
        f'<img loading="lazy" src="{address.format(row=row)}" alt="Image {row}" '
        'style="width:72px;height:72px;object-fit:contain;background:rgba(128,128,128,.18);border-radius:4px">'
        for row in rows
    )
    return f'<div style="display:flex;flex-wrap:wrap;gap:6px">{shown}</div>'
