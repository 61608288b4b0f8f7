"""Where a run stands: its step, its place among the examples, and the sums of the epoch."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from imgcls.counted import counted

UNREADABLE_SHARE = 0.05  # of the images of an epoch, or of all read so far; beyond it the run ends


def _no_sums() -> dict[str, float]:
    return {"loss": 0.0, "correct": 0.0, "examples": 0}


@dataclass
class TrainingProgress:
    """Where a run stands. A checkpoint keeps all of it.

    Attributes:
        step: number of steps that are done.
        position: of the next example.
        missing: number of examples that could not be read.
        best: the epoch that is kept, with its metrics.
        waited: epochs since the validation loss was last lower, for the schedule that lowers the rate then.
        lowest_loss: the lowest validation loss so far, for the same schedule.
        sums: of the current epoch: loss times examples, correct examples, examples.
    """

    step: int = 0
    position: int = 0
    missing: int = 0
    best: dict[str, Any] = field(default_factory=dict)
    waited: int = 0
    lowest_loss: float = np.inf
    sums: dict[str, float] = field(default_factory=_no_sums)

    def begin_epoch(self) -> None:
        """Set the sums of the epoch to zero."""
        self.sums = _no_sums()

    def take(self, missing: int, loss: float, correct: float, examples: int) -> None:
        """Take over what was counted: `missing`, and the sums of the epoch."""
        self.missing, self.sums = missing, {"loss": loss, "correct": correct, "examples": examples}

    def check_missing(self, steps_per_epoch: int, batch_size: int) -> None:
        """Raise RuntimeError if more than one image in twenty could not be read."""
        read = max(self.step, steps_per_epoch) * batch_size
        if self.missing > UNREADABLE_SHARE * read:
            raise RuntimeError(
                f"{self.missing:,} of {counted(read, 'image')} could not be read, which is more than 5 %. "
                "Check the disk, then resume the run."
            )

    def metrics(self) -> dict[str, float]:
        """Loss and accuracy over the examples of this epoch that were counted so far; none of them at first."""
        examples = self.sums["examples"]
        if not examples:
            return {}
        return {"loss": self.sums["loss"] / examples, "accuracy": self.sums["correct"] / examples}
