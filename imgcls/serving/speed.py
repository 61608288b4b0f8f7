"""How many images a second engines compute, side by side."""

import statistics
import time
from collections.abc import Mapping, Sequence

import numpy as np

from imgcls.engines.engine import Engine

BATCH_SIZES = (1, 32)
ROUNDS = 5
LEAST_SECONDS = 0.1  # of a round


def images_per_second(
    engines: Mapping[str, Engine], pixels: np.ndarray, batch_sizes: Sequence[int] = BATCH_SIZES
) -> dict[str, dict[str, float]]:
    """Measure engines in turns, so that what else the machine does meets all of them.

    Args:
        engines: By name.
        pixels: (B, height, width, channels), at least one image; repeated where a batch is larger.
        batch_sizes: Images in a batch, of each measurement.

    Returns:
        For each size of a batch, as text, the images a second of each engine: the median of the rounds.
    """
    return {str(size): _rates(engines, np.resize(pixels, (size, *pixels.shape[1:]))) for size in batch_sizes}


def _rates(engines: Mapping[str, Engine], batch: np.ndarray) -> dict[str, float]:
    for engine in engines.values():
        engine.predict(batch)  # the first call allocates memory
    rounds = [{name: _rate(engine, batch) for name, engine in engines.items()} for _ in range(ROUNDS)]
    return {name: round(statistics.median(each[name] for each in rounds), 1) for name in engines}


def _rate(engine: Engine, batch: np.ndarray) -> float:
    calls, begin = 0, time.perf_counter()
    while (seconds := time.perf_counter() - begin) < LEAST_SECONDS or not calls:
        engine.predict(batch)
        calls += 1
    return calls * len(batch) / seconds
