"""What the workers of a run agree on, and the error when one of them is gone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

import numpy as np
import tensorflow as tf

from imgcls.framework_internals import place_among_workers
from imgcls.training.devices.strategy import is_chief

Made = TypeVar("Made")

GONE = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
)


class Workers:
    """The workers that train together; a process that trains alone agrees with itself.

    Attributes:
        several: whether there are other workers.
        is_first: whether this process is the one that writes.
    """

    def __init__(self, strategy: tf.distribute.Strategy) -> None:
        self.strategy = strategy
        self.several = isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
        self.is_first = is_chief(strategy)
        self._sum = tf.function(self._sum_over_workers, autograph=False)

    def any(self, asked: bool) -> bool:
        """Whether any worker asks for it."""
        if not self.several:
            return asked
        with self.may_be_lost():
            return float(self._sum(tf.constant(float(asked)))) > 0

    def as_first_has(self, array: np.ndarray) -> np.ndarray:
        """A float32 array that every worker has made, as the first worker made it."""
        if not self.several:
            return array
        own = array if self.is_first else np.zeros_like(array)
        with self.may_be_lost():
            as_first: np.ndarray = self._sum(tf.constant(own)).numpy() / len(self.strategy.extended.worker_devices)
            return as_first

    def of_each(self, numbers: np.ndarray) -> np.ndarray:
        """What every worker has, in the order of the workers.

        Args:
            numbers: (N,), float32, of this worker.

        Returns:
            (workers, N).
        """
        index, count = place_among_workers(self.strategy)
        rows = np.zeros((count, len(numbers)), np.float32)
        rows[index] = numbers
        if not self.several:
            return rows
        with self.may_be_lost():
            each: np.ndarray = self._sum(tf.constant(rows)).numpy() / (self.strategy.num_replicas_in_sync // count)
            return each

    def first_does(self, work: Callable[[], Made]) -> Made | None:
        """Let the first worker do something while the others wait for it.

        Args:
            work: what it does.

        Returns:
            What `work` returns; None on the other workers.

        Raises:
            ConnectionError: the first worker failed, or is gone; on the other workers.
        """
        if not self.is_first:
            if self.any(False):
                raise ConnectionError("Worker 0 refused or failed, and its output says why. Start all workers again.")
            return None
        try:
            made = work()
        except BaseException:
            with suppress(ConnectionError):  # what it failed of matters more
                self.any(True)
            raise
        self.any(False)
        return made

    @contextmanager
    def may_be_lost(self) -> Iterator[None]:
        """Within, an error of TensorFlow's because another worker is gone becomes a ConnectionError that says so."""
        try:
            yield
        except GONE as error:
            if not self.several:
                raise
            raise ConnectionError(
                "Another worker is gone, so this one cannot go on. Start all workers again; a run that has its folder "
                "goes on with --resume."
            ) from error

    def _sum_over_workers(self, value: tf.Tensor) -> tf.Tensor:
        return self.strategy.reduce(
            tf.distribute.ReduceOp.SUM, self.strategy.run(tf.identity, args=(value,)), axis=None
        )
