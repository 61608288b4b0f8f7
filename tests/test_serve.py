"""`python -m imgcls.serve` as a process."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import tensorflow as tf

from imgcls import Client, serve
from imgcls.cli import run_serve, serving_flags
from imgcls.serving.server import listening
from tests.conftest import ROOT
from tests.serving.conftest import models_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The model half_plus_three of TensorFlow Serving's documentation."""
    module = tf.Module()
    module.call = tf.function(lambda x: {"y": 0.5 * x + 3.0}, input_signature=[tf.TensorSpec((None,), tf.float32, "x")])
    folder = tmp_path_factory.mktemp("saved_models") / "half_plus_three"
    tf.saved_model.save(module, str(folder / "123"), signatures=module.call)
    return folder


@pytest.fixture(scope="module")
def endless(tmp_path_factory) -> Path:
    """A model that takes hours for one request."""
    module = tf.Module()
    module.call = tf.function(
        lambda x: {"y": tf.while_loop(lambda i, y: i < 10**9, lambda i, y: (i + 1, y + 1.0), (0, x))[1]},
        input_signature=[tf.TensorSpec((None,), tf.float32, "x")],
    )
    folder = tmp_path_factory.mktemp("saved_models") / "endless"
    tf.saved_model.save(module, str(folder / "1"), signatures=module.call)
    return folder


def start(*arguments) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "imgcls.serve", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.thorough
def test_it_serves_what_it_says_and_ends_quietly(folder, stop, tmp_path):
    process = start(folder, "--port", "0", "--access-log", tmp_path / "access.jsonl")
    try:
        line = process.stdout.readline()
        url = re.search(r"http://127\.0\.0\.1:\d+/v1/models/half_plus_three", line).group()
        assert "version 123" in line
        response = httpx.post(f"{url}:predict", json={"instances": [1.0, 2.0, 5.0]})
        assert response.json() == {"predictions": [3.5, 4.0, 5.5]}
        over_grpc = re.search(r"grpc://127\.0\.0\.1:\d+/half_plus_three", process.stdout.readline()).group()
        with Client(over_grpc) as client:
            assert client.run("serving_default", {"x": [1.0, 2.0, 5.0]}) == {"y": [3.5, 4.0, 5.5]}
        taken = start(folder, "--port", httpx.URL(url).port)
        output, errors = taken.communicate(timeout=60)
        assert (taken.returncode, output) == (2, "")
        assert "cannot be used: address already in use. Choose another" in errors
        assert errors.count("\n") == 1
    finally:
        process.send_signal(stop)
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    lines = [json.loads(line) for line in (tmp_path / "access.jsonl").read_text("utf-8").splitlines()]
    assert {"POST", "Predict"} <= {line["method"] for line in lines}  # over REST and over gRPC
    assert output.endswith("Stopped.\n")


@contextmanager
def at_work(endless, drain_seconds):
    """A server that waits so long when it stops, and a request to it that has no end."""
    process = start(endless, "--port", "0", "--drain-seconds", str(drain_seconds))
    try:
        url = re.search(r"http://\S+/v1/models/endless", process.stdout.readline()).group()
        with ThreadPoolExecutor(1) as caller:
            call = caller.submit(httpx.post, f"{url}:predict", json={"inputs": [1.0]}, timeout=60)
            with pytest.raises(FutureTimeout):
                call.result(1)
            yield process, call
    finally:
        process.kill()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.thorough
def test_a_stop_waits_for_requests_no_longer_than_it_is_told(endless, stop):
    with at_work(endless, drain_seconds=0.2) as (process, call):
        process.send_signal(stop)
        output, errors = process.communicate(timeout=60)
        assert call.result().status_code == 503
        assert call.result().json()["error"].startswith("The server stops")
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert output.endswith("Stopped.\n")


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.thorough
def test_a_second_signal_ends_it_at_once_and_one_sent_twice_does_not(endless, stop):
    with at_work(endless, drain_seconds=120) as (process, call):
        process.send_signal(stop)
        time.sleep(0.1)
        process.send_signal(stop)  # as `timeout` does, to the process and to its group
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(2)
        process.send_signal(stop)
        output, errors = process.communicate(timeout=10)
        with pytest.raises(httpx.RemoteProtocolError):
            call.result(10)
    assert process.returncode == 128 + stop
    assert errors == "Ended at once by a second signal; the requests at hand were not answered.\n"
    assert "Stopped." not in output


