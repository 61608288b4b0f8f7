"""Ctrl-C and SIGTERM, which Python drops where they arrive while an object is being removed."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from imgcls.heard_signals import heard_signals


class Interruption:
    """Remembers that an interruption was asked for."""

    def __init__(self) -> None:
        self._asked = False

    def check(self) -> None:
        """Raise KeyboardInterrupt if one was asked for."""
        if self._asked:
            raise KeyboardInterrupt

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Within, Ctrl-C and SIGTERM raise KeyboardInterrupt, at the next `check` at the latest."""

        def interrupt(number: int, frame: FrameType | None) -> None:
            self._asked = True
            raise KeyboardInterrupt

        with heard_signals((signal.SIGINT, signal.SIGTERM), interrupt):
            yield
