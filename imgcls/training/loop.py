"""The training loop, one for every strategy: Keras models, optimisers and callbacks on tf.distribute.

Keras 3's own `fit` refuses or is wrong with several replicas in too many cases; this loop has no cases. A step is one
global batch; the gradient is that of the mean loss over the global batch, whatever the number of replicas.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import keras
import numpy as np
import tensorflow as tf

from imgcls.counted import counted
from imgcls.framework_internals import averaged_variables, learning_rate_schedule, seed_generators
from imgcls.models.auxiliary import auxiliary_logits_model
from imgcls.training.devices.strategy import is_chief
from imgcls.training.losses import make_loss
from imgcls.training.random_state import draw_by_device
from imgcls.training.step import LossScale, Outcome, Step
from imgcls.training.transfer.blocks import recomputed_in_blocks

GONE = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
)
UNREADABLE_SHARE = 0.05  # of the images of an epoch, or of all read so far; beyond it the run ends
KEPT_OPTIONS = ("gradient_accumulation_steps", "xla")  # of the step, that a run settles when it begins and keeps


@dataclass
class Progress:
    """Where a run stands. position: of the next example; missing: examples that could not be read; best: the epoch
    kept, with its metrics.
    """

    step: int = 0
    position: int = 0
    missing: int = 0
    best: dict = field(default_factory=dict)
    waited: int = 0  # epochs since the validation loss was last lower, for the schedule that lowers the rate then
    lowest_loss: float = np.inf
    sums: dict = field(default_factory=lambda: {"loss": 0.0, "correct": 0.0, "examples": 0})  # of the current epoch


class Loop:
    """Trains a classifier step by step.

    model: from pixels to probabilities; built, as the optimizer is, under the scope of `strategy`.
    trained: the variables that any stage of the run trains; by default the model's trainable ones.
    fixed: weights that no stage changes, by id; they are left out of `state`.
    loss, logit_offsets, global_clipnorm, gradient_accumulation_steps, xla: see `Step`.
    loss_scaling: for float16. gradient_checkpointing: compute each block twice and keep less of it in memory.
    """

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        strategy: tf.distribute.Strategy,
        *,
        batch_size: int,
        trained: Sequence[keras.Variable] | None = None,
        fixed: Collection[int] = (),
        loss: Callable | None = None,
        logit_offsets: np.ndarray | None = None,
        global_clipnorm: float = 0.0,
        gradient_accumulation_steps: int = 1,
        xla: bool = False,
        loss_scaling: bool = False,
        gradient_checkpointing: bool = False,
    ):
        self.model, self.optimizer, self.strategy = model, optimizer, strategy
        self.batch_size = batch_size
        self.gradient_checkpointing = gradient_checkpointing
        self.progress = Progress()
        self.stop_requested = False
        self._fixed = {i for i, weight in enumerate(model.weights) if id(weight) in fixed}
        draw_by_device(model)
        with strategy.scope():
            optimizer.build(list(trained if trained is not None else model.trainable_variables))
            self.loss_scale = LossScale() if loss_scaling else None
            model.compile(optimizer)  # not used for training; Keras callbacks look for model.optimizer
        self._workers = isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
        self._agree = tf.function(self._sum_over_workers, autograph=False)
        self.on_parts = lambda parts: None  # is told when memory asks for more parts
        self.step_options = {
            "loss": loss or make_loss(),
            "logit_offsets": np.float32(0.0 if logit_offsets is None else logit_offsets),
            "global_clipnorm": global_clipnorm,
            "gradient_accumulation_steps": gradient_accumulation_steps,
            "xla": xla,
            "loss_scale": self.loss_scale,
        }
        self.begin_stage()

    def begin_stage(self, part: keras.Model | None = None) -> None:
        """Train what is trainable now. part: of the model, from features to logits, where they are the input."""
        logits, weights = (part, [1.0]) if part is not None else auxiliary_logits_model(self.model)
        self._logits, self._loss_weights = logits, weights
        self.prepare_step()

    def prepare_step(self, **changes) -> None:
        """Make the step anew, with other `step_options` if some are named."""
        self.step_options.update(changes)
        logits = self._logits
        remake = self.gradient_checkpointing and len(logits.layers) > 3
        self.step = Step(
            recomputed_in_blocks(logits) if remake else logits,
            self._loss_weights,
            logits.trainable_variables,
            self.optimizer,
            self.strategy,
            batch_size=self.batch_size,
            penalties=lambda: logits.losses,
            **self.step_options,
        )
        self._predict = tf.function(lambda x: keras.tree.flatten(logits(x, training=False))[0], autograph=False)
        self._predict_shares = tf.function(
            lambda shares: self.strategy.run(self._predict, args=(shares,)), autograph=False
        )
        self._tried = False

    def train(
        self,
        batches: tf.data.Dataset,
        steps_per_epoch: int,
        epochs: int,
        *,
        validate: Callable[[], dict],
        callbacks: Sequence[keras.callbacks.Callback] | keras.callbacks.CallbackList = (),
        on_missing: Callable[[int], None] = lambda position: None,
    ) -> None:
        """Run until the last epoch, from where `self.progress` stands, or until `stop_requested`.

        batches: (positions, pixels, targets, weights) from this position on, as
            `imgcls.data.batches.pipeline.training_batches` gives them.
        validate: called after each epoch; returns metrics whose names begin with "val_".
        callbacks: a list that has begun already is not ended.
        on_missing: gets the position of each example that could not be read.

        Raises RuntimeError if more than one image in twenty cannot be read, FloatingPointError if the loss is no longer
        a number, and ConnectionError if another worker is gone.
        """
        ours = not isinstance(callbacks, keras.callbacks.CallbackList)
        listeners = keras.callbacks.CallbackList(list(callbacks), model=self.model) if ours else callbacks
        if ours:
            listeners.on_train_begin()
        self.model.stop_training = False
        stream = iter(self.distributed(batches))
        first = True
        while self.progress.step < steps_per_epoch * epochs and not (self._must_stop() or self.model.stop_training):
            epoch, step_of_epoch = divmod(self.progress.step, steps_per_epoch)
            if step_of_epoch == 0:
                self.progress.sums = {"loss": 0.0, "correct": 0.0, "examples": 0}
            if step_of_epoch == 0 or first:
                listeners.on_epoch_begin(epoch)
                first = False
            listeners.on_train_batch_begin(step_of_epoch)
            positions, *batch = next(stream)
            with self._other_workers_may_go():
                self._count(positions, self._step(batch), batch, on_missing)
            self._check_missing(steps_per_epoch)
            logs = self._training_metrics()
            listeners.on_train_batch_end(step_of_epoch, logs)
            if step_of_epoch + 1 == steps_per_epoch:
                with self.averaged_weights():
                    logs = {**logs, "learning_rate": self.learning_rate(), **validate()}
                listeners.on_epoch_end(epoch, logs)
        if ours:
            listeners.on_train_end()

    def _step(self, batch: list) -> Outcome:
        """A step; the first one of a stage is tried in more parts for as long as memory does not suffice."""
        if self._tried:
            return self.step(*batch)
        arrays, state = self.state()
        while True:
            try:
                outcome = self.step(*batch)
                self._tried = True
                return outcome
            except tf.errors.ResourceExhaustedError as error:
                parts = 2 * self.step_options["gradient_accumulation_steps"]
                share = self.batch_size // self.strategy.num_replicas_in_sync
                if share % parts:
                    raise MemoryError(
                        f"A batch of {counted(share // (parts // 2), 'image')} does not fit into memory. Choose a "
                        "smaller --image-size or network, or --gradient-checkpointing."
                    ) from error
                self.restore(arrays, state)
                self.prepare_step(gradient_accumulation_steps=parts)
                self.on_parts(parts)

    @property
    def stops_alone(self) -> bool:
        """Whether a stop was asked for that no other worker has to agree to."""
        return self.stop_requested and not self._workers

    def _must_stop(self) -> bool:
        """Whether a stop was asked for, on whichever worker."""
        if self._workers:
            with self._other_workers_may_go():
                self.stop_requested = float(self._agree(tf.constant(float(self.stop_requested)))) > 0
        return self.stop_requested

    def as_first_worker_has(self, array: np.ndarray) -> np.ndarray:
        """An array (float32) that every worker has made, as the first one made it."""
        if not self._workers:
            return array
        own = array if is_chief(self.strategy) else np.zeros_like(array)
        with self._other_workers_may_go():
            return self._agree(tf.constant(own)).numpy() / len(self.strategy.extended.worker_devices)

    def _sum_over_workers(self, value: tf.Tensor) -> tf.Tensor:
        return self.strategy.reduce(
            tf.distribute.ReduceOp.SUM, self.strategy.run(tf.identity, args=(value,)), axis=None
        )

    @contextmanager
    def _other_workers_may_go(self) -> Iterator[None]:
        """Raises ConnectionError when a step fails because another worker is gone."""
        try:
            yield
        except GONE as error:
            if not self._workers:
                raise
            raise ConnectionError(
                "Another worker is gone, so no step can be made. The run has its checkpoints: start all workers again "
                "with --resume."
            ) from error

    def distributed(self, batches: Iterable[tuple]) -> Iterator[list]:
        """The batches of this process, each divided among its devices.

        TensorFlow's own distributed iterator takes half a minute to begin on a chain with nested data sets, a plain
        one half a second; so the division is made here.
        """
        devices = len(self.strategy.extended.worker_devices)
        for batch in batches:
            divided = devices > 1 or self._workers
            yield [self._divided(x, devices) for x in batch] if divided else list(batch)

    def _divided(self, values: tf.Tensor, devices: int):
        shares = tf.split(values, devices)
        return self.strategy.experimental_distribute_values_from_function(
            lambda context: shares[context.replica_id_in_sync_group % devices]
        )

    def _count(self, positions, outcome: Outcome, batch: list, on_missing: Callable[[int], None]) -> None:
        loss = float(outcome.loss)
        if not bool(outcome.updated) and not self._only_overflowed(loss):
            what = "gradient became infinite" if np.isfinite(loss) else f"loss became {loss}"
            raise FloatingPointError(
                f"The {what} at step {self.progress.step + 1}; {self._origin(batch)} The update was not made. "
                "A lower --learning-rate helps most often, such as a tenth of this run's."
            )
        positions, weights = self._whole(positions), self._whole(batch[-1])
        missing = positions[weights == 0]
        for position in missing:
            on_missing(int(position))
        self.progress.position += self.batch_size
        self.progress.missing += len(missing)
        self.progress.step += 1
        if np.isfinite(loss):
            readable = self.batch_size - len(missing)
            self.progress.sums["loss"] += loss * readable
            self.progress.sums["correct"] += float(outcome.correct)
            self.progress.sums["examples"] += readable

    def _whole(self, values) -> np.ndarray:
        """A batch's values from all devices of this process."""
        return np.concatenate([part.numpy() for part in self.strategy.experimental_local_results(values)])

    def _check_missing(self, steps_per_epoch: int) -> None:
        read = max(self.progress.step, steps_per_epoch) * self.batch_size
        if self.progress.missing > UNREADABLE_SHARE * read:
            raise RuntimeError(
                f"{self.progress.missing:,} of {counted(read, 'image')} could not be read, which is more than 5 %. "
                "Check the disk, then resume the run."
            )

    def _only_overflowed(self, loss: float) -> bool:
        """Whether float16 ran over, which the loss scale sees to."""
        return self.loss_scale is not None and float(tf.convert_to_tensor(self.loss_scale.scale)) >= 1.0

    def _origin(self, batch: list) -> str:
        """The layer where, going forward over this batch, the first number is not finite; a sentence."""
        pixels = self.strategy.experimental_local_results(batch[0])[0]
        if not bool(tf.reduce_all(tf.math.is_finite(pixels))):
            return "it began in the pixels."
        layers = [layer for layer in self._logits.layers if not isinstance(layer, keras.layers.InputLayer)]
        every = keras.Model(self._logits.inputs, [layer.output for layer in layers])
        for layer, output in zip(layers, every(pixels, training=True), strict=True):
            if not all(bool(tf.reduce_all(tf.math.is_finite(x))) for x in keras.tree.flatten(output)):
                broken = [v.path for v in layer.trainable_variables if not np.isfinite(as_array(v)).all()]
                whose = f", whose weights {broken[0]!r} are not finite" if broken else ""
                return f"it began in the output of layer {layer.name!r}{whose}."
        return "it began in the gradient; every layer's output was finite."

    def _training_metrics(self) -> dict[str, float]:
        sums = self.progress.sums
        examples = max(1, sums["examples"])
        return {"loss": sums["loss"] / examples, "accuracy": sums["correct"] / examples}

    def learning_rate(self) -> float:
        return float(tf.convert_to_tensor(self.optimizer.learning_rate))

    @contextmanager
    def averaged_weights(self) -> Iterator[None]:
        """Within, the model has the moving averages of its weights, where the optimiser keeps them."""
        if not self.optimizer.use_ema or not self.progress.step:
            yield
            return
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def _swap(self) -> None:
        for variable, average in averaged_variables(self.optimizer):
            value = as_array(variable)
            variable.assign(as_array(average))
            average.assign(value)

    def predict(self, batches: Iterable) -> tuple[np.ndarray, np.ndarray]:
        """Logits of evaluation batches (indices, pixels): (indices of the images that could be read, logits).

        The devices share each batch; what is missing for equal shares is filled up, and left out of the result.
        """
        indices, logits = [], []
        for index, pixels in batches:
            indices.append(np.asarray(index))
            logits.append(self._predict_together(tf.convert_to_tensor(pixels))[: len(index)])
        return np.concatenate(indices), np.concatenate(logits)

    def _predict_together(self, pixels: tf.Tensor) -> np.ndarray:
        devices = len(self.strategy.extended.worker_devices)
        if devices == 1:
            return self._predict(pixels).numpy()
        share = -(-len(pixels) // devices)
        pixels = tf.pad(pixels, [[0, share * devices - len(pixels)], *[[0, 0]] * (len(pixels.shape) - 1)])
        values = self._divided(pixels, devices)
        found = self.strategy.experimental_local_results(self._predict_shares(values))
        return np.concatenate([part.numpy() for part in found])

    def weights(self) -> dict[str, np.ndarray]:
        """The model's weights, but for those that no stage changes."""
        return {f"{i:05d}": as_array(v) for i, v in enumerate(self.model.weights) if i not in self._fixed}

    def fixed_weights(self) -> dict[str, np.ndarray]:
        """The model's weights that no stage changes."""
        return {f"{i:05d}": as_array(v) for i, v in enumerate(self.model.weights) if i in self._fixed}

    def set_weights(self, arrays: dict[str, np.ndarray]) -> None:
        """Take over what `weights` or `fixed_weights` returned."""
        for name, array in arrays.items():
            self.model.weights[int(name)].assign(array)

    def state(self) -> tuple[dict[str, np.ndarray], dict]:
        """Everything that the next step depends on: arrays (weights, optimiser, random state) and the progress."""
        count = len(self.model.weights)
        others = {f"{i:05d}": as_array(v) for i, v in enumerate(self._other_variables(), start=count)}
        options = {name: self.step_options[name] for name in KEPT_OPTIONS}
        return {**self.weights(), **others}, {**vars(self.progress), "step_options": options}

    def restore(self, arrays: dict[str, np.ndarray], state: dict) -> None:
        """Go back to what `state` returned. Raises ValueError if the arrays belong to another network."""
        variables = [*self.model.weights, *self._other_variables()]
        expected = {f"{i:05d}": tuple(v.shape) for i, v in enumerate(variables) if i not in self._fixed}
        found = {name: array.shape for name, array in arrays.items()}
        if expected != found:
            differing = sorted(set(expected.items()) ^ set(found.items()))[:3]
            raise ValueError(f"The checkpoint is of another network than this run's; they differ in {differing}.")
        for name, array in arrays.items():
            variables[int(name)].assign(array)
        self.progress = Progress(**{name: state[name] for name in vars(Progress())})
        if state["step_options"] != {name: self.step_options[name] for name in KEPT_OPTIONS}:
            self.prepare_step(**state["step_options"])

    def _other_variables(self) -> list[keras.Variable]:
        """The random state of dropout (which Keras saves nowhere), and the variables of optimiser, rate and scale."""
        generators = seed_generators(self.model)
        rate = getattr(learning_rate_schedule(self.optimizer), "factor", None)
        scale = self.loss_scale.variables if self.loss_scale else []
        return [*(g.state for g in generators), *self.optimizer.variables, *([] if rate is None else [rate]), *scale]


def as_array(variable: keras.Variable) -> np.ndarray:
    """The value of a variable under any strategy; Keras' own conversion makes NumPy warn there."""
    return tf.convert_to_tensor(variable.value).numpy()
