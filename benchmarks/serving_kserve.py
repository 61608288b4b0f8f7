"""`python -m imgcls.serve` against KServe's Python server with the same SavedModel and the same load.

    python benchmarks/serving_kserve.py --kserve-python OTHER/bin/python

OTHER is an environment of its own with `kserve==0.21.0` and `tensorflow-cpu==2.21.0`; nothing of it is needed here. It
serves the bundle by a Model of ten lines, over KServe's V1 protocol, whose predict call is that of TensorFlow Serving.
The network, the photos and the callers are those of benchmarks/serving.py. In each round 32 clients ask one server and
then the other, while the idle one keeps its memory and uses no processor. To reach: at least twice its images a second.
The exit code is 1 if that is missed or a request failed.
"""

import argparse
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from serving import NAME, ask, bodies, make_bundle, photos, server, spread

from imgcls.processor import describe
from imgcls.serving.versions import find_version

TO_REACH, CLIENTS = 2.0, 32
THEIRS = f"""
import base64, sys
import kserve
import tensorflow as tf

class Lite0(kserve.Model):
    def __init__(self):
        super().__init__({NAME!r})
        self.model = tf.saved_model.load(sys.argv[1])
        self.ready = True

    def predict(self, payload, headers=None, response_headers=None):
        images = [base64.b64decode(each["b64"]) for each in payload["instances"]]
        found = self.model.signatures["serving_default"](image_bytes=tf.constant(images))
        classes, values = found["classes"].numpy(), found["probabilities"].numpy()
        return {{"predictions": [
            {{"classes": [name.decode() for name in names], "probabilities": row.tolist()}}
            for names, row in zip(classes, values)
        ]}}

kserve.ModelServer(http_port=int(sys.argv[2]), enable_grpc=False, workers=1).start([Lite0()])
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def kserve(python: str, bundle: Path) -> Iterator[int]:
    """Yields the port."""
    port = free_port()
    arguments = [python, "-c", THEIRS, str(find_version(bundle)), str(port)]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            if process.poll() is not None:
                raise SystemExit("KServe did not start.")
            try:
                if httpx.get(f"http://127.0.0.1:{port}/v1/models/{NAME}").status_code == 200:
                    break
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait()


def compare(python: str, bundle: Path, engine: str, rounds: int, requests: int) -> int:
    sent, ours, theirs, failures = bodies(photos()), [], [], 0
    with server(bundle, "--engine", engine) as (port, _), kserve(python, bundle) as other:
        for place in (port, other):
            ask(place, sent, CLIENTS, 2)
        for _ in range(rounds):
            for place, rates in ((port, ours), (other, theirs)):
                rate, _, failed = ask(place, sent, CLIENTS, requests)
                rates.append(rate)
                failures += failed
    times = [one / another for one, another in zip(ours, theirs, strict=True)]
    print(f"imgcls.serve, images a second  {spread(ours, '.1f')}")
    print(f"KServe, images a second        {spread(theirs, '.1f')}")
    print(f"times KServe                   {spread(times, '.2f')}   to reach: {TO_REACH}")
    print(f"failed requests                {failures}")
    return int(statistics.median(times) < TO_REACH or failures > 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kserve-python", required=True, help="of an environment with kserve and tensorflow-cpu")
    parser.add_argument("--engine", choices=["auto", "tensorflow", "openvino"], default="tensorflow")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=6, help="of each client in a round")
    parser.add_argument("--bundle", type=Path, help="of Lite0 under the name lite0, in place of exporting it")
    options = parser.parse_args()
    print(describe())
    with tempfile.TemporaryDirectory() as folder:
        lite0 = options.bundle or make_bundle(Path(folder))
        sys.exit(compare(options.kserve_python, lite0, options.engine, options.rounds, options.requests))
