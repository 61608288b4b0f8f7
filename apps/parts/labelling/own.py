"""Which decisions are of who is at this page: only those are undone here, not what others decide at the same time."""

import time
from collections.abc import Iterable

import streamlit as st
from projects.decisions import Decision
from projects.project import Project

from parts.person import browser, who


def begin(project: Project) -> None:
    """Say that the page shows the decisions about a project's images, those of before included."""
    st.session_state.setdefault(_begun(project), time.time())


def remember(project: Project, ids: Iterable[str]) -> None:
    """Call decisions this session's."""
    st.session_state[_key(project)] = own(project) | set(ids)


def own(project: Project) -> set[str]:
    """The ids of this session's decisions."""
    found: set[str] = st.session_state.get(_key(project), set())
    return found


def is_own(project: Project, decision: Decision) -> bool:
    """Whether this session made a decision, or this person in this browser did, before a reload or in another tab."""
    return decision.id in own(project) or is_of_this_browser(decision)


def is_from_elsewhere(project: Project, decision: Decision) -> bool:
    """Whether somebody else made a decision, or this person did in another tab while this page was open."""
    was_shown = decision.when < st.session_state.get(_begun(project), 0.0) and is_of_this_browser(decision)
    return decision.id not in own(project) and not was_shown


def is_of_this_browser(decision: Decision) -> bool:
    """Whether this person made a decision in this browser; never of one that keeps no cookies."""
    return bool(decision.browser) and (decision.browser, decision.who) == (browser(), who())


def _key(project: Project) -> str:
    return f"decisions made in {project.name}"


def _begun(project: Project) -> str:
    return f"decisions shown of {project.name} since"
