"""Good, bad and hostile requests at once against a real server, for minutes: what becomes of the good ones?

Measured: p50 and p99 of good clients alone, and of the same clients while others send every request of
`hostile_requests.py` again and again; the statuses of those; the memory of the server. There is no peer: the measure is
the server left alone. Expected: p99 at most twice, no good request failed, every hostile one answered as it should be.

    python benchmarks/soak.py BUNDLE --minutes 10

Needs a bundle (`python -m imgcls.export RUN`) and nothing else to do for the machine.
"""

import argparse
import base64
import multiprocessing
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from benchmarks.hostile_requests import hostile_requests  # noqa: E402

MOST_MIB = 8
FLAGS = ["--port", "0", "--max-request-mib", str(MOST_MIB), "--upload-seconds", "2", "--max-connections", "200"]
ALONE = 0.2  # of the time: good clients without the others


@dataclass
class Seen:
    """What the clients saw."""

    seconds: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    hostile: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    memory: list[float] = field(default_factory=list)

    def line(self, name: str) -> str:
        p50, p99 = np.percentile(self.seconds, [50, 99]) * 1000
        return (f"{name}: {len(self.seconds)} requests, p50 {p50:.1f} ms, p99 {p99:.1f} ms, {len(self.failed)} failed; "
                f"memory {self.memory[0]:.0f} to {self.memory[-1]:.0f} MB, at most {max(self.memory):.0f}")  # fmt: skip


@contextmanager
def served(bundle: Path) -> Iterator[tuple[str, psutil.Process]]:
    """A server in a process of its own; yields its address."""
    program = [sys.executable, "-m", "imgcls.serve", str(bundle), *FLAGS]
    process = subprocess.Popen(program, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        first = next(line for line in process.stdout if line.startswith("Serving "))
        yield "http://" + first.partition("http://")[2].partition("/")[0], psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(60)


def ask(address: str, model: str, images: list[bytes], stop: threading.Event, seen: Seen) -> None:
    """A good client, one image after the other."""
    bodies = [{"instances": [{"b64": base64.b64encode(image).decode()}]} for image in images]
    with httpx.Client(timeout=120) as client:
        place = 0
        while not stop.is_set():
            begin = time.perf_counter()
            try:
                response = client.post(f"{address}/v1/models/{model}:predict", json=bodies[place % len(bodies)])
                answer = response.json()
                if response.status_code != 200 or answer["predictions"][0]["problem"]:
                    seen.failed.append(response.text[:200])
            except (httpx.HTTPError, KeyError, ValueError) as error:
                seen.failed.append(repr(error))
            seen.seconds.append(time.perf_counter() - begin)
            place += 1


def attack(address: str, model: str, place: int, stop: Any, results: Any) -> None:
    """A hostile client in a process of its own, so that it does not slow the good ones by itself."""
    requests = hostile_requests(MOST_MIB * 2**20)
    hostile, wrong = Counter(), Counter()
    while not stop.is_set():
        request = requests[place % len(requests)]
        try:
            status, text = request.send(address, model)
        except (httpx.HTTPError, OSError) as error:
            status, text = -1, repr(error)
        hostile[request.name, status] += 1
        if status not in request.expected:
            wrong[f"{request.name}: {status} {text[:200]}"] += 1
        place += 1
    results.put((hostile, wrong))


@contextmanager
def attacked(address: str, model: str, clients: int, seen: Seen) -> Iterator[None]:
    """Hostile clients as long as this lasts."""
    spawned = multiprocessing.get_context("spawn")
    stop, results = spawned.Event(), spawned.Queue()
    processes = [
        spawned.Process(target=attack, args=(address, model, 7 * place, stop, results)) for place in range(clients)
    ]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        stop.set()
        for _ in processes:
            hostile, wrong = results.get(timeout=300)
            seen.hostile += hostile
            seen.wrong += wrong
        for process in processes:
            process.join()


def phase(address: str, model: str, images: list[bytes], options: argparse.Namespace, process: psutil.Process,
          seconds: float, hostile: int) -> Seen:  # fmt: skip
    """Let the clients run for some seconds."""
    seen, stop = Seen(), threading.Event()
    good = [threading.Thread(target=ask, args=(address, model, images, stop, seen)) for _ in range(options.clients)]
    with attacked(address, model, hostile, seen):
        for thread in good:
            thread.start()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            seen.memory.append(process.memory_info().rss / 2**20)
            time.sleep(min(1.0, seconds / 10))
        stop.set()
        for thread in good:
            thread.join()
    return seen


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path, help="saved_models/NAME")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--clients", type=int, default=2, help="good ones")
    parser.add_argument("--hostile", type=int, default=2, help="hostile ones")
    parser.add_argument("--images", type=Path, default=ROOT / "datasets" / "fashion_mini" / "test")
    options = parser.parse_args()
    images = [path.read_bytes() for path in sorted(options.images.rglob("*.png"))[:50]]
    model, seconds = options.bundle.name, 60 * options.minutes
    with served(options.bundle) as (address, process):
        phase(address, model, images, options, process, min(5.0, seconds / 10), 0)  # so that nothing is the first
        alone = phase(address, model, images, options, process, ALONE * seconds, 0)
        together = phase(address, model, images, options, process, (1 - ALONE) * seconds, options.hostile)
        is_alive = httpx.get(f"{address}/v2/health/ready").status_code == 200
    print(alone.line("alone"))
    print(together.line("with hostile ones"))
    ratio = np.percentile(together.seconds, 99) / np.percentile(alone.seconds, 99)
    print(f"p99 is {ratio:.2f} times as long; {sum(together.hostile.values())} hostile requests:")
    for (name, status), count in sorted(together.hostile.items()):
        print(f"  {count:6} x {status or 'closed'}  {name}")
    for text, count in [*together.wrong.items(), *Counter(alone.failed + together.failed).items()]:
        print(f"  NOT EXPECTED, {count} x {text}")
    return 0 if is_alive and not together.wrong and not alone.failed and not together.failed else 1


if __name__ == "__main__":
    sys.exit(main())
