"""How often, and after which waits, a request is repeated.

What is asked of a model changes nothing on the server, so every request may be repeated. The waits are random, so that
clients that lost the same server do not come back all at once.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

Answer = TypeVar("Answer")
SPREAD = (0.5, 1.5)  # times the wait


@dataclass(frozen=True)
class Retries:
    """How a request is repeated.

    Attributes:
        count: Times that it is repeated, after the first.
        first_seconds: The first wait; each of the others is twice as long.
        most_seconds: The longest wait.

    Example:
        >>> waits = list(Retries(count=3, first_seconds=0.1).waits(random.Random(1)))
        >>> all(0.5 <= wait / (0.1 * 2**place) <= 1.5 for place, wait in enumerate(waits)), len(waits)
        (True, 3)
    """

    count: int = 2
    first_seconds: float = 0.1
    most_seconds: float = 2.0

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError(f"retries is {self.count}; expected 0 or more.")

    def waits(self, chance: random.Random) -> Iterator[float]:
        """The waits in seconds, each drawn anew."""
        for place in range(self.count):
            yield min(self.first_seconds * 2**place, self.most_seconds) * chance.uniform(*SPREAD)


def retried(work: Callable[[], Answer], retries: Retries, on: tuple[type[Exception], ...]) -> Answer:
    """Call `work`, again after each wait while it raises one of `on`."""
    for wait in retries.waits(random.Random()):
        try:
            return work()
        except on:
            time.sleep(wait)
    return work()


async def retried_async(
    work: Callable[[], Awaitable[Answer]], retries: Retries, on: tuple[type[Exception], ...]
) -> Answer:
    """The same where an event loop waits."""
    for wait in retries.waits(random.Random()):
        try:
            return await work()
        except on:
            await asyncio.sleep(wait)
    return await work()
