"""Batches from other processes: tf.data service, with the batches put in order again.

Each worker takes the next step that no other has, makes its whole batch, and sends it; so the batches come out of order
and are sorted by their positions here. A batch is a pure function of its positions, so it does not matter which worker
made it: the batches are those of the chain without a service, to the bit.
"""

import queue
import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import tensorflow as tf

from imgcls.command_line import command_line

WAIT_SECONDS = 120.0  # for the next batch; the first one needs the workers to have built the chain
CONNECT_SECONDS = 5.0
READ_AHEAD = 2  # batches that wait in order
MOST_WAITING = 16  # batches for one before them, which a slower worker has; from then on it is waited for
PAUSE_SECONDS = 0.5  # between two batches in such a wait, in which the faster workers' buffers fill up and they stop
ADDRESS = re.compile(r"grpc://(\[[^\]]+\]|[^:/\s]+):(\d{1,5})")


class ServiceBatches:
    """The batches of a chain, made by the workers of a tf.data service and put in order again.

    Args:
        dataset: One batch for each of the positions: tuples whose first part is (B,), the positions of its images.
        address: Of the dispatcher, such as grpc://localhost:5050. The workers must find the image files under the same
            paths.
        positions: The first position of each batch.
        wait_seconds: The longest time until the next batch, after which the service counts as gone.

    Raises:
        ConnectionError: While iterating: the service does not answer, or no longer does.
    """

    def __init__(
        self, dataset: tf.data.Dataset, address: str, positions: Sequence[int], *, wait_seconds: float = WAIT_SECONDS
    ) -> None:
        self.address, self.positions, self.wait_seconds = address, positions, wait_seconds
        self._dataset = dataset

    def __len__(self) -> int:
        return len(self.positions)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        check_answers(self.address)
        found: queue.Queue[Any] = queue.Queue(READ_AHEAD)
        ended = threading.Event()
        reader = threading.Thread(target=self._read, args=(found, ended), daemon=True)  # the service can block for ever
        reader.start()
        waiting: dict[int, tuple[Any, ...]] = {}
        try:
            for position in self.positions:
                until = time.monotonic() + self.wait_seconds
                while position not in waiting:
                    batch = self._next(found, until)
                    waiting[int(batch[0][0])] = batch
                    if len(waiting) > MOST_WAITING:
                        time.sleep(PAUSE_SECONDS)
                yield waiting.pop(position)
        finally:
            ended.set()

    def _next(self, found: queue.Queue[Any], until: float) -> tuple[Any, ...]:
        try:
            batch = found.get(timeout=max(until - time.monotonic(), 0.0))
        except queue.Empty:
            raise ConnectionError(self._gone(f"the next batch did not come for {self.wait_seconds:g} s")) from None
        if batch is None:
            raise ConnectionError(self._gone("it ended before all batches had come, as when a worker ends"))
        if isinstance(batch, tf.errors.OpError):
            raise ConnectionError(self._gone(batch.message.splitlines()[0][:120])) from batch
        received: tuple[Any, ...] = batch
        return received

    def _read(self, found: queue.Queue[Any], ended: threading.Event) -> None:
        """Hand over what comes, then None; or the error."""
        try:
            for batch in self._shared():
                if not _put(found, batch, ended):
                    return
            _put(found, None, ended)
        except tf.errors.OpError as error:
            _put(found, error, ended)

    def _shared(self) -> tf.data.Dataset:
        service = tf.data.experimental.service
        shared = self._dataset.apply(service.distribute(service.ShardingPolicy.DYNAMIC, self.address, compression=None))
        options = tf.data.Options()
        options.autotune.enabled = False
        return shared.with_options(options)

    def _gone(self, why: str) -> str:
        return (
            f"The data service at {self.address} gave up: {why}. See that its dispatcher and at least one worker run "
            "and read the images under the same paths, then go on with --resume."
        )


def _put(found: queue.Queue[Any], batch: object, ended: threading.Event) -> bool:
    """Whether it could be handed over before the end."""
    while not ended.is_set():
        try:
            found.put(batch, timeout=0.2)
            return True
        except queue.Full:
            continue
    return False


def check_answers(address: str) -> None:
    """Check that something listens at an address.

    Args:
        address: Such as grpc://localhost:5050.

    Raises:
        ConnectionError: Nothing listens there.
        ValueError: This is no such address.
    """
    host, port = parse_address(address)
    try:
        socket.create_connection((host, port), CONNECT_SECONDS).close()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise ConnectionError(
            f"No data service answers at {address} ({why}). Start one: python -m imgcls.data_service dispatcher, then "
            f"{command_line('data_service', 'worker', '--dispatcher', address)}"
        ) from error


def parse_address(address: str) -> tuple[str, int]:
    """Host and port of an address.

    Raises:
        ValueError: The address does not look like grpc://host:port.

    Example:
        >>> parse_address("grpc://localhost:5050")
        ('localhost', 5050)
    """
    parts = ADDRESS.fullmatch(address)
    if not parts or not 1 <= int(parts[2]) <= 65_535:
        raise ValueError(f"The data service's address is {address!r}; expected one such as grpc://localhost:5050.")
    return parts[1].strip("[]"), int(parts[2])
