import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from imgcls.serving.server.core.batch_queue import Batching, BatchQueue
from imgcls.serving.server.request_error import RequestError


class Network:
    """Doubles its input, when it is let; writes down the rows of each call."""

    def __init__(self, batching: Batching, size=None) -> None:
        self.calls: list[list[float]] = []
        self.batches: list[int] = []
        self.go_on = threading.Event()
        self.entered = threading.Semaphore(0)
        self.queue = BatchQueue(self.compute, batching, lambda rows, waited: self.batches.append(rows), size)

    def compute(self, inputs):
        self.calls.append(inputs["x"].tolist())
        self.entered.release()
        assert self.go_on.wait(20)
        if -1.0 in inputs["x"]:
            raise ValueError("a negative number")
        return {"y": 2 * inputs["x"]}

    def ask(self, *values: float, deadline: float | None = None) -> list[float]:
        return self.queue.run({"x": np.array(values)}, deadline)["y"].tolist()

    def wait_for(self, count: int) -> None:
        """Until so many requests are in the queue."""
        end = time.monotonic() + 20
        while len(self.queue._queue) < count and time.monotonic() < end:
            time.sleep(0.001)


@pytest.fixture
def pool():
    with ThreadPoolExecutor(16) as pool:
        yield pool


def busy(pool, size=None, **batching) -> tuple[Network, object]:
    """A network at work on a first request."""
    network = Network(Batching(num_batch_threads=1, **batching), size)
    first = pool.submit(network.ask, 0.0)
    assert network.entered.acquire(timeout=20)
    return network, first


def test_one_caller_alone_waits_for_nobody():
    network = Network(Batching())
    network.go_on.set()
    assert [network.ask(1.0), network.ask(2.0, 3.0)] == [[2.0], [4.0, 6.0]]
    assert network.calls == [[1.0], [2.0, 3.0]]


def test_those_who_wait_go_through_together_and_each_gets_its_own(pool):
    network, first = busy(pool, max_batch_size=4)
    others = []
    for place, values in enumerate([(1.0,), (2.0, 3.0), (4.0,), (5.0, 6.0)]):
        others.append(pool.submit(network.ask, *values))
        network.wait_for(place + 1)
    network.go_on.set()
    assert first.result() == [0.0]
    assert [other.result() for other in others] == [[2.0], [4.0, 6.0], [8.0], [10.0, 12.0]]
    assert network.calls == [[0.0], [1.0, 2.0, 3.0, 4.0], [5.0, 6.0]]
    assert network.batches == [1, 4, 2]


def test_a_request_larger_than_a_batch_goes_alone(pool):
    network, _ = busy(pool, max_batch_size=2)
    other = pool.submit(network.ask, 1.0, 2.0, 3.0)
    network.go_on.set()
    assert other.result() == [2.0, 4.0, 6.0]


def test_a_request_that_fails_does_not_fail_the_others(pool):
    network, _ = busy(pool)
    others = []
    for place, value in enumerate([1.0, -1.0, 3.0]):
        others.append(pool.submit(network.ask, value))
        network.wait_for(place + 1)
    network.go_on.set()
    assert (others[0].result(), others[2].result()) == ([2.0], [6.0])
    with pytest.raises(ValueError, match="a negative number"):
        others[1].result()


def test_a_fault_before_the_network_is_every_callers_error_and_the_turn_goes_on(pool):
    network, first = busy(pool)

    def fail(rows: int, waited: float) -> None:
        network.queue._on_batch = network.batches.append
        raise OSError("the disk is gone")

    network.queue._on_batch = fail
    deadline = time.monotonic() + 20  # which nobody reaches
    others = []
    for place, value in enumerate([1.0, 2.0, 3.0]):
        others.append(pool.submit(network.ask, value, deadline=deadline))
        network.wait_for(place + 1)
    network.go_on.set()
    assert first.result() == [0.0]
    for other in others:
        with pytest.raises(OSError, match="the disk is gone"):
            other.result()
    network.queue._on_batch = lambda rows, waited: None
    assert network.ask(4.0, deadline=deadline) == [8.0]


def test_a_full_queue_refuses_in_the_words_of_the_official_server(pool):
    network, _ = busy(pool, max_enqueued_requests=2)
    others = [pool.submit(network.ask, 1.0) for _ in range(2)]
    network.wait_for(2)
    with pytest.raises(RequestError, match="The batch scheduling queue to which this task was submitted is full") as e:
        network.ask(9.0)
    assert e.value.status == 503
    network.go_on.set()
    assert [other.result() for other in others] == [[2.0]] * 2


def test_who_has_waited_for_its_time_is_told_so_and_leaves_the_queue(pool):
    network, first = busy(pool)
    with pytest.raises(RequestError, match="The time of the request is over") as caught:
        network.ask(1.0, deadline=time.monotonic() + 0.05)
    assert caught.value.status == 504
    with pytest.raises(RequestError, match="The time of the request is over"):
        network.ask(1.0, deadline=time.monotonic() - 1)
    network.go_on.set()
    first.result()
    assert network.ask(2.0) == [4.0]
    assert network.calls == [[0.0], [2.0]]


def test_a_time_out_waits_until_the_batch_is_full(pool):
    network = Network(Batching(max_batch_size=3, batch_timeout_micros=20_000_000))
    network.go_on.set()
    others = list(pool.map(network.ask, [1.0, 2.0, 3.0]))
    assert others == [[2.0], [4.0], [6.0]]
    assert network.batches == [3]
    short = Network(Batching(max_batch_size=3, batch_timeout_micros=1000))
    short.go_on.set()
    assert short.ask(1.0) == [2.0]


def test_outputs_without_a_row_for_each_request_are_computed_singly(pool):
    go_on, entered = threading.Event(), threading.Semaphore(0)

    def total(inputs):
        entered.release()
        assert go_on.wait(20)
        return {"sum": inputs["x"].sum(keepdims=True)}

    queue = BatchQueue(total, Batching(num_batch_threads=1), lambda rows, waited: None)
    asked = [pool.submit(queue.run, {"x": np.array([1.0, value])}) for value in (1.0, 2.0, 3.0)]
    assert entered.acquire(timeout=20)
    go_on.set()
    assert sorted(each.result()["sum"].item() for each in asked) == [2.0, 3.0, 4.0]


def test_many_callers_many_times(pool):
    network = Network(Batching(max_batch_size=5, num_batch_threads=3))
    network.go_on.set()
    assert list(pool.map(network.ask, map(float, range(2000)))) == [[2.0 * value] for value in range(2000)]
    assert sum(network.batches) == 2000
    assert max(network.batches) <= 5


def test_large_requests_are_joined_with_fewer_others(pool):
    network, _ = busy(pool, lambda inputs: 3, max_batch_size=4)
    others = []
    for place in range(2):
        others.append(pool.submit(network.ask, 1.0))
        network.wait_for(place + 1)
    network.go_on.set()
    assert [other.result() for other in others] == [[2.0], [2.0]]
    assert network.batches == [1, 1, 1]
