"""What a server adds to one picture: the time of a call over gRPC and over REST, as a multiple of the bare call.

    python benchmarks/grpc_latency.py                        about three minutes at rest
    python benchmarks/grpc_latency.py saved_models/demo      another bundle than EfficientNet-Lite0

One client, `imgcls.Client`, sends one JPEG file of 500 x 375 pixels after the other to `python -m imgcls.serve` on this
machine, which computes with TensorFlow. The bare call is the same SavedModel's `serving_default` in the client's own
process, which the server's process leaves alone meanwhile. The three take turns in each round; the figures are medians,
with the spread, of the ratios within the rounds. To reach: gRPC 1.1, REST 1.2, at the median of the calls. The exit
code is 1 if one is missed.

The network, the photo and what they need are those of benchmarks/serving.py.
"""

import argparse
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from serving import make_bundle, photos

from imgcls import Client
from imgcls.processor import describe
from imgcls.serving.loaded_model import LoadedModel
from imgcls.serving.versions import find_version

TO_REACH = {"gRPC": 1.1, "REST": 1.2}


@contextmanager
def served(bundle: Path) -> Iterator[dict[str, str]]:
    """The addresses of a server of the bundle, by API."""
    command = [sys.executable, "-m", "imgcls.serve", str(bundle), "--port", "0", "--engine", "tensorflow"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        found: dict[str, str] = {}
        while len(found) < len(TO_REACH):
            line = server.stdout.readline()
            if not line:
                sys.exit(server.wait())  # the server has said on stderr why
            for api, address in (("REST", r"http://\S+/v1/models/\S+"), ("gRPC", r"grpc://\S+")):
                if match := re.search(address, line):
                    found.setdefault(api, match[0])
        yield found
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=60)


def percentiles(call: Callable[[], object], calls: int) -> tuple[float, float]:
    """Milliseconds at the median and at the 99th percentile."""
    times = []
    for _ in range(calls):
        start = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - start))
    p50, p99 = np.percentile(times, [50, 99])
    return float(p50), float(p99)


def main(bundle: Path, rounds: int, calls: int) -> int:
    inputs, model = {"image_bytes": photos()[:1]}, LoadedModel(find_version(bundle))
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in ("bare", *TO_REACH)}
    with served(bundle) as addresses:
        clients = {name: Client(address) for name, address in addresses.items()}
        work: dict[str, Callable[[], object]] = {"bare": lambda: model.run("serving_default", inputs)}
        work |= {name: (lambda c=client: c.run("serving_default", inputs)) for name, client in clients.items()}
        for call in work.values():
            percentiles(call, 10)
        order = list(work)
        for turn in range(rounds):
            for name in order[turn % 3 :] + order[: turn % 3]:
                found[name].append(percentiles(work[name], calls))
        for client in clients.values():
            client.close()
    print(describe())
    return report(found)


def report(found: dict[str, list[tuple[float, float]]]) -> int:
    missed = 0
    for name, times in found.items():
        p50, p99 = (statistics.median(values) for values in zip(*times, strict=True))
        line = f"{name:5} p50 {p50:6.2f} ms   p99 {p99:6.2f} ms"
        if name in TO_REACH:
            ratios = [own[0] / bare[0] for own, bare in zip(times, found["bare"], strict=True)]
            middle = statistics.median(ratios)
            line += (
                f"   {middle:.3f} of the bare call ({min(ratios):.3f} to {max(ratios):.3f}; at most {TO_REACH[name]})"
            )
            missed += middle > TO_REACH[name]
        print(line)
    return int(missed > 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--calls", type=int, default=100, help="in each round, of each")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(main(options.bundle or make_bundle(Path(folder)), options.rounds, options.calls))
