"""A limit on the time that a benchmark takes."""

import time

FOR_ROUNDS = 0.25  # share of the time that is kept for further rounds of the latencies


class Deadline:
    """Says when it is time to begin nothing new.

    Args:
        minutes: From now on; 0: no limit.
    """

    def __init__(self, minutes: float) -> None:
        self._began, self._seconds = time.monotonic(), 60 * minutes

    @property
    def is_over(self) -> bool:
        """Whether all of the time is used."""
        return bool(self._seconds) and self._used >= self._seconds

    @property
    def is_for_rounds(self) -> bool:
        """Whether what is left is kept for further rounds, so that no other network is begun."""
        return bool(self._seconds) and self._used >= (1 - FOR_ROUNDS) * self._seconds

    @property
    def _used(self) -> float:
        return time.monotonic() - self._began
