"""One version in memory, and how it computes what callers ask at the same time.

One image that comes while nothing else is at work is computed by the signature itself: the steps of a bundle, which let
several callers share the work, take a thirtieth more.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef, TensorInfo

from imgcls.serving.loaded_model import LoadedModel
from imgcls.serving.server.core.batch_queue import Arrays, Batching, BatchQueue
from imgcls.serving.server.core.staged_bundle import StagedBundle

MOST_QUEUES = 64  # of one version; a caller may send shapes without end


class RunningVersion:
    """A version that answers.

    Args:
        model: The SavedModel.
        batching: How requests are joined.
        staged: The same as a bundle in steps; None for another SavedModel.
        on_batch: Gets the rows of each batch, and the seconds that the oldest of its requests has waited.

    Attributes:
        note: Which engine computes the network, and why, as a sentence; "" where there is no choice.
    """

    def __init__(
        self,
        model: LoadedModel,
        batching: Batching,
        staged: StagedBundle | None = None,
        on_batch: Callable[[int, float], None] = lambda rows, waited: None,
    ) -> None:
        self.model, self.staged, self.note = model, staged, ""
        self._batching, self._on_batch = batching, on_batch
        self._queues: dict[object, BatchQueue] = {}
        self._at_work = 0
        self._on_end: Callable[[], None] | None = None
        self._lock = threading.Lock()

    @property
    def signature_defs(self) -> Mapping[str, SignatureDef]:
        """Every signature as the SavedModel describes it, by name."""
        return self.model.signature_defs

    def run(self, signature: str, inputs: Arrays, deadline: float | None = None) -> dict[str, np.ndarray]:
        """Call a signature, together with other callers where that is possible.

        Args:
            signature: Its name.
            inputs: Arrays by name.
            deadline: Of `time.monotonic`, until when the caller waits; None for as long as it takes.

        Returns:
            The outputs by name. Strings are bytes in arrays of objects.

        Raises:
            RequestError: If the queue is full, or the time is over.
            KeyError: If there is no such signature.
            tf.errors.OpError: If the inputs do not fit.
        """
        arrays = _arrays(inputs)
        with self._counted() as is_alone:
            if self.staged is not None and self.staged.takes(signature):
                in_time = deadline is None or time.monotonic() <= deadline  # else the steps refuse it
                if is_alone and in_time and self.staged.is_one_step(signature, arrays):
                    self._on_batch(1, 0.0)
                    return self.model.run(signature, arrays)
                return self.staged.run(signature, arrays, deadline)
            if not _can_be_joined(self.signature_defs[signature], arrays):
                return self.model.run(signature, inputs)
            return dict(self._queue(signature, arrays).run(arrays, deadline))

    def warm_up(self, signature: str, inputs: Arrays) -> None:
        """Answer a request alone and then as beside others, which may be computed in another way; see `run`."""
        self.run(signature, inputs)
        if self.staged is not None and self.staged.is_one_step(signature, _arrays(inputs)):
            with self._counted():
                self.run(signature, inputs)

    def close(self, on_end: Callable[[], None]) -> None:
        """Call `on_end` when the requests at hand are answered. A caller that has found this before may still run."""
        with self._lock:
            self._on_end = on_end if self._at_work else None
            is_idle = not self._at_work
        if is_idle:
            on_end()

    @contextmanager
    def _counted(self) -> Iterator[bool]:
        """Count a request; gives whether it is the only one at work."""
        with self._lock:
            self._at_work += 1
            is_alone = self._at_work == 1
        try:
            yield is_alone
        finally:
            with self._lock:
                self._at_work -= 1
                on_end = None if self._at_work else self._on_end
                self._on_end = None if on_end else self._on_end
            if on_end:
                on_end()

    def _queue(self, signature: str, arrays: Arrays) -> BatchQueue:
        """The queue of the requests that differ in their rows alone."""
        key = (signature, *((name, array.shape[1:], array.dtype.str) for name, array in sorted(arrays.items())))
        with self._lock:
            if key not in self._queues:
                if len(self._queues) >= MOST_QUEUES:
                    self._queues.clear()  # who waits in one holds it
                self._queues[key] = BatchQueue(
                    lambda inputs: self.model.run(signature, inputs), self._batching, self._on_batch
                )
            return self._queues[key]


def _arrays(inputs: Arrays) -> dict[str, np.ndarray]:
    return {name: _array(value) for name, value in inputs.items()}


def _array(value: object) -> np.ndarray:
    """An array; a list of bytes as objects, because NumPy's own strings lose the zeros at their end."""
    if isinstance(value, np.ndarray):
        return value
    is_bytes = isinstance(value, list) and any(isinstance(item, bytes) for item in value)
    return np.array(value, object) if is_bytes else np.asarray(value)


def _can_be_joined(definition: SignatureDef, arrays: Arrays) -> bool:
    """Whether a signature has a row for each row of its inputs, and the inputs agree in their number."""
    rows = {array.shape[:1] for array in arrays.values()}
    infos = [*definition.inputs.values(), *definition.outputs.values()]
    return len(rows) == 1 and rows not in ({()}, {(0,)}) and all(map(_has_rows, infos))


def _has_rows(info: TensorInfo) -> bool:
    shape = info.tensor_shape
    return not shape.unknown_rank and len(shape.dim) > 0 and shape.dim[0].size < 0
