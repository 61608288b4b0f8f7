"""A dispatcher and two workers, each a process of its own as a user starts it."""

import os
import socket
import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from imgcls.config import AugmentationConfig, TrainingConfig
from imgcls.data.augmentation import Augmentation, from_preset
from imgcls.data.augmentation.layer_function import layer_function
from imgcls.data.batches.examples import LabeledImages
from imgcls.data.batches.pipeline import BatchOptions, training_batches
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data_service import Options

ROOT = Path(__file__).parents[1]
CHANGES = AugmentationConfig(brightness=0.2, random_erasing=0.5, mixup=0.4)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def start(*arguments: object) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-m", "imgcls.data_service", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


@pytest.fixture(scope="module")
def service():
    """The address, and the processes of the workers."""
    port = free_port()
    dispatcher = start("dispatcher", "--port", port)
    address = f"grpc://localhost:{port}"
    workers = []
    try:
        assert "dispatcher is ready" in dispatcher.stdout.readline()
        workers += [start("worker", "--dispatcher", address) for _ in range(2)]
        assert all("worker is ready" in worker.stdout.readline() for worker in workers)
        yield address, workers
    finally:
        for process in (*workers, dispatcher):
            process.kill()
            process.wait()
            process.stdout.close()


@pytest.fixture(scope="module")
def paths(small_data, tmp_path_factory):
    broken = tmp_path_factory.mktemp("broken") / "broken.png"
    broken.write_bytes(b"no image")
    return [*sorted((small_data / "train").rglob("*.png"))[:59], broken]


def batches(paths, steps, address=None, position=0, part=(0, 1)):
    augmentation = Augmentation(from_preset("light", CHANGES), layers=[layer_function("keras_cv.RandomShear(0.2)")])
    return training_batches(
        LabeledImages(paths, np.arange(60) % 3, 3),
        Preprocessing(28, 28, 1),
        BatchOptions(10, 3, augmentation=augmentation, part=part, data_service=address),
        steps=steps,
        position=position,
    )


def same(a, b) -> bool:
    pairs = zip(a, b, strict=True)
    return all(np.array_equal(x, y) for batch, other in pairs for x, y in zip(batch, other, strict=True))


@pytest.mark.slow
def test_two_workers_make_what_the_chain_alone_makes_and_a_resumed_run_reads_on(service, paths):
    address, _ = service
    assert same(batches(paths, 20), batches(paths, 20, address))
    resumed = iter(batches(paths, 10**6, address, position=70, part=(1, 2)))
    assert same(batches(paths, 5, position=70, part=(1, 2)), [next(resumed) for _ in range(5)])


@pytest.mark.thorough
def test_when_the_workers_are_gone_it_is_said_in_a_sentence(service, paths):
    address, workers = service
    some = batches(paths, 10**6, address)
    running = iter(some)
    next(running)
    some.wait_seconds = 3
    for worker in workers:
        worker.kill()
    with pytest.raises(ConnectionError, match=r"gave up: .* See that its dispatcher and at least one worker run"):
        list(islice(running, 200))  # some lie ready still


def test_an_address_where_nobody_listens_is_said_before_the_first_step(paths):
    address = f"grpc://localhost:{free_port()}"
    with pytest.raises(ConnectionError, match=f"No data service answers at {address} .*Start one: python -m imgcls"):
        next(iter(batches(paths, 1, address)))


@pytest.mark.parametrize("address", ["localhost:5050", "grpc://localhost", "grpc://localhost:99999", "http://a:1"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ValueError, match=r"expected .* such as grpc://localhost:5050"):
        TrainingConfig(data_service=address)


def test_roles_have_their_own_flags(command):
    assert command("data_service", "worker").err.startswith("error: A worker needs its dispatcher's address")
    mixed = command("data_service", "dispatcher", "--dispatcher", "grpc://localhost:5050")
    assert "a dispatcher has none above it" in mixed.err
    with pytest.raises(ValueError, match="--port is 0; expected 1 to 65535"):
        Options("dispatcher", port=0)


@pytest.mark.thorough
def test_a_port_that_is_taken_is_said_in_a_sentence(command):
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        result = command("data_service", "dispatcher", "--port", taken.getsockname()[1])
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "cannot be had: address already in use. Choose another --port." in result.err
