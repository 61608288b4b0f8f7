"""The versions of the data: what changed, who did it, and the way back."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st
from images.addresses import picture_addresses
from jobs.job import list_jobs
from projects.differences import difference
from projects.old_versions import old_versions, remove_versions, size_of_version
from projects.project import Project
from projects.versions import Version, list_versions, manifest_of, show_version

from imgcls.counted import counted
from parts.errors import callback
from parts.home.manage import size_in_words
from parts.plain import plain

MOST_IMAGES, MOST_SENTENCES, MOST_NAMED = 24, 20, 20


def show_versions(project: Project, number: int) -> None:
    """All versions, the latest first; one of them with its differences."""
    sizes = {version: size_of_version(project, version.number) for version in list_versions(project)[::-1]}
    st.dataframe([_row(version, number, size) for version, size in sizes.items()], hide_index=True)
    _offer_removal(project, sum(sizes.values()))
    versions = [version for version, size in sizes.items() if size]
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


def _offer_removal(project: Project, size: int) -> None:
    """What the versions take on the disk, and a way to remove those that nothing needs, after a question."""
    old = old_versions(project)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"The versions take {size_in_words(size)} on the disk.")
        if old:
            many = counted(len(old), "old version")
            with st.popover(f"Remove {many}", icon=":material/delete:"):
                freed = size_in_words(sum(size_of_version(project, number) for number in old))
                st.write(
                    f"Remove {many}, {freed}? No run learned from them, and neither Undo nor Redo goes to them next. "
                    "Later, Undo goes back to no version that was removed. This cannot be undone."
                )
                st.caption(f"Versions {', '.join(map(str, old[:MOST_NAMED]))}{' and others' * (len(old) > MOST_NAMED)}")
                st.button(
                    "Remove them for good", key="remove old versions", on_click=callback(_remove), args=(project, old)
                )


def _remove(project: Project, numbers: Sequence[int]) -> None:
    if any(job.is_live and job.kind != "serve" for job in list_jobs(project)):
        raise ValueError("Old versions can be removed once nothing runs in this project. Cancel that first, or wait.")
    remove_versions(project, numbers)


def _show_difference(project: Project, version: Version) -> None:
    if version.based_on and not size_of_version(project, version.based_on):
        st.caption(f"It was made of version {version.based_on}, which was removed: what changed is not known any more.")
        return
    before = manifest_of(project, version.based_on) if version.based_on else None
    changed = difference(before, manifest_of(project, version.number))
    sentences = changed.sentences()
    st.markdown("\n".join(f"- {plain(each)}" for each in sentences[:MOST_SENTENCES]) or "Nothing changed.")
    if len(sentences) > MOST_SENTENCES:
        st.caption(f"and {len(sentences) - MOST_SENTENCES:,} more changes")
    if changed.rows:
        st.html(_images(project, version.number, changed.rows[:MOST_IMAGES]))


def _row(version: Version, shown: int, size: int) -> dict:
    return {
        "version": version.number,
        "what": version.what,
        "who": version.who,
        "when": datetime.fromtimestamp(version.when),
        "images": version.images,
        "classes": version.classes,
        "shown": version.number == shown,
        "on the disk": size_in_words(size) if size else "removed",
    }


def _images(project: Project, number: int, rows: tuple[int, ...]) -> str:
    address = picture_addresses(project, number, 96)
    shown = "".join(
        f'<img loading="lazy" src="{address.format(row=row)}" alt="Image {row}" '
        'style="width:72px;height:72px;object-fit:contain;background:rgba(128,128,128,.18);border-radius:4px">'
        for row in rows
    )
    return f'<div style="display:flex;flex-wrap:wrap;gap:6px">{shown}</div>'
