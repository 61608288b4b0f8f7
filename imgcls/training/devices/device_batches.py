"""Batches of this process, divided among its devices, and put together again."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from imgcls.data.batches.shares import shares

BATCHES_AHEAD = 2  # that a GPU has before their steps begin


class DeviceBatches:
    """Divides batches among the devices of this process.

    TensorFlow's own distributed iterator takes half a minute to begin on a chain with nested data sets, a plain one
    half a second; so the division is made here.

    Attributes:
        divides: whether there are several.
        place: of the batches that `ahead` gives, as TensorFlow names devices.
    """

    def __init__(self, strategy: tf.distribute.Strategy) -> None:
        self.strategy = strategy
        self.devices = len(strategy.extended.worker_devices)
        several_workers = isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
        self.divides = self.devices > 1 or several_workers
        first = strategy.extended.worker_devices[0]
        self.place = first if "GPU" in first and not self.divides else "CPU:0"

    def ahead(self, batches: Iterable[tuple[Any, ...]]) -> Iterable[tuple[Any, ...]]:
        """The same batches; one GPU has two of them before their steps ask for them."""
        if self.place == "CPU:0" or not isinstance(batches, tf.data.Dataset):
            return batches
        copied = tf.data.experimental.prefetch_to_device(self.place, BATCHES_AHEAD)
        ahead: Iterable[tuple[Any, ...]] = batches.apply(copied)
        return ahead

    def distributed(self, batches: Iterable[tuple[Any, ...]]) -> Iterator[list[Any]]:
        """The same batches, each as a list of values that the strategy runs on."""
        for batch in batches:
            yield [self.divided(x) for x in batch] if self.divides else list(batch)

    def divided(self, values: tf.Tensor) -> object:
        """Shares of the first axis, one for each device of this process."""
        divided = tf.split(values, shares(len(values), self.devices))
        return self.strategy.experimental_distribute_values_from_function(
            lambda context: divided[context.replica_id_in_sync_group % self.devices]
        )

    def shares(self, values: object) -> tuple[Any, ...]:
        """The share of each device of this process."""
        each: tuple[Any, ...] = self.strategy.experimental_local_results(values)
        return each

    def whole(self, values: object) -> np.ndarray:
        """The shares of all devices of this process, one after the other."""
        return np.concatenate([part.numpy() for part in self.shares(values)])
