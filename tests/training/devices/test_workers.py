"""Processes on the loopback train one run together, and lose one of them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from imgcls.config_file import save_toml
from imgcls.run_folder import RunFolder
from imgcls.training.checkpoints import load_latest
from tests.training.test_run import wait_for, weights

ROOT = Path(__file__).parents[3]
WITHIN = 60  # seconds in which a worker must notice that the other one is gone


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def start_workers(count: int, *arguments: object) -> list[subprocess.Popen]:
    addresses = [f"127.0.0.1:{port}" for port in free_ports(count)]
    line = [sys.executable, "-m", "imgcls.train", *map(str, arguments)]
    workers = []
    for index in range(count):
        cluster = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CONFIG": json.dumps(cluster)}
        workers.append(
            subprocess.Popen(line, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        )
    return workers


def finish(workers: list[subprocess.Popen]) -> None:
    for worker in workers:
        said, _ = worker.communicate(timeout=600)
        assert worker.returncode == 0, said


def losses(run: Path) -> list[float]:
    return [row["loss"] for row in RunFolder(run).metrics()]


def test_the_program_of_training_leaves_tensorflow_s_devices_to_the_strategy():
    """Workers can be joined only before TensorFlow has made anything, such as a constant of a module."""
    code = "import tensorflow as tf, imgcls.cli.run_train; "
    code += "tf.config.set_logical_device_configuration(tf.config.list_physical_devices('CPU')[0], "
    code += "[tf.config.LogicalDeviceConfiguration()] * 2); print(len(tf.config.list_logical_devices('CPU')))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert said.stdout.split() == ["2"]


@pytest.mark.slow
def test_a_worker_that_is_lost_ends_the_other_within_a_minute_and_both_go_on(tiny_config, tmp_path):
    for name, epochs in (("unbroken", 6), ("broken", 6)):
        save_toml(tiny_config(name=name, epochs=epochs, strategy="multi_worker"), tmp_path / f"{name}.toml")
    finish(start_workers(2, "--config", tmp_path / "unbroken.toml"))
    unbroken, broken = tmp_path / "unbroken", tmp_path / "broken"

    first, second = start_workers(2, "--config", tmp_path / "broken.toml")
    wait_for(lambda: load_latest(broken / "checkpoints") is not None or first.poll() is not None)
    second.send_signal(signal.SIGKILL)
    second.communicate()
    began = time.monotonic()
    said, _ = first.communicate(timeout=WITHIN)
    assert time.monotonic() - began < WITHIN
    assert first.returncode == 1, said
    assert "Another worker is gone" in said
    assert "--resume" in said
    assert "Traceback" not in said
    assert RunFolder(broken).status()["state"] == "failed"
    assert load_latest(broken / "checkpoints").state["step"] < 36

    finish(start_workers(2, "--resume", broken))
    assert losses(broken) == losses(unbroken)
    for a, b in zip(weights(unbroken), weights(broken), strict=True):
        assert np.array_equal(a, b)


@pytest.mark.slow
def test_a_run_goes_on_with_another_number_of_workers(tiny_config, tmp_path):
    """The batch is divided anew, and the order of the examples stays: the weights are those of two to rounding."""
    for name in ("two", "changing"):
        config = tiny_config(name=name, epochs=4, strategy="multi_worker", sync_batch_normalization=True)
        save_toml(config, tmp_path / f"{name}.toml")
    finish(start_workers(2, "--config", tmp_path / "two.toml"))
    changing = tmp_path / "changing"
    first, second = start_workers(2, "--config", tmp_path / "changing.toml")
    wait_for(lambda: load_latest(changing / "checkpoints") is not None or first.poll() is not None)
    second.send_signal(signal.SIGKILL)
    second.communicate()
    first.communicate(timeout=WITHIN)
    assert first.returncode == 1

    finish(start_workers(4, "--resume", changing))
    np.testing.assert_allclose(losses(changing), losses(tmp_path / "two"), rtol=1e-4)
    for a, b in zip(weights(tmp_path / "two"), weights(changing), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)
