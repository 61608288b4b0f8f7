"""The trainer, one for every strategy: Keras models, optimizers and callbacks on tf.distribute.

Keras 3's own `fit` refuses or is wrong with several replicas in too many cases; this trainer has no cases. A step is
one global batch; the gradient is that of the mean loss over the global batch, whatever the number of replicas.
"""

import logging
import time
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
from imgcls.training.devices.strategy import can_share
from imgcls.training.devices.workers import Workers
from imgcls.training.forward_pass import ForwardPass
from imgcls.training.nonfinite import origin_of_nonfinite
from imgcls.training.optimizers import ScaledUpdates
from imgcls.training.progress import TrainingProgress
from imgcls.training.random_state import draw_by_device
from imgcls.training.several_steps import SeveralSteps
from imgcls.training.step import Counters, LossScale, Objective, Step, StepOptions
from imgcls.training.step_calls import StepCalls
from imgcls.training.tally import Counts, Tally
from imgcls.training.trainer_variables import TrainerVariables, WeightGroups
from imgcls.training.transfer.blocks import recomputed_in_blocks
from imgcls.training.waiting import WaitingForData

SECONDS_BETWEEN_LOOKS = 1.0  # at what the devices have counted
SECONDS_A_CALL = 0.2  # which Ctrl-C and checkpoints have to wait for, where several steps are one call
MOST_A_CALL = 1000  # steps
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
        stop_requested: set it to end `train` after the call at hand, which is one step or several.
        waiting: how much of the time of this epoch its steps waited for their batches.
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
        self.progress, self.stop_requested, self.waiting = TrainingProgress(), False, WaitingForData()
        self.workers, self.batches = Workers(strategy), DeviceBatches(strategy)
        groups = groups or WeightGroups(model.trainable_variables)
        draw_by_device(model)
        with strategy.scope():
            optimizer.build(list(groups.trained))
            loss_scale, self.tally = LossScale() if self.options.loss_scaling else None, Tally()
            model.compile(optimizer)  # not used for training; Keras callbacks look for model.optimizer
        self.variables = TrainerVariables(model, optimizer, loss_scale, groups.fixed)
        self._calls: StepCalls | None = None
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
        counters = Counters(self.tally, self.variables.loss_scale)
        self.step = Step(objective, self.optimizer, self.strategy, self.options, counters)
        self._several = SeveralSteps(self.step, self.waiting, self.batches.place)
        self.predict = ForwardPass(logits, self.batches)
        self._fits_into_memory, self._steps_a_call = False, 1

    def train(
        self,
        batches: tf.data.Dataset,
        steps_per_epoch: int,
        epochs: int,
        *,
        validate: Callable[[], dict[str, Any]],
        callbacks: Sequence[keras.callbacks.Callback] | keras.callbacks.CallbackList = (),
        on_missing: Callable[[int], None] = lambda position: None,
        batch_at: Callable[[int], Iterable[tuple[Any, ...]]] | None = None,
    ) -> None:
        """Train until the last epoch, from where `self.progress` stands, or until `stop_requested`.

        The host looks about once a second at what the devices have counted, and at the end of each epoch. Between two
        looks, `progress.sums` and what callbacks receive after a step are those of the last look. Where several steps
        are one call, callbacks hear of its last step alone.

        Args:
            batches: (positions, pixels, targets, weights) from this position on, as
                `imgcls.data.batches.pipeline.training_batches` gives them.
            steps_per_epoch: number of batches.
            epochs: number of epochs of the run, with those that are done.
            validate: called after each epoch; returns metrics whose names begin with "val_".
            callbacks: a list that has begun already is not ended.
            on_missing: receives the position of each example that could not be read.
            batch_at: position -> the batch that begins there, to find a number that is not finite; by default the
                batches before it are read once more.

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
        self.tally.begin(self.progress)
        self._calls = StepCalls(self.batches, batches, self.progress.position, on_missing, batch_at, self.waiting)
        try:
            self._train_epochs(steps_per_epoch, epochs, validate, listeners)
        finally:
            self._calls = None
        if ours:
            listeners.on_train_end()

    def _train_epochs(
        self,
        steps_per_epoch: int,
        epochs: int,
        validate: Callable[[], dict[str, Any]],
        listeners: keras.callbacks.CallbackList,
    ) -> None:
        self._steps_per_epoch, self._looked = steps_per_epoch, -np.inf
        begun = None
        while self.progress.step < steps_per_epoch * epochs and not (self._must_stop() or self.model.stop_training):
            epoch, step_of_epoch = divmod(self.progress.step, steps_per_epoch)
            if step_of_epoch == 0:
                self.progress.begin_epoch()
                self.tally.begin(self.progress)
            if epoch != begun:
                listeners.on_epoch_begin(epoch)
                begun = epoch
                self._start_clock()
                self.waiting.begin()
            listeners.on_train_batch_begin(step_of_epoch)
            step_of_epoch += self._make_steps(steps_per_epoch - step_of_epoch)
            if step_of_epoch == steps_per_epoch or time.monotonic() - self._looked >= SECONDS_BETWEEN_LOOKS:
                self._look()
            logs = self.progress.metrics()
            listeners.on_train_batch_end(step_of_epoch - 1, logs)
            if step_of_epoch == steps_per_epoch:
                with self.averaged_weights():
                    logs = {**logs, "learning_rate": self.learning_rate(), **validate()}
                listeners.on_epoch_end(epoch, logs)
        if self.stop_requested:
            self._look()

    def _make_steps(self, most: int) -> int:
        """Make one or several steps; the first one of a stage is tried in more parts while memory does not suffice."""
        calls, wanted = self._running_calls, self.options.steps_per_call or self._steps_a_call
        in_one = calls.in_one and self.options.steps_per_call != 1
        count = min(most, wanted) if in_one and self._fits_into_memory else 1
        with self.workers.may_be_lost():
            if self._fits_into_memory:
                calls.make(self._several if in_one else self.step, count)
            else:
                self._make_first(calls, in_one)
        self.progress.step += count
        self.progress.position += count * self.batch_size
        return count

    def _make_first(self, calls: StepCalls, in_one: bool) -> None:
        arrays, state = self.state()
        while True:
            try:
                calls.make(self._several if in_one else self.step, 1)
                self._fits_into_memory = True
                return
            except tf.errors.ResourceExhaustedError as error:
                self.take_back(arrays, state)
                self.divide_further(error)
                calls.again()

    @property
    def _running_calls(self) -> StepCalls:
        if self._calls is None:
            raise RuntimeError("No stage is trained now.")
        return self._calls

    def _start_clock(self) -> None:
        self._clock = time.monotonic(), self.progress.step

    def _look(self) -> None:
        """Read what the devices have counted since the last time, and end the run if it is lost."""
        calls = self._running_calls
        with self.workers.may_be_lost():
            began = time.monotonic()
            counts = self.tally.read()
        self._looked = time.monotonic()
        self.waiting.host_was_ahead(self._looked - began)
        if counts.missing > self.progress.missing:
            calls.name_missing()
        calls.forget()
        self.progress.take(round(counts.missing), counts.loss, counts.correct, round(counts.examples))
        if counts.bad_step:
            self._raise_not_finite(counts)
        self.progress.check_missing(self._steps_per_epoch, self.batch_size)
        self._choose_steps_a_call()

    def _choose_steps_a_call(self) -> None:
        """As many steps as take `SECONDS_A_CALL`, at the speed since the last look."""
        began, first = self._clock
        seconds, steps = time.monotonic() - began, self.progress.step - first
        if steps and seconds:
            self._steps_a_call = min(max(1, int(SECONDS_A_CALL * steps / seconds)), MOST_A_CALL)
        self._start_clock()

    def divide_further(self, error: tf.errors.ResourceExhaustedError) -> None:
        """Compute each batch in twice as many parts. Raises MemoryError if it cannot be divided further."""
        parts = 2 * self.options.gradient_accumulation_steps
        devices = self.strategy.num_replicas_in_sync
        if not can_share(self.batch_size, parts, devices):
            share = -(-self.batch_size // (devices * (parts // 2)))
            raise MemoryError(
                f"A batch of {counted(share, 'image')} does not fit into memory. Choose a "
                "smaller --image-size or network, or --gradient-checkpointing."
            ) from error
        self.prepare_step(gradient_accumulation_steps=parts)
        log.info("The memory asks for %d parts of each batch, one after the other.", parts)

    def _raise_not_finite(self, counts: Counts) -> None:
        """Find where it began: the weights are still those from before that step, whose batch is read once more."""
        step = round(counts.bad_step)
        what = "gradient became infinite" if np.isfinite(counts.bad_loss) else f"loss became {counts.bad_loss}"
        position = self.progress.position - (self.progress.step - step + 1) * self.batch_size
        _, inputs, *_ = self._running_calls.batch(position, self.batch_size)
        origin = origin_of_nonfinite(self._logits, self.batches.shares(inputs)[0])
        raise FloatingPointError(
            f"The {what} at step {step}; {origin} The update was not made. "
            "A lower --learning-rate helps most often, such as a tenth of this run's."
        )

    def distributed(self, batches: Iterable[tuple[Any, ...]]) -> Iterator[list[Any]]:
        """The batches of this process, each divided among its devices."""
        return self.batches.distributed(self.batches.ahead(batches))

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
        """Everything that the next step depends on: the values of the variables, and the progress with the options.

        Raises:
            FloatingPointError: the loss is not finite any more.
        """
        if self._calls is not None:
            self._look()
        return self.variables.arrays(), {**vars(self.progress), "step_options": self._kept_options()}

    def restore(self, arrays: dict[str, np.ndarray], state: dict[str, Any]) -> None:
        """Go back to what `state` returned. Raises ValueError if the arrays belong to another network."""
        self.take_back(arrays, state)
        if state["step_options"] != self._kept_options():
            self.prepare_step(**state["step_options"])

    def take_back(self, arrays: dict[str, np.ndarray], state: dict[str, Any]) -> None:
        """Take back the steps since `state`, and go on with the step that is prepared now."""
        self.variables.restore(arrays)
        self.progress = TrainingProgress(**{name: state[name] for name in vars(TrainingProgress())})
        self.tally.begin(self.progress)

    def _kept_options(self) -> dict[str, int | bool]:
        return {name: getattr(self.options, name) for name in KEPT_OPTIONS}