@pytest.mark.thorough
def test_several_models_of_a_config_file_that_changes(folder, tmp_path):
    entry = 'config {{ name: "{}" base_path: "{}" model_platform: "tensorflow" }}'
    path, wanted = tmp_path / "models.config", [entry.format(name, folder) for name in ("half", "line")]
    path.write_text(f"model_config_list {{ {wanted[0]} }}")
    process = start("--port", "0", "--model-config-file", path, "--model-config-poll-seconds", "0.1")
    try:
        address = re.search(r"(http://\S+)/v1/models/half", process.stdout.readline()).group(1)
        path.write_text(f"model_config_list {{ {' '.join(wanted)} }}")
        deadline = time.monotonic() + 30
        while httpx.get(f"{address}/v1/models/line").status_code != 200 and time.monotonic() < deadline:
            time.sleep(0.05)
        for name in ("half", "line"):
            response = httpx.post(f"{address}/v1/models/{name}:predict", json={"instances": [1.0]})
            assert response.json() == {"predictions": [3.5]}
    finally:
        process.send_signal(signal.SIGINT)
        errors = process.communicate(timeout=60)[1]
    assert (process.returncode, "Traceback" in errors) == (0, False)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "Name a bundle"),
        (("saved_models/a", "--model-config-file", "models.config"), "not both"),
        (("--model-config-file", "nowhere.config"), "there is no such file"),
    ],
)
def test_bundles_or_a_config_file(arguments, problem):
    output, errors = start(*arguments).communicate(timeout=60)
    assert output == ""
    assert problem in errors


def test_nobody_is_let_in_before_there_is_a_model():
    listener = listening.take_port("127.0.0.1", 0)
    address = listener.getsockname()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)
    listening.listen(listener)
    socket.create_connection(address, timeout=5).close()
    listener.close()


def test_the_curl_line(folder):
    """server/test_classify.py runs it."""
    text = run_serve.welcome(models_of(folder), "http://127.0.0.1:8501")
    assert "\n  curl -F image=@IMAGE http://127.0.0.1:8501/v1/models/half_plus_three/classify\n" in text
    assert "\nIn the browser: http://127.0.0.1:8501/\n" in text


def test_an_answer_may_be_as_large_as_a_request(folder):
    flags = serving_flags.ModelFlags(), serving_flags.BatchingFlags()
    models = run_serve._models([folder], run_serve.Settings(1 << 20, 10, 10**6, 1, 1.0, 1.0, *flags))
    assert models.limits.answer_bytes == 1 << 20


def test_no_bundle(tmp_path):
    process = start(tmp_path / "flowers")
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (2, "")
    assert errors.startswith("error: There is nothing at ")
    assert "Traceback" not in errors


def test_small_packets_are_not_delayed():
    """asyncio switches the delay off only for sockets that name their protocol; an answer takes 40 ms more else."""
    with listening.take_port("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_a_port_without_permission_or_address():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ValueError, match=f"Port {port} of 127.0.0.1 cannot be used"):
            listening.take_port("127.0.0.1", port)
    with pytest.raises(ValueError, match="cannot be used"):
        listening.take_port("192.0.2.1", 0)  # an address that no machine has


@pytest.mark.parametrize(
    ("options", "flag"),
    [
        ({"port": 70_000}, "--port"),
        ({"max_request_mib": 0.0}, "--max-request-mib"),
        ({"threads": -1}, "--threads"),
        ({"drain_seconds": -1.0}, "--drain-seconds"),
    ],
)
def test_flags_out_of_range(options, flag):
    with pytest.raises(ValueError, match=f"{flag} is .*; expected"):
        serve.Options((Path("bundle"),), **options)


def test_batching_flags_out_of_range():
    with pytest.raises(ValueError, match="--max-batch-size is 0; expected"):
        serving_flags.BatchingFlags(max_batch_size=0)
