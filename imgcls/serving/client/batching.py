"""Values for TensorFlow Serving's batching, found in what a server was measured to do."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from imgcls.serving.client.load import Level

ENOUGH = 0.95  # of the best rate: more images at once cost memory and time for the rest
SHARE = 0.1  # of one image's time, that it may wait for others when there are none
MOST_THREADS = 64
QUEUE_SECONDS = 1.0  # in which a full queue is worked off; who comes then is told at once
LARGEST = 1000  # images in one request, as the server takes them


@dataclass(frozen=True)
class Batching:
    """The values of a batching.config.

    Attributes:
        execution: Images that go through the network at once.
        timeout_micros: That an image waits for others.
        threads: Batches that are worked on at once.
        enqueued: Batches that may wait; more are refused.
    """

    execution: int
    timeout_micros: int
    threads: int
    enqueued: int

    def text(self) -> str:
        """The file, as the message BatchingParameters is written."""
        return f"""# How TensorFlow Serving puts requests together, measured by `python -m imgcls.serve load`.
max_batch_size {{ value: {LARGEST} }}  # images in one request
enable_large_batch_splitting {{ value: true }}
max_execution_batch_size {{ value: {self.execution} }}  # through the network at once: more are not faster
batch_timeout_micros {{ value: {self.timeout_micros} }}  # that an image waits for others: a tenth of its own time
max_enqueued_batches {{ value: {self.enqueued} }}  # what comes then is refused (503)
num_batch_threads {{ value: {self.threads} }}  # batches at once
"""

    def flags(self) -> str:
        """The same for `python -m imgcls.serve`, which counts waiting requests, and waits only while it is busy."""
        return (
            f"--max-batch-size {self.execution} --num-batch-threads {self.threads} "
            f"--max-enqueued-requests {self.enqueued * self.execution}"
        )


def find_values(by_images: Sequence[Level], by_clients: Sequence[Level]) -> Batching:
    """Choose the values.

    Args:
        by_images: One client, with 1 and more images in a request.
        by_clients: 1 and more clients, with one image in a request.

    Raises:
        ValueError: If a request failed, so that the times say nothing.

    Example:
        >>> def level(clients, images, rate):
        ...     return Level(clients, images, 100, 0, rate, 1000 * images * clients / rate, 0, 0)
        >>> find_values([level(1, 1, 50), level(1, 8, 98), level(1, 32, 100)], [level(1, 1, 50), level(8, 1, 100)])
        Batching(execution=8, timeout_micros=2000, threads=2, enqueued=125)
    """
    failed = next((each for each in (*by_images, *by_clients) if each.failed or not each.requests), None)
    if failed:
        raise ValueError(f"With {failed.clients} clients a request failed: {failed.why or 'none was answered'}")
    best = max(each.rate for each in by_images)
    size = min((each for each in by_images if each.rate >= ENOUGH * best), key=lambda each: each.images)
    alone = by_clients[0]
    threads = min(max(1, round(max(each.rate for each in by_clients) / alone.rate)), MOST_THREADS)
    waiting = math.ceil(QUEUE_SECONDS * 1000 / size.p50 * threads)
    return Batching(
        size.images,
        round(SHARE * alone.p50 * 1000),
        threads,
        max(waiting, threads, math.ceil(LARGEST / size.images)),
    )
