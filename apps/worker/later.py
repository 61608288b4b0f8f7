"""Asks the worker without waiting: the page goes on, and looks again until the answer is there."""

import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from worker.client import call

_lock = threading.Lock()
_asked: dict[tuple, Future] = {}


def ask(name: str, **arguments: object) -> Any | None:
    """What a function of the worker returned; None while it is at it. The answer is kept for as long as the app runs.

    Args:
        name: See `worker.client.call`.
        **arguments: Of the function; what differs in them is another question. One whose answer is written into a
            `file` is asked again once that is gone.

    Raises:
        ValueError: As the function does. OSError and RuntimeError likewise. The next question tries again.
    """
    question = (name, repr(sorted(arguments.items())))
    with _lock:
        answer = _asked.get(question)
        if answer is None or _is_gone(answer, arguments):
            answer = _asked[question] = Future()
            threading.Thread(target=_answer, args=(answer, name, arguments), daemon=True).start()
    if not answer.done():
        return None
    if answer.exception():
        with _lock:
            _asked.pop(question, None)
    return answer.result()


def _is_gone(answer: Future[Any], arguments: dict[str, object]) -> bool:
    """Whether the answer was a file, which somebody has deleted since."""
    was_written = answer.done() and not answer.exception() and "file" in arguments
    return was_written and not Path(str(arguments["file"])).is_file()


def _answer(answer: Future, name: str, arguments: dict) -> None:
    try:
        answer.set_result(call(name, **arguments))
    except Exception as error:  # is raised where the answer is read
        answer.set_exception(error)
