"""Errors as sentences on the page."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st
from projects.wording import in_words
from safety import allowed_paths

from imgcls.cli import system_errors
from parts.plain import plain

RAISED = "raised in callbacks"  # in the session: sentences that no page has shown yet
GONE = "is not there any more: somebody moved or deleted it. Bring it back, or open the page again."


@contextmanager
def explained() -> Iterator[None]:
    """Show what is raised inside as a sentence; the page goes on behind it. No traceback reaches the browser.

    What callbacks raised before is shown first, and is not said once more for the same reason.
    """
    raised = st.session_state.pop(RAISED, [])
    for sentence in dict.fromkeys(raised):
        st.error(sentence)
    try:
        yield
    except Exception as error:
        reason = as_sentence(error)
        if not any(sentence.endswith(reason) for sentence in raised):
            st.error(reason)


def callback(function: Callable[..., object], before: str = "") -> Callable[..., None]:
    """A function as Streamlit may call it before it runs the page: outside of all that is `explained`.

    Args:
        function: Called; what it raises is a sentence on the page that runs next.
        before: A sentence that is put before that one.
    """

    def called(*arguments: Any, **named: Any) -> None:
        try:
            function(*arguments, **named)
        except Exception as error:
            sentences = st.session_state.setdefault(RAISED, [])
            sentences.append(f"{before} {as_sentence(error)}".strip())

    return called


def as_sentence(error: Exception) -> str:
    """What was raised, as a page says it. The terminal gets the details of what nobody expected."""
    if isinstance(error, OSError):
        return of_system(error)
    if isinstance(error, allowed_paths.StartError):
        return str(error)
    if isinstance(error, ValueError):
        return in_page(str(error))
    logging.getLogger("imgcls.apps").error("A page failed", exc_info=error)
    lines = str(error).strip().splitlines() or ["no message"]
    return (
        f"{type(error).__name__}: {lines[0][:300]}. This was not expected; "
        "the details are in the terminal that the app was started in."
    )


def in_page(sentence: str) -> str:
    """A sentence of the library or of a job, in the words of the pages, with names as they are."""
    return plain(in_words(sentence))


def of_system(error: OSError) -> str:
    """What the system said, as a sentence with what to do."""
    if isinstance(error, FileNotFoundError) and error.filename:
        return f"{error.filename} {GONE}"
    return system_errors.sentence(error) or str(error)
