"""Parts of a page that run again by themselves, without the rest of it."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from parts.errors import explained


def fragment(run_every: float | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator for such a part; what it raises is a sentence on the page, since nothing around it runs again.

    Args:
        run_every: Seconds after which it runs again; None: only when something in it is used.
    """
    return lambda function: st.fragment(explained()(function), run_every=run_every)
