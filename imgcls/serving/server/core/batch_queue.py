"""Requests of several callers that go through a network together.

There is no thread of its own. A caller that finds a free slot computes at once, alone if nobody else waits; the others
queue up meanwhile, and the first of them takes all that fits when a slot becomes free. So one caller never waits for
others that do not come, and many callers fill the batches by themselves.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from imgcls.serving.server.request_error import GATEWAY_TIMEOUT, UNAVAILABLE, RequestError

Arrays = Mapping[str, np.ndarray]
OVER = "The time of the request is over; it waited for others. Send fewer at once, or allow more time."
FULL = "The batch scheduling queue to which this task was submitted is full"  # as TensorFlow Serving says it


@dataclass(frozen=True)
class Batching:
    """How requests are joined, by the names of TensorFlow Serving's batching.config.

    Attributes:
        max_batch_size: Rows in a batch at most; 1 joins nothing. A single request may have more.
        batch_timeout_micros: Microseconds that a request waits for others, if the batch is not full.
        max_enqueued_requests: Requests that wait at most; further ones are refused.
        num_batch_threads: Batches that are computed at the same time; 0 for as many as the processor has cores.
    """

    max_batch_size: int = 8
    batch_timeout_micros: int = 0
    max_enqueued_requests: int = 1000
    num_batch_threads: int = 0

    @property
    def slots(self) -> int:
        """Batches that are computed at the same time."""
        return self.num_batch_threads or os.cpu_count() or 1


@dataclass(eq=False)
class _Task:
    """One request in the queue. `turn` is set when it is answered, or when its caller has to compute."""

    inputs: Arrays
    rows: int
    size: int
    began: float = field(default_factory=time.monotonic)
    turn: threading.Event = field(default_factory=threading.Event)
    leads: bool = False
    outputs: Arrays | None = None
    error: BaseException | None = None


class BatchQueue:
    """Joins requests whose inputs differ in their number of rows alone.

    Args:
        compute: From inputs to outputs, both with a row for each image; called from several threads.
        batching: How requests are joined.
        on_batch: Gets the rows of each batch, and the seconds that the oldest of its requests has waited.
        size: What a request adds to a batch, whose sum is at most `max_batch_size`; its rows, if nothing else is said.
    """

    def __init__(
        self,
        compute: Callable[[Arrays], Arrays],
        batching: Batching,
        on_batch: Callable[[int, float], None],
        size: Callable[[Arrays], int] | None = None,
    ) -> None:
        self._compute, self._batching, self._on_batch, self._size = compute, batching, on_batch, size or _rows
        self._free = batching.slots
        self._queue: deque[_Task] = deque()
        self._changed = threading.Condition()

    def run(self, inputs: Arrays, deadline: float | None = None) -> Arrays:
        """Compute the outputs of one request, together with others that wait.

        Args:
            inputs: Arrays (B, ...), at least one row.
            deadline: Of `time.monotonic`, until when the caller waits; None for as long as it takes.

        Raises:
            RequestError: If the queue is full, or the time is over.
        """
        if deadline is not None and time.monotonic() > deadline:
            raise RequestError(OVER, GATEWAY_TIMEOUT)
        task = self._enqueue(_Task(inputs, _rows(inputs), self._size(inputs)))
        if not task.leads:
            self._wait(task, deadline)
        if task.leads:
            self._lead(task)
        if task.error is not None:
            raise task.error
        if task.outputs is None:
            raise RequestError(OVER, GATEWAY_TIMEOUT)
        return task.outputs

    def _enqueue(self, task: _Task) -> _Task:
        with self._changed:
            if len(self._queue) >= self._batching.max_enqueued_requests:
                raise RequestError(FULL, UNAVAILABLE)
            self._queue.append(task)
            if self._free and len(self._queue) == 1:
                self._free -= 1
                task.leads = True
            else:
                self._changed.notify_all()  # whoever waits for a full batch
        return task

    def _wait(self, task: _Task, deadline: float | None) -> None:
        if not task.turn.wait(None if deadline is None else max(0.0, deadline - time.monotonic())):
            with self._changed:
                if task in self._queue and not task.leads:
                    self._queue.remove(task)

    def _lead(self, task: _Task) -> None:
        """Compute the batch that begins with `task`, and hand the slot on; a fault is every caller's error."""
        tasks = [task]
        try:
            with self._changed:
                self._gather(task)
                tasks = self._take()
                self._hand_on_if_free()
            self._on_batch(sum(each.rows for each in tasks), time.monotonic() - tasks[0].began)
            self._answer(tasks)
        except BaseException as error:
            for each in tasks:
                if each.outputs is None and each.error is None:
                    each.error = error
                each.turn.set()
            raise
        finally:
            with self._changed:
                self._free += 1
                self._hand_on_if_free()

    def _gather(self, task: _Task) -> None:
        """Wait until the batch is full, or the time for others is over."""
        end = task.began + self._batching.batch_timeout_micros / 1e6
        while (
            sum(each.size for each in self._queue) < self._batching.max_batch_size
            and (left := end - time.monotonic()) > 0
        ):
            self._changed.wait(left)

    def _take(self) -> list[_Task]:
        tasks = [self._queue.popleft()]
        size = tasks[0].size
        while self._queue and size + self._queue[0].size <= self._batching.max_batch_size:
            tasks.append(self._queue.popleft())
            size += tasks[-1].size
        return tasks

    def _hand_on_if_free(self) -> None:
        if self._free and self._queue and not self._queue[0].leads:
            self._free -= 1
            self._queue[0].leads = True
            self._queue[0].turn.set()

    def _answer(self, tasks: list[_Task]) -> None:
        """Compute a batch; where it fails, each request by itself, so that none fails for another."""
        try:
            self._share(tasks, self._compute(_joined([each.inputs for each in tasks])))
        except Exception as error:
            if len(tasks) == 1:
                tasks[0].error = error
            else:
                for each in tasks:
                    self._answer([each])
        for each in tasks:
            each.turn.set()

    def _share(self, tasks: list[_Task], outputs: Arrays) -> None:
        if len(tasks) == 1:
            tasks[0].outputs = outputs
            return
        rows = sum(each.rows for each in tasks)
        if any(not array.ndim or len(array) != rows for array in outputs.values()):
            raise ValueError("The outputs have no row for each row of the inputs.")
        begin = 0
        for each in tasks:
            each.outputs = {name: array[begin : begin + each.rows] for name, array in outputs.items()}
            begin += each.rows


def _rows(inputs: Arrays) -> int:
    return len(next(iter(inputs.values())))


def _joined(inputs: list[Arrays]) -> Arrays:
    if len(inputs) == 1:
        return inputs[0]
    return {name: np.concatenate([each[name] for each in inputs]) for name in inputs[0]}
