"""One step of training: a global batch to an update of the weights, on any number of devices.

The gradient is that of the mean loss over the global batch: each device computes its share, in as many parts as memory
asks for, the shares are summed over the devices, and only then clipped. An update whose loss or gradient is no finite
number is not made, so that the weights are still the good ones when the run stops.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from imgcls.counted import counted

LARGEST_SCALE = 2.0**15  # of the loss in float16: Micikevicius et al., Mixed Precision Training, 2017
SCALE_GROWS_AFTER = 2000  # steps without an overflow


class Outcome(NamedTuple):
    """Of one step, summed over all devices. loss: mean over the batch; correct: images; norm: of the gradient."""

    loss: tf.Tensor
    correct: tf.Tensor
    norm: tf.Tensor
    updated: tf.Tensor


class LossScale:
    """What the loss is multiplied with, so that small gradients do not vanish in float16."""

    def __init__(self):
        self.scale = keras.Variable(LARGEST_SCALE, trainable=False, name="loss_scale")
        self.good_steps = keras.Variable(0, dtype="int64", trainable=False, name="good_steps")

    @property
    def variables(self) -> list[keras.Variable]:
        return [self.scale, self.good_steps]

    def update(self, finite: tf.Tensor) -> None:
        """Halve after an overflow; double after many steps without one."""
        good = tf.where(finite, tf.convert_to_tensor(self.good_steps) + 1, 0)
        grow = good >= SCALE_GROWS_AFTER
        scale = tf.convert_to_tensor(self.scale)
        grown = tf.where(grow, tf.minimum(2.0 * scale, LARGEST_SCALE), scale)
        self.scale.assign(tf.where(finite, grown, 0.5 * scale))
        self.good_steps.assign(tf.where(grow, tf.zeros_like(good), good))


class Step:
    """Callable: (pixels, targets, weights) of a global batch, as the strategy distributes them, to an `Outcome`.

    forward: (pixels, training) -> logits, or a list of them, the main ones first.
    loss_weights: of each of the logits' losses.
    variables: that are trained; the optimiser was built on these and maybe others.
    batch_size: of the global batch. loss: as `make_loss` gives it. logit_offsets: (classes,) that are added to
        the logits, for the loss only.
    global_clipnorm: longest gradient, over all variables together and all devices; 0 for no limit.
    gradient_accumulation_steps: parts that each device's share is computed in.
    xla: compile what each device computes by itself.
    penalties: returns losses that do not depend on the images, such as those of regularisers.
    """

    def __init__(
        self,
        forward: Callable,
        loss_weights: Sequence[float],
        variables: Sequence[keras.Variable],
        optimizer: keras.optimizers.Optimizer,
        strategy: tf.distribute.Strategy,
        *,
        batch_size: int,
        loss: Callable,
        logit_offsets: np.ndarray | float = 0.0,
        global_clipnorm: float = 0.0,
        gradient_accumulation_steps: int = 1,
        xla: bool = False,
        loss_scale: LossScale | None = None,
        penalties: Callable[[], list] = list,
    ):
        self.forward, self.loss_weights, self.variables = forward, loss_weights, list(variables)
        self.optimizer, self.strategy, self.loss, self.penalties = optimizer, strategy, loss, penalties
        self.batch_size, self.global_clipnorm, self.gradient_accumulation_steps = (
            batch_size,
            global_clipnorm,
            gradient_accumulation_steps,
        )
        self.logit_offsets = logit_offsets
        self.loss_scale = loss_scale
        self._share = tf.function(self.share, jit_compile=True, autograph=False) if xla else self.share
        self._run = tf.function(self._global_step, autograph=False)  # there is nothing to convert, which takes seconds
        self.reduced_gradients = tf.function(self._reduced_gradients, autograph=False)

    def __call__(self, pixels, targets, weights) -> Outcome:
        return self._run(pixels, targets, weights)

    def share(self, pixels, targets, weights, shares: int = 0):
        """One device's part of the loss, of the gradients, and of the images that were right.

        shares: that the batch is divided into, each of which has its part of the penalties; 0: one a device.
        """
        parts_in_all = (shares or self.strategy.num_replicas_in_sync) * self.gradient_accumulation_steps
        if self.gradient_accumulation_steps == 1:
            return self._part(pixels, targets, weights, parts_in_all)
        images = pixels.shape[0]
        if images % self.gradient_accumulation_steps:
            raise ValueError(
                f"{counted(images, 'image')} a device cannot be divided into "
                f"{self.gradient_accumulation_steps} equal parts; change --gradient-accumulation-steps."
            )
        parts = [
            tf.reshape(x, (self.gradient_accumulation_steps, -1, *x.shape[1:])) for x in (pixels, targets, weights)
        ]

        def add(number, loss, correct, *gradients):
            more_loss, more_correct, more = self._part(*(x[number] for x in parts), parts_in_all)
            return [
                number + 1,
                loss + more_loss,
                correct + more_correct,
                *(a + b for a, b in zip(gradients, more, strict=True)),
            ]

        start = [tf.constant(0), tf.constant(0.0), tf.constant(0.0), *(tf.zeros(v.shape) for v in self.variables)]
        _, loss, correct, *gradients = tf.while_loop(
            lambda number, *sums: number < self.gradient_accumulation_steps, add, start, parallel_iterations=1
        )
        return loss, correct, gradients

    def _part(self, pixels, targets, weights, parts_in_all: int):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([variable.value for variable in self.variables])
            every = keras.tree.flatten(self.forward(pixels, training=True))
            each = [weights * self.loss(targets, x + self.logit_offsets) for x in every]
            losses = sum(share * x for x, share in zip(each, self.loss_weights, strict=True))
            loss = tf.reduce_sum(losses) / self.batch_size
            penalties = self.penalties()
            if penalties:
                loss += tf.add_n(penalties) / parts_in_all
            scaled = loss if self.loss_scale is None else loss * tf.convert_to_tensor(self.loss_scale.scale)
        gradients = tape.gradient(scaled, [variable.value for variable in self.variables], unconnected_gradients="zero")
        if self.loss_scale is not None:
            gradients = [gradient / tf.convert_to_tensor(self.loss_scale.scale) for gradient in gradients]
        right = (tf.argmax(every[0], -1) == tf.argmax(targets, -1)) & (weights > 0)
        return loss, tf.reduce_sum(tf.cast(right, tf.float32)), gradients

    def _on_device(self, pixels, targets, weights):
        loss, correct, gradients = self._share(pixels, targets, weights)
        if self.strategy.num_replicas_in_sync > 1:
            together = tf.distribute.get_replica_context().all_reduce(
                tf.distribute.ReduceOp.SUM, [loss, correct, *gradients]
            )
            loss, correct, *gradients = together
        norm = tf.linalg.global_norm(gradients)
        if self.global_clipnorm:
            gradients, _ = tf.clip_by_global_norm(gradients, self.global_clipnorm, use_norm=norm)
        return loss, correct, norm, gradients

    def _reduced_gradients(self, pixels, targets, weights):
        """Loss, correct, norm and gradients of a global batch; nothing is updated but moving statistics."""
        loss, correct, norm, gradients = self.strategy.run(self._on_device, args=(pixels, targets, weights))
        return [self._first(x) for x in (loss, correct, norm)], gradients

    def _global_step(self, pixels, targets, weights) -> Outcome:
        (loss, correct, norm), gradients = self._reduced_gradients(pixels, targets, weights)
        finite = tf.math.is_finite(loss) & tf.math.is_finite(norm)

        def update():
            with self.strategy.scope():  # outside of the devices, where nothing is summed again
                self.optimizer.apply(gradients, self.variables)
            return True

        tf.cond(finite, update, lambda: False)
        if self.loss_scale is not None:
            self.loss_scale.update(finite)
        return Outcome(loss, correct, norm, finite)

    def _first(self, value):
        return self.strategy.experimental_local_results(value)[0]
