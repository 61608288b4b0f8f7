"""Work ahead of whoever takes the results, in threads, by so much and no more."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def read_ahead(function: Callable[[Item], Result], items: Iterable[Item], threads: int, most: int) -> Iterator[Result]:
    """Call a function for each item in threads, and give the results in the order of the items.

    The items are taken one at a time, in the thread of whoever takes the results, and only as far as they are needed:
    so it does not matter how many there are.

    Args:
        function: Is called in several threads at once.
        items: An iterator is read as far as needed.
        threads: Calls at the same time.
        most: Items that are taken and whose results were not; at least 1.

    Yields:
        What the function returns for each item.

    Example:
        >>> list(read_ahead(str.upper, ["a", "b", "c"], threads=2, most=2))
        ['A', 'B', 'C']
    """
    remaining = iter(items)
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            waiting.extend(pool.submit(function, item) for item in islice(remaining, most))
            while waiting:
                done = waiting.popleft().result()
                waiting.extend(pool.submit(function, item) for item in islice(remaining, 1))
                yield done
                del done  # else it is held while the next one is waited for
        finally:
            pool.shutdown(cancel_futures=True)


def in_chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """The items in lists of at most so many.

    Example:
        >>> list(in_chunks("abcde", 2))
        [['a', 'b'], ['c', 'd'], ['e']]
    """
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk
