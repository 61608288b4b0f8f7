"""Signals that end a run after the step at hand."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from imgcls.heard_signals import heard_signals
from imgcls.training.trainer import Trainer


@contextmanager
def stopped_by_signals(trainer: Trainer) -> Iterator[None]:
    """Within, Ctrl-C, SIGTERM and a terminal that is closed end the run after the step at hand.

    A second Ctrl-C ends it at once. Only the main thread hears signals; in another one nothing changes.
    """
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # under nohup, a run outlives its terminal
        numbers.append(signal.SIGHUP)

    def stop(number: int, frame: FrameType | None) -> None:
        trainer.stop_requested = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    with heard_signals(numbers, stop):
        yield
