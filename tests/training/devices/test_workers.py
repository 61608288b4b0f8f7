"""Processes on the loopback train one run together, and lose one of them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imgcls.config_file import save_toml
from imgcls.run_folder import RunFolder
from imgcls.training.checkpoints import load_latest
from imgcls.workflow.create import create_run
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
    line = [sys.executable, "-m", "imgcls.train", *map(str, arguments)]
    addresses = [f"127.0.0.1:{port}" for port in free_ports(count)]
    return [start(index, addresses, line) for index in range(count)]


def start(index: int, addresses: list[str], line: list[str], **environment: str) -> subprocess.Popen:
    cluster = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CONFIG": json.dumps(cluster), **environment}
    return subprocess.Popen(line, env=variables, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


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
def test_a_finished_run_is_trained_longer_by_all_its_workers_and_its_name_is_taken_for_all(tiny_config, tmp_path):
    file, run = tmp_path / "two.toml", tmp_path / "two"
    save_toml(tiny_config(name="two", epochs=1, strategy="multi_worker"), file)
    finish(start_workers(2, "--config", file))
    finish(start_workers(2, "--resume", run, "--epochs", 2))
    assert len(losses(run)) == RunFolder(run).config.training.epochs == 2
    assert RunFolder(run).state() == "finished"

    first, second = start_workers(2, "--config", file)
    said, _ = first.communicate(timeout=300)
    assert first.returncode == 2
    assert "There is a run at" in said
    said, _ = second.communicate(timeout=300)
    assert second.returncode == 1
    assert "Worker 0 refused or failed, and its output says why. Start all workers again." in said


@pytest.mark.parametrize("later", [3, 4])
@pytest.mark.slow
def test_a_run_goes_on_with_another_number_of_workers(tiny_config, tmp_path, later):
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

    finish(start_workers(later, "--resume", changing))
    np.testing.assert_allclose(losses(changing), losses(tmp_path / "two"), rtol=1e-4)
    for a, b in zip(weights(tmp_path / "two"), weights(changing), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_a_run_of_two_workers_goes_on_on_one_machine_and_a_run_of_one_on_two(tiny_config, tmp_path):
    settings = {"epochs": 8, "sync_batch_normalization": True}
    save_toml(tiny_config(name="two", strategy="multi_worker", **settings), tmp_path / "two.toml")
    finish(start_workers(2, "--config", tmp_path / "two.toml"))
    alone = [sys.executable, "-m", "imgcls.train", "--resume", str(tmp_path / "changing")]

    save_toml(tiny_config(name="changing", strategy="multi_worker", **settings), tmp_path / "changing.toml")
    interrupted(start_workers(2, "--config", tmp_path / "changing.toml"), tmp_path / "changing")
    said = subprocess.run(alone, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert said.returncode == 2
    assert "choose --strategy auto, with --resume as well" in said.stderr
    one = subprocess.Popen(
        [*alone, "--strategy", "auto"], env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    interrupted([one], tmp_path / "changing", after=2)
    finish(start_workers(2, "--resume", tmp_path / "changing", "--strategy", "multi_worker"))

    np.testing.assert_allclose(losses(tmp_path / "changing"), losses(tmp_path / "two"), rtol=1e-4)
    for a, b in zip(weights(tmp_path / "two"), weights(tmp_path / "changing"), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


def interrupted(workers: list[subprocess.Popen], run: Path, after: int = 1) -> None:
    """Kill the last worker, once the run has this many epochs and a checkpoint; the others end by themselves."""
    wait_for(
        lambda: (
            workers[0].poll() is not None
            or (load_latest(run / "checkpoints") is not None and len(RunFolder(run).metrics()) >= after)
        )
    )
    assert workers[0].poll() is None, workers[0].communicate()
    workers[-1].send_signal(signal.SIGKILL)
    for worker in workers:
        worker.communicate(timeout=WITHIN)


OTHER_VERSION = """
import runpy, sys
import imgcls
imgcls.__version__ = "0.0.1"
sys.argv = ["train", *sys.argv[1:]]
runpy.run_module("imgcls.train", run_name="__main__")
"""


@pytest.mark.slow
def test_workers_of_other_versions_do_not_train_together(tiny_config, tmp_path):
    file = tmp_path / "mixed.toml"
    save_toml(tiny_config(name="mixed", epochs=1, strategy="multi_worker"), file)
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    workers = [
        start(0, addresses, [sys.executable, "-m", "imgcls.train", "--config", str(file)]),
        start(1, addresses, [sys.executable, "-c", OTHER_VERSION, "--config", str(file)]),
    ]
    for worker in workers:
        said, _ = worker.communicate(timeout=300)
        assert worker.returncode == 2, said
        assert "Worker 1 has other versions of imgcls, TensorFlow or Keras than worker 0" in said
        assert "Traceback" not in said


MEASURING = """
import runpy, sys
import imgcls.training.batch_search, imgcls.workflow.create
imgcls.training.batch_search.STEPS_AN_EPOCH = 1
imgcls.workflow.create.is_measured = lambda asked: True  # as on a card
sys.argv = ["train", *sys.argv[1:]]
runpy.run_module("imgcls.train", run_name="__main__")
"""


@pytest.mark.slow
def test_the_first_worker_measures_the_batch_size_for_all(tiny_config, tmp_path):
    file = tmp_path / "measured.toml"
    save_toml(tiny_config(name="measured", epochs=1, strategy="multi_worker", batch_size=0), file)
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    line = [sys.executable, "-c", MEASURING, "--config", str(file)]
    said = [worker.communicate(timeout=300)[0] for worker in [start(index, addresses, line) for index in range(2)]]
    assert RunFolder(tmp_path / "measured").state() == "finished", said
    size = RunFolder(tmp_path / "measured").config.training.batch_size
    assert size in (8, 16, 32)
    assert [f"--batch-size {size}: images a second are" in each for each in said] == [True, False], said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--model", "resnet20", "--epochs", "2"), "another --model than worker 0"),
        (("--data", "fashion_mini"), "another --data than worker 0"),
        (("--name", "other"), "another --name than worker 0"),
    ],
)
def test_a_worker_with_other_flags_does_not_train_along(tiny_config, tmp_path, flags, said):
    file = tmp_path / "mixed.toml"
    save_toml(tiny_config(name="mixed", epochs=1, strategy="multi_worker"), file)
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    line = [sys.executable, "-m", "imgcls.train", "--config", str(file)]
    for worker in [start(0, addresses, line), start(1, addresses, [*line, *flags])]:
        output, _ = worker.communicate(timeout=300)
        assert worker.returncode == 2, output
        assert f"Worker 1 has {said}" in output
        assert "Traceback" not in output
    assert not (tmp_path / "mixed").exists()


@pytest.mark.slow
def test_a_worker_with_other_images_does_not_train_along(tiny_config, tmp_path):
    own, other = tmp_path / "own", tmp_path / "other"
    files = []
    for runs in (own, other):
        files.append(runs.with_suffix(".toml"))
        save_toml(replace(tiny_config(name="run", epochs=1, strategy="multi_worker"), runs=str(runs)), files[-1])
    config = tiny_config(name="run", epochs=1, strategy="one_device", seed=1)  # which divides the images in another way
    run, _ = create_run(replace(config, runs=str(other)))
    run.save_config(replace(run.config, training=replace(run.config.training, strategy="multi_worker")))
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    line = [sys.executable, "-m", "imgcls.train", "--config"]
    for worker in [start(index, addresses, [*line, str(file)]) for index, file in enumerate(files)]:
        said, _ = worker.communicate(timeout=300)
        assert worker.returncode == 2, said
        assert "Worker 1 has another" in said
        assert "the same --runs folder" in said


@pytest.mark.slow
def test_a_machine_that_is_not_there_is_named_after_a_minute(tiny_config, tmp_path):
    save_toml(tiny_config(name="alone", epochs=1, strategy="multi_worker"), tmp_path / "alone.toml")
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    line = [sys.executable, "-m", "imgcls.train", "--config", str(tmp_path / "alone.toml")]
    said, _ = start(0, addresses, line, IMGCLS_WORKERS_WITHIN="3").communicate(timeout=WITHIN)
    assert f"After 3 s 1 of 2 workers cannot be reached: {addresses[1]} (connection refused)" in said
    assert "Traceback" not in said
    assert not (tmp_path / "alone").exists()
