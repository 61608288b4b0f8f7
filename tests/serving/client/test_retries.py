import asyncio
import random

import pytest

from imgcls.serving.client.retries import Retries, retried, retried_async

QUICK = Retries(count=2, first_seconds=0.001)


class Shaky:
    """Fails some times before it answers."""

    def __init__(self, failures: int, error: Exception) -> None:
        self.failures, self.error, self.asked = failures, error, 0

    def __call__(self) -> str:
        self.asked += 1
        if self.asked <= self.failures:
            raise self.error
        return "answer"

    async def later(self) -> str:
        return self()


def call(work: Shaky, is_async: bool) -> str:
    if is_async:
        return asyncio.run(retried_async(work.later, QUICK, (ConnectionError,)))
    return retried(work, QUICK, (ConnectionError,))


@pytest.mark.parametrize("is_async", [False, True])
def test_bounded(is_async):
    assert call(Shaky(2, ConnectionError("gone")), is_async) == "answer"
    always = Shaky(9, ConnectionError("gone"))
    with pytest.raises(ConnectionError, match="gone"):
        call(always, is_async)
    assert always.asked == 3
    wrong = Shaky(1, ValueError("wrong"))
    with pytest.raises(ValueError, match="wrong"):
        call(wrong, is_async)
    assert wrong.asked == 1


def test_the_waits_grow_differ_and_end():
    retries = Retries(count=8, first_seconds=0.1, most_seconds=1.0)
    one, other = list(retries.waits(random.Random(1))), list(retries.waits(random.Random(2)))
    assert one != other
    assert max(one + other) <= 1.5
    with pytest.raises(ValueError, match="retries is -1"):
        Retries(-1)
