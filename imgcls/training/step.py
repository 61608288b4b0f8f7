"""One step of training: a global batch to an update of the weights, on any number of devices.

The gradient is that of the mean loss over the global batch. Each device computes its share, in as many parts as memory
asks for (gradient accumulation). The shares are summed over the devices, and only then clipped. An update whose loss or
gradient is not finite is not made, and none after it: the weights are still the good ones when the host notices.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from imgcls.counted import counted
from imgcls.training.losses import likeliest_is_right, make_loss
from imgcls.training.optimizers import ScaledUpdates
from imgcls.training.tally import Tally

LARGEST_SCALE = 2.0**15  # of the loss in float16
SCALE_GROWS_AFTER = 2000  # steps without an overflow
SMALLEST_SCALE = 1.0  # below which what is not finite is no overflow of float16


@dataclass(frozen=True, eq=False)
class StepOptions:
    """How a step computes its update.

    Attributes:
        loss: (targets, logits) -> (B,), as `imgcls.training.losses.make_loss` gives it.
        right: (targets, logits) -> (B,) bool, whether an image counts as correct.
        logit_offsets: (classes,) that are added to the logits, for the loss only.
        global_clipnorm: gradient clipping: the largest norm of all gradients together; 0: no clipping.
        gradient_accumulation_steps: parts in which each device's share of a batch is computed, one after the other.
        xla: whether XLA compiles the step; with several devices, what each of them computes by itself.
        loss_scaling: for float16.
        gradient_checkpointing: recompute each block in the backward pass, to save memory.
        steps_per_call: of TensorFlow, where one device trains; 0: as many as take about 0.2 s.
    """

    loss: Callable[..., Any] = field(default_factory=make_loss)
    right: Callable[..., Any] = likeliest_is_right
    logit_offsets: np.ndarray | float = 0.0
    global_clipnorm: float = 0.0
    gradient_accumulation_steps: int = 1
    xla: bool = False
    loss_scaling: bool = False
    gradient_checkpointing: bool = False
    steps_per_call: int = 1


@dataclass(frozen=True, eq=False)
class Objective:
    """What a step makes smaller: the mean loss of a global batch, plus penalties that do not depend on the images.

    Attributes:
        forward: (pixels, training) -> logits, or a list of them, the main ones first.
        loss_weights: of each of the logits' losses.
        variables: that are trained; the optimizer was built on these and maybe others.
        batch_size: of the global batch.
        penalties: returns losses such as those of regularizers.
    """

    forward: Callable[..., Any]
    loss_weights: Sequence[float]
    variables: Sequence[keras.Variable]
    batch_size: int
    penalties: Callable[[], list[Any]] = list


class Outcome(NamedTuple):
    """The outcome of one step, over all devices.

    Attributes:
        loss: mean over the batch.
        correct: number of images that were right.
        norm: of the gradient, before it is clipped.
        updated: whether the update was made.
    """

    loss: tf.Tensor
    correct: tf.Tensor
    norm: tf.Tensor
    updated: tf.Tensor


class LossScale:
    """The factor of the loss with which small gradients do not vanish in float16.

    Reference:
        Micikevicius et al., Mixed Precision Training, 2017.
    """

    def __init__(self) -> None:
        self.scale = keras.Variable(LARGEST_SCALE, trainable=False, name="loss_scale")
        self.good_steps = keras.Variable(0, dtype="int64", trainable=False, name="good_steps")

    @property
    def variables(self) -> list[keras.Variable]:
        """The factor, and the number of steps since the last overflow."""
        return [self.scale, self.good_steps]

    def update(self, finite: tf.Tensor) -> None:
        """Halve the factor after an overflow; double it after many steps without one."""
        good = tf.where(finite, tf.convert_to_tensor(self.good_steps) + 1, 0)
        grow = good >= SCALE_GROWS_AFTER
        scale = tf.convert_to_tensor(self.scale)
        grown = tf.where(grow, tf.minimum(2.0 * scale, LARGEST_SCALE), scale)
        self.scale.assign(tf.where(finite, grown, 0.5 * scale))
        self.good_steps.assign(tf.where(grow, tf.zeros_like(good), good))


class Counters(NamedTuple):
    """What a step changes besides the weights.

    Attributes:
        tally: counts the steps.
        loss_scale: in float16.
    """

    tally: Tally
    loss_scale: LossScale | None = None


class Step:
    """One step: callable with (pixels, targets, weights) of a global batch, as the strategy distributes them.

    Args:
        objective: what it makes smaller.
        optimizer: updates the variables.
        strategy: the devices.
        options: how it computes.
        counters: what counts the steps, and the scale of the loss in float16.

    Attributes:
        in_graph: the step as a function of TensorFlow.
    """

    def __init__(
        self,
        objective: Objective,
        optimizer: ScaledUpdates,
        strategy: tf.distribute.Strategy,
        options: StepOptions,
        counters: Counters,
    ) -> None:
        self.objective, self.variables = objective, list(objective.variables)
        self.optimizer, self.strategy = optimizer, strategy
        self.options, self.tally, self.loss_scale = options, counters.tally, counters.loss_scale
        self._offsets = np.float32(options.logit_offsets)
        alone = strategy.num_replicas_in_sync == 1
        self._selects = alone and (options.xla or "GPU" in strategy.extended.worker_devices[0])
        compiled = tf.function(self.share, jit_compile=True, autograph=False)
        self._share = compiled if options.xla and not alone else self.share
        self.in_graph = tf.function(  # AutoGraph has nothing to convert, which takes seconds
            self._global_step, autograph=False, jit_compile=True if options.xla and alone else None
        )
        self.reduced_gradients = tf.function(self._reduced_gradients, autograph=False)

    def __call__(self, pixels: object, targets: object, weights: object) -> Outcome:
        """Make the step; nothing is updated if the loss or the gradient is not finite, or was not in a step before."""
        return self.in_graph(pixels, targets, weights)

    def share(
        self, pixels: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor, shares: int = 0
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        """Compute one device's part of a step.

        Args:
            pixels: (B, H, W, C) of this device's images, of float32 or uint8; or their features (B, F).
            targets: (B, classes).
            weights: (B,) of the losses.
            shares: into how many the batch is divided, each of which has its part of the penalties; 0: one a device.

        Returns:
            Its part of the loss, of the images that were right, and of the gradients.
        """
        parts = self.options.gradient_accumulation_steps
        parts_in_all = (shares or self.strategy.num_replicas_in_sync) * parts
        if parts == 1:
            return self._part(pixels, targets, weights, parts_in_all)
        images = pixels.shape[0]
        if images % parts:
            raise ValueError(
                f"{counted(images, 'image')} a device cannot be divided into "
                f"{parts} equal parts; change --gradient-accumulation-steps."
            )
        divided = [tf.reshape(x, (parts, -1, *x.shape[1:])) for x in (pixels, targets, weights)]

        def add(number: tf.Tensor, loss: tf.Tensor, correct: tf.Tensor, *gradients: tf.Tensor) -> list[tf.Tensor]:
            some_pixels, some_targets, some_weights = (x[number] for x in divided)
            more_loss, more_correct, more = self._part(some_pixels, some_targets, some_weights, parts_in_all)
            summed = [a + b for a, b in zip(gradients, more, strict=True)]
            return [number + 1, loss + more_loss, correct + more_correct, *summed]

        start = [tf.constant(0), tf.constant(0.0), tf.constant(0.0), *(tf.zeros(v.shape) for v in self.variables)]
        _, loss, correct, *gradients = tf.while_loop(
            lambda number, *sums: number < parts, add, start, parallel_iterations=1
        )
        return loss, correct, gradients

    def _part(
        self, pixels: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor, parts_in_all: int
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        pixels = tf.cast(pixels, tf.float32)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([variable.value for variable in self.variables])
            every = keras.tree.flatten(self.objective.forward(pixels, training=True))
            each = [weights * self.options.loss(targets, x + self._offsets) for x in every]
            losses = sum(share * x for x, share in zip(each, self.objective.loss_weights, strict=True))
            loss = tf.reduce_sum(losses) / self.objective.batch_size
            penalties = self.objective.penalties()
            if penalties:
                loss += tf.add_n(penalties) / parts_in_all
            scaled = loss if self.loss_scale is None else loss * tf.convert_to_tensor(self.loss_scale.scale)
        gradients = tape.gradient(scaled, [variable.value for variable in self.variables], unconnected_gradients="zero")
        if self.loss_scale is not None:
            gradients = [gradient / tf.convert_to_tensor(self.loss_scale.scale) for gradient in gradients]
        right = self.options.right(targets, every[0]) & (weights > 0)
        return loss, tf.reduce_sum(tf.cast(right, tf.float32)), gradients

    def _on_device(
        self, pixels: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor
    ) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
        loss, correct, gradients = self._share(pixels, targets, weights)
        missing = tf.math.count_nonzero(tf.equal(weights, 0.0), dtype=tf.float32)
        if self.strategy.num_replicas_in_sync > 1:
            together = tf.distribute.get_replica_context().all_reduce(
                tf.distribute.ReduceOp.SUM, [loss, correct, missing, *gradients]
            )
            loss, correct, missing, *gradients = together
        norm = tf.linalg.global_norm(gradients)
        if self.options.global_clipnorm:
            gradients, _ = tf.clip_by_global_norm(gradients, self.options.global_clipnorm, use_norm=norm)
        return [loss, correct, norm, missing], gradients

    def _reduced_gradients(
        self, pixels: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor
    ) -> tuple[list[tf.Tensor], list[Any]]:
        """Loss, correct, norm, missing and gradients of a global batch; only moving statistics are updated."""
        totals, gradients = self.strategy.run(self._on_device, args=(pixels, targets, weights))
        return [self._first(x) for x in totals], gradients

    def _global_step(self, pixels: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor) -> Outcome:
        (loss, correct, norm, missing), gradients = self._reduced_gradients(pixels, targets, weights)
        finite = tf.math.is_finite(loss) & tf.math.is_finite(norm)
        updated = finite & self.tally.all_finite()
        if self._selects:
            self._update_and_select(updated, gradients)
        else:
            tf.cond(updated, lambda: self._update(gradients), lambda: False)
        bad = ~finite
        if self.loss_scale is not None:
            self.loss_scale.update(finite)
            bad &= tf.convert_to_tensor(self.loss_scale.scale) < SMALLEST_SCALE
        self.tally.count(loss, correct, missing, self.objective.batch_size, bad)
        return Outcome(loss, correct, norm, updated)

    def _update(self, gradients: list[Any]) -> bool:
        with self.strategy.scope():  # outside of the devices, where nothing is summed again
            self.optimizer.apply(gradients, self.variables)
        return True

    def _update_and_select(self, updated: tf.Tensor, gradients: list[Any]) -> None:
        """Update, and take it back if it is not to be made: a branch would make a GPU wait for the host."""
        changed = [*self.optimizer.variables, *self.variables]
        before = [tf.identity(variable.value) for variable in changed]
        self._update(gradients)
        for variable, value in zip(changed, before, strict=True):
            variable.assign(tf.where(updated, tf.convert_to_tensor(variable.value), value))

    def _first(self, value: object) -> tf.Tensor:
        return self.strategy.experimental_local_results(value)[0]
