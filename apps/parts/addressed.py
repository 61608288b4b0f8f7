"""Fields whose value stands in the address.

Streamlit tells fields without a key apart by what they are given. One that gets its first value from the address is
another field as soon as the address follows it, and the choice that comes next is lost. So these have a key, and take
over what the address says only where something else wrote it: a link, the back button, a button of the page.
"""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from parts.opened import keep


def addressed(name: str, options: Sequence[Any], default: Any, read: Callable[[str], str] = str) -> str:
    """The key of a field that lets one thing be chosen. Call it right before the field, which gets no value of its own.

    Args:
        name: In the address.
        options: All that can be chosen; their texts stand in the address.
        default: What is shown where the address names none of them; None for nothing. Where something is done to what
            is chosen, it is nothing while the address names what is `missing`.
        read: From what the address says to the text of an option.
    """
    key, asked = f"{name} in the address", st.query_params.get(name)
    now = st.session_state.get(key)
    is_known = key in st.session_state and (now in options or now is default is None)
    if not is_known or is_from_elsewhere(name):
        found = {str(option): option for option in options}
        st.session_state[key] = default if asked is None else found.get(read(asked), default)
        st.session_state[_written(name)] = asked
    return key


def missing(name: str, options: Sequence[Any], read: Callable[[str], str] = str) -> str:
    """What the address names although it is none of these; empty if there is no such thing. See `addressed`."""
    asked = st.query_params.get(name, "")
    return "" if not asked or read(asked) in map(str, options) else asked


def is_from_elsewhere(name: str) -> bool:
    """Whether the address says something else than its field last wrote or took over."""
    return st.session_state.get(_written(name)) != st.query_params.get(name)


def keep_field(name: str, value: str | None) -> None:
    """Write what a field shows into the address; None takes it out."""
    keep(**{name: value})
    st.session_state[_written(name)] = value


def _written(name: str) -> str:
    return f"{name} as it was written"
