"""`python -m imgcls.serve load`, with a server of this process."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from tests.conftest import ROOT, SAMPLE
from tests.serving.classifier_of_lengths import save
from tests.serving.conftest import models_of, serving_grpc


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save(tmp_path_factory.mktemp("saved_models") / "lengths")


@pytest.fixture(scope="module")
def address(folder):
    with serving_grpc(models_of(folder), threads=8) as place:
        yield f"grpc://{place}/lengths"


@pytest.fixture
def load(command):
    short = ("--seconds", 0.05, "--most-clients", 3)
    return lambda *arguments: command("cli.serve_load", *arguments, *short)


def test_it_measures_and_writes_batching_and_a_chart(address, folder, load, tmp_path):
    written, chart = tmp_path / "batching.config", tmp_path / "load.png"
    result = load(address, "--bundle", folder, "--output", written, "--chart", chart)
    assert (result.code, result.err) == (0, "")
    numbers = [line.split()[0] for line in result.out.splitlines() if line[:1].isdigit()]
    assert numbers == ["1", "2", "3", "1", "2", "4", "8", "16", "32"]
    assert "num_batch_threads" in written.read_text("utf-8")
    with Image.open(chart) as image:
        assert min(image.size) > 100
    again = load(address, "--bundle", folder, "--output", written)
    assert again.code == 2
    assert "is there already. Choose another name, or give --overwrite." in again.err
    assert load(address, "--bundle", folder, "--output", written, "--overwrite").code == 0


def test_images_of_ones_own(address, load):
    result = load(address, "--images", SAMPLE / "test" / "bag")
    assert result.code == 0
    assert "images in turn" in result.out


def test_what_cannot_be_measured(address, load, tmp_path):
    (tmp_path / "page.png").write_text("<html>")
    result = load(address, "--images", tmp_path / "page.png")
    assert (result.code, "None of the 1 image can be read" in result.err) == (2, True)
    result = load(address, "--images", SAMPLE / "test" / "bag", "--chart", tmp_path / "load.pdf")
    assert (result.code, "ends in .png or .svg" in result.err) == (2, True)
    result = load("http://127.0.0.1:9/v1/models/a", "--images", SAMPLE / "test" / "bag")
    assert (result.code, "No server answers" in result.err) == (1, True)


STATUS = b'{"model_version_status": [{"version": "1", "state": "AVAILABLE"}]}'


@contextmanager
def server_that_answers(most: int):
    """A server of a model "a" that leaves requests without an answer from one on; yields it with what it saw."""
    silent, end, count = threading.Event(), threading.Event(), iter(range(10**9))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.reply(STATUS)

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            if next(count) >= most:
                silent.set()
                end.wait()
            self.reply(b'{"outputs": {"classes": [["a"]], "probabilities": [[1.0]], "problem": [""]}}')

        def reply(self, content):
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

        def handle(self):
            with suppress(OSError):  # nobody waits for the answer any more
                super().handle()

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/models/a", silent
        finally:
            end.set()
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("most", [0, 30])
@pytest.mark.thorough
def test_ctrl_c_ends_it_at_once(most):
    """At the first request, and in the middle."""
    with server_that_answers(most) as (address, silent):
        images = str(SAMPLE / "test" / "bag")
        line = [sys.executable, "-m", "imgcls.serve", "load", address, "--images", images, "--timeout", "600"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(line, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            assert silent.wait(60)
            process.send_signal(signal.SIGINT)
            errors = process.communicate(timeout=120)[1]
        finally:
            process.kill()
            process.communicate()
    assert (process.returncode, errors) == (130, "error: Interrupted.\n")
