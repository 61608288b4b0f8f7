"""What a run counts on its devices, where no step has to wait until the host has read it."""

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from imgcls.training.progress import TrainingProgress


class Counts(NamedTuple):
    """The numbers of a tally.

    Attributes:
        loss: sum over the examples of this epoch.
        correct: number of examples of this epoch whose class was predicted.
        examples: number of examples of this epoch that could be read.
        missing: number of examples of the run that could not be read.
        steps: number of steps of the run.
        bad_step: the first step whose loss or gradient was not finite, from 1 on; 0: none.
        bad_loss: the loss of that step.
    """

    loss: float = 0.0
    correct: float = 0.0
    examples: float = 0.0
    missing: float = 0.0
    steps: float = 0.0
    bad_step: float = 0.0
    bad_loss: float = 0.0


class Tally:
    """Counts the steps in one variable of float64; made under the scope of the strategy."""

    def __init__(self) -> None:
        self.numbers = keras.Variable(np.zeros(len(Counts()), "float64"), dtype="float64", trainable=False)

    def begin(self, progress: TrainingProgress) -> None:
        """Count on from where a run stands."""
        sums = progress.sums
        counts = Counts(sums["loss"], sums["correct"], sums["examples"], progress.missing, progress.step)
        self.numbers.assign(np.array(counts, "float64"))

    def read(self) -> Counts:
        """The numbers. This waits for the steps that are under way."""
        return Counts(*tf.convert_to_tensor(self.numbers.value).numpy().tolist())

    def all_finite(self) -> tf.Tensor:
        """Whether every step so far was finite, as a scalar of the graph."""
        return tf.equal(tf.convert_to_tensor(self.numbers.value)[Counts._fields.index("bad_step")], 0.0)

    def count(self, loss: tf.Tensor, correct: tf.Tensor, missing: tf.Tensor, batch_size: int, bad: tf.Tensor) -> None:
        """Count one step, in the graph.

        Args:
            loss: mean over the batch; one that is not finite has no part in the sums.
            correct: number of examples whose class was predicted.
            missing: number of examples that could not be read.
            batch_size: number of examples, with those.
            bad: whether the step is one that a run does not survive.
        """
        before = Counts(*tf.unstack(tf.convert_to_tensor(self.numbers.value)))
        loss, correct, missing = (tf.cast(x, tf.float64) for x in (loss, correct, missing))
        readable = float(batch_size) - missing
        finite, first = tf.math.is_finite(loss), bad & tf.equal(before.bad_step, 0.0)
        steps, zero = before.steps + 1.0, tf.zeros((), tf.float64)
        after = Counts(
            before.loss + tf.where(finite, loss * readable, zero),
            before.correct + tf.where(finite, correct, zero),
            before.examples + tf.where(finite, readable, zero),
            before.missing + missing,
            steps,
            tf.where(first, steps, before.bad_step),
            tf.where(first, loss, before.bad_loss),
        )
        self.numbers.assign(tf.stack(after))
