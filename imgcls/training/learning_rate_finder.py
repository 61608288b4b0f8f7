"""A learning rate from a short trial with rising rates: Smith, Cyclical Learning Rates, 2015, section 3.3."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import altair
import numpy as np
import pandas as pd

from imgcls.framework_internals import learning_rate_schedule
from imgcls.training.schedules import FINDER_SPAN
from imgcls.training.stage_batches import StageBatches
from imgcls.training.trainer import Trainer

STEPS = 100
HIGHEST = 10.0
SMOOTHING = 0.9  # of the loss, a step
DIVERGED = 4.0  # times the lowest loss, at which the trial ends
BELOW_LOWEST = 10.0  # the rate is this much below the one with the lowest loss, where the loss still falls


@dataclass(frozen=True)
class Trial:
    """A trial with rising learning rates.

    Attributes:
        rates: of each step.
        losses: of each step, smoothed.
        suggestion: the learning rate to use.
    """

    rates: list[float]
    losses: list[float]
    suggestion: float

    def save_image(self, path: Path) -> None:
        """Loss over learning rate, with the suggestion as a line, as SVG or PNG."""
        table = pd.DataFrame({"learning rate": self.rates, "loss": self.losses})
        axis = altair.Axis(grid=False, format="~e")
        rates = altair.X("learning rate", scale=altair.Scale(type="log"), axis=axis)
        curve = altair.Chart(table).mark_line().encode(rates, altair.Y("loss", title="smoothed loss"))
        chosen = pd.DataFrame({"learning rate": [self.suggestion], "text": [f"suggested: {self.suggestion:g}"]})
        rule = altair.Chart(chosen).mark_rule(color="firebrick").encode(x="learning rate")
        words: dict[str, Any] = {"color": "firebrick", "align": "right", "dx": -6, "baseline": "top"}
        label = altair.Chart(chosen).mark_text(**words).encode(x="learning rate", y=altair.value(0), text="text")
        (curve + rule + label).properties(width=560, height=320).save(str(path))


def find_learning_rate(trainer: Trainer, batches: StageBatches, steps: int = STEPS) -> Trial:
    """Train some steps with rates that rise by the same factor, then put everything back as it was.

    Args:
        trainer: of the run.
        batches: of its first stage.
        steps: at most; the trial ends where the loss diverges.

    Reference:
        Smith, Cyclical Learning Rates for Training Neural Networks, 2015, section 3.3.
    """
    schedule = learning_rate_schedule(trainer.optimizer)
    before = schedule.shape, schedule.warmup_steps, (schedule.first_step, schedule.steps, schedule.peak)
    arrays, state = trainer.state()
    schedule.shape, schedule.warmup_steps = "finder", 0
    schedule.begin_stage(trainer.progress.step, steps, HIGHEST)
    trainer.prepare_step()
    rates: list[float] = []
    losses: list[float] = []
    smoothed = 0.0
    for number, (_, *batch) in enumerate(
        trainer.distributed(batches.training(trainer.progress.position, steps)), start=1
    ):
        rate, outcome = trainer.learning_rate(), trainer.step(*batch)
        smoothed = SMOOTHING * smoothed + (1 - SMOOTHING) * float(outcome.loss)
        loss = smoothed / (1 - SMOOTHING**number)
        if not np.isfinite(loss) or loss > DIVERGED * min([loss, *losses]):
            break
        rates.append(rate)
        losses.append(loss)
    schedule.shape, schedule.warmup_steps = before[:2]
    schedule.begin_stage(*before[2])
    trainer.restore(arrays, state)
    trainer.prepare_step()
    lowest = rates[int(np.argmin(losses))] if rates else HIGHEST * FINDER_SPAN
    return Trial(rates, losses, float(f"{lowest / BELOW_LOWEST:.2g}"))
