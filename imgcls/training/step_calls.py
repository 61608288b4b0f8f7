"""The calls in which the steps of a stage are made, and the batches that they take."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

import tensorflow as tf

from imgcls.training.devices.device_batches import DeviceBatches
from imgcls.training.several_steps import SeveralSteps
from imgcls.training.step import Step
from imgcls.training.waiting import WaitingForData


class StepCalls:
    """Makes steps with the batches of a stage, one after the other, and remembers which images they had.

    Args:
        devices: divides a batch among the devices.
        batches: (positions, inputs, targets, weights).
        position: of the first batch.
        on_missing: receives the position of each example that could not be read.
        batch_at: position -> the batch that begins there; by default the batches before it are passed over.
        waiting: measures how long batches are waited for, where each step is a call of its own.

    Attributes:
        position: of the next batch.
        in_one: whether several steps can be one call: one device takes the batches from tf.data itself.
    """

    def __init__(
        self,
        devices: DeviceBatches,
        batches: Iterable[tuple[Any, ...]],
        position: int,
        on_missing: Callable[[int], None],
        batch_at: Callable[[int], Iterable[tuple[Any, ...]]] | None = None,
        waiting: WaitingForData | None = None,
    ) -> None:
        self.devices, self._batches, self._first = devices, batches, position
        self._on_missing, self._batch_at = on_missing, batch_at
        self._waiting = waiting or WaitingForData()
        self.in_one = isinstance(batches, tf.data.Dataset) and not devices.divides
        self._seen: list[tuple[Any, Any]] = []
        self.again()

    def again(self) -> None:
        """Begin with the first batch once more."""
        self._plain = iter(self.devices.ahead(self._batches))
        self._divided = self.devices.distributed(self._plain)

    def make(self, steps: Step | SeveralSteps, count: int) -> None:
        """Make steps.

        Args:
            steps: makes all of them in one call, or one.
            count: number of steps.
        """
        if isinstance(steps, SeveralSteps):
            self._seen.append(steps(self._plain, count))
            return
        self._waiting.asks()
        positions, *values = next(self._divided)
        self._waiting.gets()
        steps(*values)
        self._seen.append((positions, values[-1]))

    def name_missing(self) -> None:
        """Name the examples that could not be read since `forget`."""
        for where, loss_weights in self._seen:
            positions, weights = self.devices.whole(where), self.devices.whole(loss_weights)
            for position in positions[weights == 0]:
                self._on_missing(int(position))

    def forget(self) -> None:
        """Forget which images were seen."""
        self._seen.clear()

    def batch(self, position: int, batch_size: int) -> list[Any]:
        """Read the batch at a position once more, divided among the devices."""
        if self._batch_at is not None:
            return next(self.devices.distributed(self._batch_at(position)))
        passed = (position - self._first) // batch_size
        return next(self.devices.distributed(islice(self._batches, passed, None)))
