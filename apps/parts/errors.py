"""Errors as sentences on the page."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from projects.wording import in_words
from safety import allowed_paths

from imgcls.cli import system_errors
from parts.plain import plain

GONE = "is not there any more: somebody moved or deleted it. Bring it back, or open the page again."


@contextmanager
def explained() -> Iterator[None]:
    """Show what is raised inside as a sentence; the page goes on behind it. No traceback reaches the browser."""
    try:
        yield
    except OSError as error:
        st.error(of_system(error))
    except allowed_paths.StartError as error:
        st.error(str(error))
    except ValueError as error:
        st.error(in_page(str(error)))
    except Exception as error:
        logging.getLogger("imgcls.apps").exception("A page failed")
        lines = str(error).strip().splitlines() or ["no message"]
        st.error(
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
