"""Which decisions this session made: only those are undone here, not what others decide at the same time."""

from collections.abc import Iterable

import streamlit as st
from projects.project import Project


def remember(project: Project, ids: Iterable[str]) -> None:
    """Call decisions this session's."""
    st.session_state[_key(project)] = own(project) | set(ids)


def own(project: Project) -> set[str]:
    """The ids of this session's decisions."""
    found: set[str] = st.session_state.get(_key(project), set())
    return found


def _key(project: Project) -> str:
    return f"decisions made in {project.name}"
