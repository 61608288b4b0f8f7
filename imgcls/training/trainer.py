"""The trainer, one for every strategy: Keras models, optimizers and callbacks on tf.distribute.

Keras 3's own `fit` refuses or is wrong with several replicas in too many cases; this trainer has no cases. A step is
one global batch; the gradient is that of the mean loss over the global batch, whatever the number of replicas.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from imgcls.counted import counted
from imgcls.models.auxiliary import auxiliary_logits_model
from imgcls.training.devices.device_batches import DeviceBatches
from imgcls.training.devices.workers import Workers
from imgcls.training.forward_pass import ForwardPass
from imgcls.training.nonfinite import origin_of_nonfinite
from imgcls.training.optimizers import ScaledUpdates
from imgcls.training.progress import TrainingProgress
from imgcls.training.random_state import draw_by_device
from imgcls.training.step import LossScale, Objective, Outcome, Step, StepOptions
from imgcls.training.trainer_variables import TrainerVariables, WeightGroups
from imgcls.training.transfer.blocks import recomputed_in_blocks

KEPT_OPTIONS = ("gradient_accumulation_steps", "xla")  # of the step, that a run settles when it begins and keeps
log = logging.getLogger(__name__)


class Trainer:
    """Trains a classifier step by step.

    Args:
        model: from pixels to probabilities; built, as the optimizer is, under the scope of `strategy`.
        optimizer: of `imgcls.training.optimizers`.
        strategy: the devices.
        batch_size: of the global batch.
        options: how a step computes its update.
        groups: the weights by whether the run changes them; by default the model's trainable ones are trained.

    Attributes:
        progress: where the run stands.
        variables: everything that the next step depends on.
        stop_requested: set it to end `train` after the step at hand.
    """

    def __init__(
        self,
        model: keras.Model,
        optimizer: ScaledUpdates,
        strategy: tf.distribute.Strategy,
        *,
        batch_size: int,
        options: StepOptions | None = None,
        groups: WeightGroups | None = None,
    ) -> None:
        self.model, self.optimizer, self.strategy = model, optimizer, strategy
        self.batch_size, self.options = batch_size, options or StepOptions()
        self.progress, self.stop_requested = TrainingProgress(), False
        self.workers, self.batches = Workers(strategy), DeviceBatches(strategy)
        groups = groups or WeightGroups(model.trainable_variables)
        draw_by_device(model)
        with strategy.scope():
            optimizer.build(list(groups.trained))
            loss_scale = LossScale() if self.options.loss_scaling else None
            model.compile(optimizer)  # not used for training; Keras callbacks look for model.optimizer
        self.variables = TrainerVariables(model, optimizer, loss_scale, groups.fixed)
        self.begin_stage()

    def begin_stage(self, part: keras.Model | None = None) -> None:
        """Train what is trainable now.

        Args:
            part: of the model, from features to logits, where features are the input.
        """
        self._logits, self._loss_weights = (part, [1.0]) if part is not None else auxiliary_logits_model(self.model)
        self.prepare_step()

    def prepare_step(self, **changes: Any) -> None:
        """Make the step anew, with other `StepOptions` if some are named."""
        self.options = replace(self.options, **changes)
        logits = self._logits
        recompute = self.options.gradient_checkpointing and len(logits.layers) > 3
        objective = Objective(
            recomputed_in_blocks(logits) if recompute else logits,
            self._loss_weights,
            logits.trainable_variables,
            self.batch_size,
            penalties=lambda: logits.losses,
        )
        self.step = Step(objective, self.optimizer, self.strategy, self.options, self.variables.loss_scale)
        self.predict = ForwardPass(logits, self.batches)
        self._fits_into_memory = False

    def train(
        self,
        batches: tf.data.Dataset,
        steps_per_epoch: int,
        epochs: int,
        *,
        validate: Callable[[], dict[str, Any]],
        callbacks: Sequence[keras.callbacks.Callback] | keras.callbacks.CallbackList = (),
        on_missing: Callable[[int], None] = lambda position: None,
    ) -> None:
        """Train until the last epoch, from where `self.progress` stands, or until `stop_requested`.

        Args:
            batches: (positions, pixels, targets, weights) from this position on, as
                `imgcls.data.batches.pipeline.training_batches` gives them.
            steps_per_epoch: number of batches.
            epochs: number of epochs of the run, with those that are done.
            validate: called after each epoch; returns metrics whose names begin with "val_".
            callbacks: a list that has begun already is not ended.
            on_missing: receives the position of each example that could not be read.

        Raises:
            RuntimeError: more than one image in twenty cannot be read.
            FloatingPointError: the loss is not finite any more.
            ConnectionError: another worker is gone.
        """
        ours = not isinstance(callbacks, keras.callbacks.CallbackList)
        listeners: keras.callbacks.CallbackList = (
            keras.callbacks.CallbackList(list(callbacks), model=self.model) if ours else callbacks
        )
        if ours:
            listeners.on_train_begin()
        self.model.stop_training = False
        stream = iter(self.distributed(batches))
        begun = None
        while self.progress.step < steps_per_epoch * epochs and not (self._must_stop() or self.model.stop_training):
            epoch, step_of_epoch = divmod(self.progress.step, steps_per_epoch)
            if step_of_epoch == 0:
                self.progress.begin_epoch()
            if epoch != begun:
                listeners.on_epoch_begin(epoch)
                begun = epoch
            listeners.on_train_batch_begin(step_of_epoch)
            self._train_step(next(stream), steps_per_epoch, on_missing)
            logs = self.progress.metrics()
            listeners.on_train_batch_end(step_of_epoch, logs)
            if step_of_epoch + 1 == steps_per_epoch:
                with self.averaged_weights():
                    logs = {**logs, "learning_rate": self.learning_rate(), **validate()}
                listeners.on_epoch_end(epoch, logs)
        if ours:
            listeners.on_train_end()

    def _train_step(self, batch: list[Any], steps_per_epoch: int, on_missing: Callable[[int], None]) -> None:
        positions, *values = batch
        with self.workers.may_be_lost():
            outcome = self._update(values)
            loss = float(outcome.loss)
            self._check_finite(outcome, loss, values)
            positions, weights = self.batches.whole(positions), self.batches.whole(values[-1])
        missing = positions[weights == 0]
        for position in missing:
            on_missing(int(position))
        self.progress.count_step(self.batch_size, len(missing), loss, float(outcome.correct))
        self.progress.check_missing(steps_per_epoch, self.batch_size)

    def _update(self, values: list[Any]) -> Outcome:
        """Make a step; the first one of a stage is tried in more parts for as long as memory does not suffice."""
        if self._fits_into_memory:
            return self.step(*values)
        arrays, state = self.state()
        while True:
            try:
                outcome = self.step(*values)
                self._fits_into_memory = True
                return outcome
            except tf.errors.ResourceExhaustedError as error:
                parts = self._more_parts(error)
                self.restore(arrays, state)
                self.prepare_step(gradient_accumulation_steps=parts)
                log.info("The memory asks for %d parts of each batch, one after the other.", parts)

    def _more_parts(self, error: tf.errors.ResourceExhaustedError) -> int:
        parts = 2 * self.options.gradient_accumulation_steps
        share = self.batch_size // self.strategy.num_replicas_in_sync
        if share % parts:
            raise MemoryError(
                f"A batch of {counted(share // (parts // 2), 'image')} does not fit into memory. Choose a "
                "smaller --image-size or network, or --gradient-checkpointing."
            ) from error
        return parts

    def _check_finite(self, outcome: Outcome, loss: float, values: list[Any]) -> None:
        if bool(outcome.updated) or self._only_overflowed():
            return
        what = "gradient became infinite" if np.isfinite(loss) else f"loss became {loss}"
        origin = origin_of_nonfinite(self._logits, self.batches.shares(values[0])[0])
        raise FloatingPointError(
            f"The {what} at step {self.progress.step + 1}; {origin} The update was not made. "
            "A lower --learning-rate helps most often, such as a tenth of this run's."
        )

    def _only_overflowed(self) -> bool:
        """Whether float16 ran over, which the loss scale sees to."""
        loss_scale = self.variables.loss_scale
        return loss_scale is not None and float(tf.convert_to_tensor(loss_scale.scale)) >= 1.0

    def distributed(self, batches: Iterable[tuple[Any, ...]]) -> Iterator[list[Any]]:
        """The batches of this process, each divided among its devices."""
        return self.batches.distributed(batches)

    @property
    def stops_alone(self) -> bool:
        """Whether a stop was requested to which no other worker has to agree."""
        return self.stop_requested and not self.workers.several

    def _must_stop(self) -> bool:
        self.stop_requested = self.workers.any(self.stop_requested)
        return self.stop_requested

    def learning_rate(self) -> float:
        """The learning rate of the next step."""
        return float(tf.convert_to_tensor(self.optimizer.learning_rate))

    def averaged_weights(self) -> AbstractContextManager[None]:
        """Within, the model has the exponential moving average (EMA) of its weights, if the optimizer keeps one."""
        return self.variables.averaged() if self.optimizer.use_ema and self.progress.step else nullcontext()

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Everything that the next step depends on: the values of the variables, and the progress with the options."""
        return self.variables.arrays(), {**vars(self.progress), "step_options": self._kept_options()}

    def restore(self, arrays: dict[str, np.ndarray], state: dict[str, Any]) -> None:
        """Go back to what `state` returned. Raises ValueError if the arrays belong to another network."""
        self.variables.restore(arrays)
        self.progress = TrainingProgress(**{name: state[name] for name in vars(TrainingProgress())})
        if state["step_options"] != self._kept_options():
            self.prepare_step(**state["step_options"])

    def _kept_options(self) -> dict[str, int | bool]:
        return {name: getattr(self.options, name) for name in KEPT_OPTIONS}
