"""The learning-rate schedules: a table of shapes over the run, and a warmup before them."""

import math

import keras
import tensorflow as tf

CYCLES = (1, 2, 4)  # lengths of the warm restarts, each twice the one before: Loshchilov and Hutter, SGDR, 2016
ONE_CYCLE_RISE, ONE_CYCLE_START, ONE_CYCLE_END = 0.3, 1 / 25, 1e-4  # Smith and Topin, Super-Convergence, 2017
DROPS = (0.5, 0.75)  # of the run, each to a tenth: He et al., Deep Residual Learning, 2015
FINDER_SPAN = 1e-8  # lowest rate of the trial that looks for one, as a share of the highest


def _cosine(progress: tf.Tensor) -> tf.Tensor:
    return 0.5 * (1.0 + tf.cos(math.pi * progress))


def _steps(progress: tf.Tensor) -> tf.Tensor:
    return tf.pow(0.1, tf.add_n([tf.cast(progress >= drop, tf.float32) for drop in DROPS]))


def _one_cycle(progress: tf.Tensor) -> tf.Tensor:
    rising = ONE_CYCLE_START + (1 - ONE_CYCLE_START) * _cosine(1.0 - progress / ONE_CYCLE_RISE)
    falling = ONE_CYCLE_END + (1 - ONE_CYCLE_END) * _cosine((progress - ONE_CYCLE_RISE) / (1 - ONE_CYCLE_RISE))
    return tf.where(progress < ONE_CYCLE_RISE, rising, falling)


def _warm_restarts(progress: tf.Tensor) -> tf.Tensor:
    ends = [sum(CYCLES[: i + 1]) / sum(CYCLES) for i in range(len(CYCLES))]
    shape = tf.zeros_like(progress)
    for start, end in reversed(list(zip([0.0, *ends], ends, strict=False))):
        shape = tf.where(progress < end, _cosine((progress - start) / (end - start)), shape)
    return shape


SHAPES = {  # progress after the warmup, in [0, 1] -> share of the highest learning rate
    "constant": tf.ones_like,
    "steps": _steps,
    "plateau": tf.ones_like,  # times `factor`, which the run lowers when the validation loss stands still
    "cosine": _cosine,
    "one_cycle": _one_cycle,  # has a rise of its own, and no warmup
    "warm_restarts": _warm_restarts,
    "finder": lambda progress: tf.pow(FINDER_SPAN, 1.0 - progress),
}


class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """The learning rate at each step of the run; each stage of a run has the whole schedule for itself.

    Args:
        shape: a name of `SHAPES`.
        peak: the highest rate.
        steps: of the stage.
        warmup_steps: a linear rise before the shape begins.

    Attributes:
        factor: a variable that multiplies the rate; part of the run's checkpoints.

    Reference:
        The warmup: Goyal et al., Accurate, Large Minibatch SGD, 2017.
    """

    def __init__(self, shape: str, peak: float, steps: int, warmup_steps: int = 0) -> None:
        self.shape = shape
        self.warmup_steps = 0 if shape == "one_cycle" else warmup_steps
        self.factor = keras.Variable(1.0, trainable=False, name="learning_rate_factor")
        self.begin_stage(0, steps, peak)

    def begin_stage(self, first_step: int, steps: int, peak: float) -> None:
        """Begin the schedule anew at a step. A step that is traced keeps the schedule before.

        Args:
            first_step: of the stage.
            steps: of the stage.
            peak: the highest rate.
        """
        self.first_step, self.steps, self.peak = first_step, steps, peak

    def __call__(self, step: tf.Tensor | int) -> tf.Tensor:
        """The learning rate at a step of the run."""
        step = tf.cast(tf.convert_to_tensor(step), tf.float32) - float(self.first_step)
        warmup = float(min(self.warmup_steps, self.steps // 2))
        progress = tf.clip_by_value((step - warmup) / max(1.0, self.steps - warmup), 0.0, 1.0)
        rise = tf.minimum(1.0, step / warmup) if warmup else 1.0
        return self.peak * self.factor * rise * SHAPES[self.shape](progress)

    def get_config(self) -> dict[str, object]:
        """The arguments that make it."""
        return {"shape": self.shape, "peak": self.peak, "steps": self.steps, "warmup_steps": self.warmup_steps}
