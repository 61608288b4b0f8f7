"""How fast bundles name images, in turns: each network and engine is asked again in every round.

So what else the machine does meets all of them. Before each turn some calls are not timed, in which memory is
allocated and the caches are filled.
"""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from imgcls.engines.agreement import LARGEST_DIFFERENCE, difference
from imgcls.engines.engine import PROBABILITIES
from imgcls.serving.bundle import Bundle, load_bundle
from imgcls.serving.formats.saved_model import SavedModelEngine
from imgcls.workflow.benchmark.request import ENGINES

ROUNDS = 5
WARM_UP, LEAST_CALLS = 2, 6  # calls of a turn
LATENCY_SECONDS, RATE_SECONDS = 0.25, 0.15  # of a turn, at a batch of one and at the best batch
NETWORK_SECONDS, NETWORK_WARM_UP, LEAST_NETWORK_CALLS = 0.1, 5, 4  # of a turn, with nothing but the network
BATCHES = (2, 4, 8, 16, 32)  # images, besides one
LONGEST_CALL = 0.8  # seconds, from which no larger batch is tried
GAIN = 1.03  # over the best rate, from which a larger batch is worth its memory and its wait
WITHOUT_GAIN = 2  # larger batches without it, after which none is tried
LEAST_FREE = 0.25  # share of the machine's memory that loaded networks leave free


@dataclass
class Timings:
    """What the rounds have found of a network on one engine.

    Attributes:
        latencies: Seconds of each call with one image, from the bytes of its file to the probabilities, a list a round.
        network: The part of these that the network took.
        alone: Seconds of each call of the network in a loop of its own, whose pixels are ready, a list a round.
        best_batch: Images in the batch with which most images a second are named; 0 before the first round.
        rates: Images a second with that batch, a number a round.
    """

    latencies: list[list[float]] = field(default_factory=list)
    network: list[list[float]] = field(default_factory=list)
    alone: list[list[float]] = field(default_factory=list)
    best_batch: int = 0
    rates: list[float] = field(default_factory=list)

    @property
    def rounds(self) -> int:
        """How many rounds there were."""
        return len(self.latencies)

    def to_dict(self) -> dict[str, float]:
        """The figures in milliseconds and images a second, by the names of `Measurement`."""
        every, of_network = np.concatenate(self.latencies), np.concatenate(self.network)
        medians = [statistics.median(each) for each in self.latencies]
        return {
            "latency_ms": 1000 * float(np.median(every)),
            "latency_p95_ms": 1000 * float(np.percentile(every, 95)),
            "latency_low_ms": 1000 * min(medians),
            "latency_high_ms": 1000 * max(medians),
            "network_ms": 1000 * float(np.median(of_network)),
            "network_alone_ms": 1000 * float(np.median(np.concatenate(self.alone))),
            "rounds": self.rounds,
            "calls": len(every),
            "images_per_second": statistics.median(self.rates),
            "best_batch": self.best_batch,
        }


