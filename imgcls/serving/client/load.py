"""How fast a server answers: many clients at once, each with one request after the other."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from functools import partial
from itertools import cycle, islice
from typing import NamedTuple

import numpy as np

from imgcls.serving.client.client import Client
from imgcls.serving.client.questions import CLASSES, IMAGES


class Level(NamedTuple):
    """What was measured with a number of clients.

    Attributes:
        clients: At the same time.
        images: In each request.
        requests: That were answered.
        failed: That were not.
        rate: Images a second, over all clients.
        p50: Milliseconds until half of the requests were answered; likewise p95 and p99.
        why: Of the last failure; "" if there was none.
    """

    clients: int
    images: int
    requests: int
    failed: int
    rate: float
    p50: float
    p95: float
    p99: float
    why: str = ""


def measure(client: Client, contents: Sequence[bytes], *, clients: int, images: int, seconds: float) -> Level:
    """Send requests for some time.

    Args:
        client: Of the server; its connections are shared.
        contents: Encoded images, which are sent in turn.
        clients: Threads, each of which waits for its answer before it asks again.
        images: In each request.
        seconds: How long new requests are begun.

    Returns:
        What was measured. The first request of each thread does not count.
    """
    workers = [_Worker(client, contents, images, place) for place in range(clients)]
    _all_at_once([worker.warm_up for worker in workers])
    start, stopped = time.perf_counter(), threading.Event()
    try:
        _all_at_once([partial(worker.run, start + seconds, stopped) for worker in workers])
    finally:
        stopped.set()
    took = time.perf_counter() - start
    times = np.array([each for worker in workers for each in worker.times]) * 1000
    p50, p95, p99 = np.percentile(times, [50, 95, 99]).tolist() if len(times) else [float("nan")] * 3
    failures = [why for worker in workers for why in worker.failures]
    return Level(
        clients,
        images,
        len(times),
        len(failures),
        len(times) * images / took,
        p50,
        p95,
        p99,
        failures[-1] if failures else "",
    )


def _all_at_once(tasks: Sequence[Callable[[], None]]) -> None:
    """Do tasks, each in a thread of its own, and wait until all have ended or one has failed.

    Raises what a task raises, and KeyboardInterrupt at once; threads that still work do not keep the process alive.
    """
    futures: list[Future[None]] = [Future() for _ in tasks]
    for task, future in zip(tasks, futures, strict=True):
        threading.Thread(target=_do, args=(task, future), daemon=True).start()
    for future in wait(futures, return_when=FIRST_EXCEPTION).done:
        future.result()


def _do(task: Callable[[], None], future: Future[None]) -> None:
    try:
        task()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(None)


class _Worker:
    """One client: the seconds that each of its requests took, and why others failed."""

    def __init__(self, client: Client, contents: Sequence[bytes], images: int, place: int) -> None:
        self._client, self._images = client, images
        self._next = cycle([*contents[place % len(contents) :], *contents[: place % len(contents)]])
        self.times: list[float] = []
        self.failures: list[str] = []

    def warm_up(self) -> None:
        self._ask()
        self.times.clear()
        self.failures.clear()

    def run(self, end: float, stopped: threading.Event) -> None:
        while time.perf_counter() < end and not stopped.is_set():
            self._ask()

    def _ask(self) -> None:
        start = time.perf_counter()
        try:
            self._client.run(CLASSES, {IMAGES: list(islice(self._next, self._images))})
        except (OSError, RuntimeError, ValueError) as error:  # ConnectionError and TimeoutError are of OSError
            self.failures.append(str(error))
        else:
            self.times.append(time.perf_counter() - start)
