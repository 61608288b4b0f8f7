"""Changes of a project's data from its pages: each is a new version, so each can be undone."""

from collections.abc import Callable

import streamlit as st
from projects.project import Project
from projects.versions import (
    Version,
    add_version,
    current_number,
    earlier,
    later,
    list_versions,
    show_version,
    whole_manifest_of,
)

from imgcls.data.manifest.table import Manifest
from parts.errors import callback
from parts.opened import keep
from parts.person import who
from parts.plain import plain


def change(project: Project, number: int, what: str, edit: Callable[[Manifest], Manifest]) -> None:
    """Change a version, and show the new one.

    Args:
        project: The project.
        number: The version that the page shows.
        what: What is changed, as a sentence without its end.
        edit: Makes the new manifest.

    Raises:
        ValueError: The change cannot be made, or somebody changed the data in the meantime.
    """
    add_version(project, edit(whole_manifest_of(project, number)), what, number, who())
    st.toast(f"{plain(what)}.", icon=":material/check:")
    keep(image=None)  # one that was opened has been seen to
    st.rerun()


def undo_and_redo(project: Project) -> None:
    """Two buttons that go back and forth between versions."""
    now = current_number(project)
    what = {version.number: version.what for version in list_versions(project)}
    back, forth = earlier(project), later(project)
    _button("Undo", ":material/undo:", project, back, now, what[now])
    _button("Redo", ":material/redo:", project, forth, now, forth.what if forth else "")


def _button(label: str, icon: str, project: Project, version: Version | None, now: int, what: str) -> None:
    """Shows another version in place of the one that the user saw when pressing it."""
    st.button(
        label,
        icon=icon,
        key=label,
        disabled=version is None,
        help=plain(what) if version else None,
        on_click=callback(show_version),
        args=(project, version.number, now) if version else None,
    )
