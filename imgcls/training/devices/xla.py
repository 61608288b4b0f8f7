"""Whether XLA makes the step faster: measured, because it makes some networks several times slower."""

import time
from collections.abc import Callable

import tensorflow as tf

from imgcls.training.loop import Loop
from imgcls.training.stage_batches import Source

WARM_STEPS, TIMED_STEPS = 2, 10
WORTH = 0.95  # share of the time without it, below which it is used


def settle_xla(name: str, loop: Loop, source: Source, say: Callable[[str], None]) -> None:
    """For "auto" on a GPU, time both and prepare the faster step; the run's state is as before. Processors do without:
    there XLA took 1.5 to 10 times as long on every network that was tried."""
    if name != "auto" or not tf.config.list_physical_devices("GPU"):
        return
    arrays, state = loop.state()
    _, *batch = next(iter(loop.distributed(source.training(loop.progress.position, 1))))
    seconds = {}
    for xla in (False, True):
        loop.prepare_step(xla=xla)
        try:
            seconds[xla] = _seconds(loop, batch)
        except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
            seconds[xla] = float("inf")
        loop.restore(arrays, state)
    faster = seconds[True] < WORTH * seconds[False]
    loop.prepare_step(xla=faster)
    say(
        f"--xla {'on' if faster else 'off'}: a step takes {1000 * seconds[True]:.1f} ms with it and "
        f"{1000 * seconds[False]:.1f} ms without."
    )


def _seconds(loop: Loop, batch: list) -> float:
    for _ in range(WARM_STEPS):
        float(loop.step(*batch).loss)
    began = time.perf_counter()
    for _ in range(TIMED_STEPS):
        float(loop.step(*batch).loss)
    return (time.perf_counter() - began) / TIMED_STEPS
