"""Room for networks that are thousands of layers deep."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

DEEPEST = 20_000  # calls within each other; ResNet-1202 takes over 4,000


@contextmanager
def deep_networks() -> Iterator[None]:
    """Inside, Keras can follow a network from its last layer to its first, each step a call within the one before.

    Python's own limit holds again afterwards, because parsers of foreign files rely on it. Serves as a decorator too.
    """
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, DEEPEST))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
