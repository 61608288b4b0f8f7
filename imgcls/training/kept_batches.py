"""Batches that stay in memory once they were read, for what is validated after each epoch."""

from collections.abc import Iterable, Iterator
from typing import Any


class KeptBatches:
    """Batches of which the first whole pass is kept, so that later passes read nothing.

    `tf.data.Dataset.cache` keeps them too, but each pass over it has an iterator of its own, and TensorFlow optimizes
    the whole chain anew for each: half a second of processor time an epoch.

    Args:
        batches: Can be iterated more than once; has to fit into memory.

    Example:
        >>> batches = KeptBatches([1, 2])
        >>> list(batches), list(batches)
        ([1, 2], [1, 2])
    """

    def __init__(self, batches: Iterable[Any]) -> None:
        self._batches = batches
        self._kept: list[Any] | None = None

    def __iter__(self) -> Iterator[Any]:
        if self._kept is not None:
            yield from self._kept
            return
        read = []
        for batch in self._batches:
            read.append(batch)
            yield batch
        self._kept = read
