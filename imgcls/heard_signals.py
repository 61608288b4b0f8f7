"""Signals that a piece of work answers in its own way while it goes on."""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def heard_signals(numbers: Iterable[int], answer: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Within, signals call a function; after it they do what they did before.

    Only the main thread hears signals; in another one nothing changes.

    Args:
        numbers: Of the signals, such as `signal.SIGTERM`.
        answer: Receives the number of the signal, and the frame that it interrupts.

    Example:
        >>> import os
        >>> with heard_signals([signal.SIGTERM], lambda number, frame: print("asked to end")):
        ...     os.kill(os.getpid(), signal.SIGTERM)
        asked to end
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in numbers}
    for number in before:
        signal.signal(number, answer)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