class Loaded:
    """The bundle of a network, loaded for the engines that compute it.

    It is kept in memory while enough is free, else loaded for each turn anew.

    Args:
        version: The folder of the version.
        engines: The names of its engines.
        images: The content of image files.
    """

    def __init__(self, version: Path, engines: Sequence[str], images: Sequence[bytes]) -> None:
        self.version, self.engines, self.images = version, list(engines), list(images)
        self.timings = {engine: Timings() for engine in engines}
        self._kept: dict[str, Bundle] = {}
        self._expected: tuple[np.ndarray, np.ndarray] | None = None  # some pixels, and TensorFlow's probabilities

    def bundle(self, engine: str) -> Bundle:
        """The bundle with this engine; all engines have their images decoded by the same SavedModel."""
        if engine in self._kept:
            return self._kept[engine]
        loaded = load_bundle(self.version, ENGINES[engine])
        other = next(iter(self._kept.values()), None)
        if other is not None:
            loaded.model = other.model
        memory = psutil.virtual_memory()
        if memory.available > LEAST_FREE * memory.total:
            self._kept[engine] = loaded
        return loaded

    def check(self, engine: str) -> None:
        """Raise ValueError if an engine gives other probabilities than TensorFlow."""
        bundle = self.bundle(engine)
        if self._expected is None:
            pixels, _ = bundle.decode(self.images[:4])
            own = SavedModelEngine(bundle.model, bundle.class_names)
            self._expected = pixels, own.predict(pixels)[PROBABILITIES]
        pixels, expected = self._expected
        largest = difference(expected, bundle.engine.predict(pixels)[PROBABILITIES])
        if largest > LARGEST_DIFFERENCE:
            raise ValueError(
                f"Its probabilities differ by {largest:.1g} from TensorFlow's; {LARGEST_DIFFERENCE} is allowed."
            )

    def turn(self, engine: str) -> None:
        """Time one engine, and add what was found to `timings`."""
        bundle, timings = self.bundle(engine), self.timings[engine]
        whole, network = one_by_one(bundle, self.images)
        timings.latencies.append(whole)
        timings.network.append(network)
        timings.alone.append(network_alone(bundle, self.images[0]))
        if not timings.best_batch:
            timings.best_batch = best_batch(bundle, self.images, statistics.median(whole))
        timings.rates.append(rate(bundle, self.images, timings.best_batch, RATE_SECONDS))

    def let_go(self) -> None:
        """Free the memory."""
        self._kept.clear()


def one_by_one(bundle: Bundle, images: Sequence[bytes]) -> tuple[list[float], list[float]]:
    """Name images one after the other.

    Args:
        bundle: Loaded.
        images: The content of image files, which are named in turn.

    Returns:
        The seconds of each call, and the part of it that the network took.
    """
    whole: list[float] = []
    network: list[float] = []
    until = time.perf_counter() + LATENCY_SECONDS
    for call in range(10**6):
        began = time.perf_counter()
        pixels, _ = bundle.decode([images[call % len(images)]])
        decoded = time.perf_counter()
        bundle.engine.predict(pixels)
        ended = time.perf_counter()
        if call < WARM_UP:
            until = ended + LATENCY_SECONDS
            continue
        whole.append(ended - began)
        network.append(ended - decoded)
        if ended >= until and len(whole) >= LEAST_CALLS:
            break
    return whole, network


def network_alone(bundle: Bundle, image: bytes) -> list[float]:
    """Compute the network on the pixels of one image again and again, as the benchmarks of the engines themselves do.

    Just after an image was decoded the same call may take longer, which `one_by_one` measures.

    Args:
        bundle: Loaded.
        image: The content of an image file.

    Returns:
        The seconds of each call.
    """
    pixels, _ = bundle.decode([image])
    times: list[float] = []
    for _ in range(NETWORK_WARM_UP):
        bundle.engine.predict(pixels)
    until = time.perf_counter() + NETWORK_SECONDS
    while len(times) < LEAST_NETWORK_CALLS or time.perf_counter() < until:
        began = time.perf_counter()
        bundle.engine.predict(pixels)
        times.append(time.perf_counter() - began)
    return times


def best_batch(bundle: Bundle, images: Sequence[bytes], seconds_of_one: float) -> int:
    """The smallest number of images in a batch with which nearly the most images a second are named.

    Args:
        bundle: Loaded.
        images: The content of image files.
        seconds_of_one: That one image takes.
    """
    best, best_rate, without_gain = 1, rate(bundle, images, 1, RATE_SECONDS / 2), 0
    for size in BATCHES:
        if size * seconds_of_one > LONGEST_CALL or without_gain == WITHOUT_GAIN:
            break
        found = rate(bundle, images, size, RATE_SECONDS / 2)
        if found >= GAIN * best_rate:
            best, best_rate, without_gain = size, found, 0
        else:
            without_gain += 1
    return best


def rate(bundle: Bundle, images: Sequence[bytes], size: int, seconds: float) -> float:
    """Images a second in batches of some size, decoding included. The first batch is not counted."""
    batch = [images[place % len(images)] for place in range(size)]
    calls, began = -1, 0.0
    while True:
        bundle.engine.predict(bundle.decode(batch)[0])
        calls += 1
        now = time.perf_counter()
        if not calls:
            began = now
        elif now - began >= seconds:
            return calls * size / (now - began)
