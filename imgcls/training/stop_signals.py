"""Signals that end a run after the step at hand."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from imgcls.training.trainer import Trainer


@contextmanager
def stopped_by_signals(trainer: Trainer) -> Iterator[None]:
    """Within, Ctrl-C, SIGTERM and a terminal that is closed end the run after the step at hand.

    A second Ctrl-C ends it at once. Only the main thread hears signals; in another one nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    if before[signal.SIGHUP] == signal.SIG_IGN:  # under nohup, a run outlives its terminal
        del before[signal.SIGHUP]

    def stop(number: int, frame: FrameType | None) -> None:
        trainer.stop_requested = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
