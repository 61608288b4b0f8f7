"""Whether XLA makes the step faster: measured, because it makes some networks several times slower."""

import logging
import time
from dataclasses import dataclass
from typing import Any, Literal

import tensorflow as tf

from imgcls.training.stage_batches import StageBatches
from imgcls.training.trainer import Trainer

WARM_STEPS, TIMED_STEPS = 2, 10
WORTH = 0.95  # share of the time without it, below which it is used
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class XlaTrial:
    """A step with XLA against one without.

    Attributes:
        xla: "on" or "off", what was chosen.
        with_ms: milliseconds of a step with it; None if there is none.
        without_ms: milliseconds of a step without it.
        why: the reason for the choice.
    """

    xla: Literal["on", "off"]
    with_ms: float | None
    without_ms: float
    why: str


def settle_xla(name: str, trainer: Trainer, batches: StageBatches) -> XlaTrial | None:
    """For "auto" on a GPU, time a step with and without XLA, and prepare the faster one; the run's state is as before.

    Processors do without: there XLA took 1.5 to 10 times as long on every network that was tried.

    Args:
        name: "auto", "on" or "off".
        trainer: whose step it is.
        batches: of the stage that begins.

    Returns:
        What was measured and chosen; None if nothing was to be measured.
    """
    if name != "auto" or not tf.config.list_physical_devices("GPU"):
        return None
    arrays, state = trainer.state()
    _, *batch = next(iter(trainer.distributed(batches.training(trainer.progress.position, 1))))
    seconds, refused = {}, ""
    for xla in (False, True):
        trainer.prepare_step(xla=xla)
        while xla not in seconds:
            try:
                seconds[xla] = _seconds(trainer, batch)
            except tf.errors.ResourceExhaustedError as error:
                if xla:
                    seconds[xla], refused = float("inf"), "XLA needs more memory than there is."
                else:
                    trainer.divide_further(error)
            except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError) as error:
                said = error.message.splitlines()[0]
                seconds[xla], refused = float("inf"), f"XLA cannot compile the step: {said}"
            trainer.take_back(arrays, state)
    faster = seconds[True] < WORTH * seconds[False]
    if not faster:  # else the step that was compiled is used
        trainer.prepare_step(xla=False)
    trial = _trial(1000 * seconds[True], 1000 * seconds[False], faster, refused)
    log.info("--xla %s: %s", trial.xla, trial.why)
    return trial


def _trial(with_ms: float, without_ms: float, faster: bool, refused: str) -> XlaTrial:
    if refused:
        also = " It may with --no-deterministic." if "deterministic" in refused else ""
        return XlaTrial("off", None, without_ms, refused + also)
    why = f"a step takes {with_ms:.1f} ms with it and {without_ms:.1f} ms without."
    return XlaTrial("on" if faster else "off", with_ms, without_ms, why)


def _seconds(trainer: Trainer, batch: list[Any]) -> float:
    for _ in range(WARM_STEPS):
        float(trainer.step(*batch).loss)
    began = time.perf_counter()
    for _ in range(TIMED_STEPS):
        float(trainer.step(*batch).loss)
    return (time.perf_counter() - began) / TIMED_STEPS
