"""Files that the worker makes while the page can be used: a second user, or a second tab, waits for the same one."""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Lock

import streamlit as st
from worker.client import call

from parts.fragment import fragment

LOOK_AGAIN = 0.5  # seconds
AT_ONCE = 4  # files; the others wait
_pool, _lock = ThreadPoolExecutor(AT_ONCE), Lock()
_running: dict[Path, Future] = {}


def is_there(file: Path, sentence: str, name: str, arguments: Mapping[str, object]) -> bool:
    """Whether a file is there; if not, the worker is asked for it, and the page is shown again once it is.

    Args:
        file: What is wanted.
        sentence: What is said meanwhile.
        name: Of the worker's function, as `worker.client.call` takes it.
        arguments: Of the function.

    Raises:
        ValueError: As the function does. OSError and RuntimeError likewise.
    """
    asked = _asked(file, name, arguments)
    if asked and not asked.done():
        _wait(file, sentence)
        return False
    _running.pop(file, None)
    if asked:
        asked.result()
    return file.is_file()


def _asked(file: Path, name: str, arguments: Mapping[str, object]) -> Future | None:
    """What makes the file, begun if nothing does; None where it is there."""
    with _lock:
        if file not in _running and not file.is_file():
            _running[file] = _pool.submit(call, name, **arguments)
        return _running.get(file)


@fragment(run_every=LOOK_AGAIN)
def _wait(file: Path, sentence: str) -> None:
    asked = _running.get(file)
    if asked is None or asked.done():
        st.rerun()
    st.status(sentence, state="running")
