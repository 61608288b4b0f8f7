"""Workers wait for each other, and name those that are not there."""

import socket
import threading
import time

import pytest

from imgcls.training.devices.cluster import Cluster
from imgcls.training.devices.roll_call import await_workers, patience
from tests.training.devices.test_workers import free_ports


def cluster(index: int, ports: list[int]) -> Cluster:
    return Cluster(tuple(f"127.0.0.1:{port}" for port in ports), index)


def test_workers_that_come_one_after_the_other_all_go_on():
    ports, arrived = free_ports(3), []

    def come(index: int) -> None:
        time.sleep(0.3 * index)
        await_workers(cluster(index, ports), 20.0)
        arrived.append(index)
        with socket.create_server(("127.0.0.1", ports[index])):  # as TensorFlow listens then
            done.wait(20.0)

    done = threading.Event()
    workers = [threading.Thread(target=come, args=(index,)) for index in range(3)]
    for worker in workers:
        worker.start()
    until = time.monotonic() + 20
    while len(arrived) < 3 and time.monotonic() < until:
        time.sleep(0.05)
    done.set()
    for worker in workers:
        worker.join()
    assert sorted(arrived) == [0, 1, 2]


@pytest.mark.parametrize("index", [0, 1])
def test_a_worker_that_is_not_there_is_named(index):
    ports = free_ports(2)
    with pytest.raises(ConnectionError) as refused:
        await_workers(cluster(index, ports), 0.5)
    said = str(refused.value)
    assert f"1 of 2 workers cannot be reached: 127.0.0.1:{ports[1 - index]} (connection refused)" in said
    assert "IMGCLS_WORKERS_WITHIN" in said


def test_a_host_that_does_not_exist_is_named():
    (port,) = free_ports(1)
    with pytest.raises(ConnectionError, match=r"no-such-host\.invalid:2222"):
        await_workers(Cluster((f"127.0.0.1:{port}", "no-such-host.invalid:2222"), 0), 0.2)


def test_a_port_that_is_taken_is_named():
    (other,) = free_ports(1)
    with socket.create_server(("", 0)) as taken, pytest.raises(ConnectionError, match="address already in use"):
        await_workers(cluster(0, [taken.getsockname()[1], other]), 0.2)


def test_how_long_they_wait_is_a_variable():
    assert patience({}) == 60.0
    assert patience({"IMGCLS_WORKERS_WITHIN": "1800"}) == 1800.0
    with pytest.raises(ValueError, match="IMGCLS_WORKERS_WITHIN is 'long'"):
        patience({"IMGCLS_WORKERS_WITHIN": "long"})
