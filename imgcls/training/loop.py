"""The training loop, one for every strategy: Keras models, optimisers and callbacks on tf.distribute.

Keras 3's own `fit` refuses or is wrong with several replicas in too many cases; this loop has no cases. A step is one
global batch; the gradient is that of the mean loss over the global batch, whatever the number of replicas.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import keras
import numpy as np
import tensorflow as tf

from imgcls.models.auxiliary import auxiliary_logits_model
from imgcls.training.blocks import recomputed_in_blocks
from imgcls.training.losses import make_loss
from imgcls.training.step import LossScale, Outcome, Step


@dataclass
class Progress:
    """Where a run stands. position: of the next example to read; best: the epoch kept, with its metrics."""

    step: int = 0
    position: int = 0
    best: dict = field(default_factory=dict)
    waited: int = 0  # epochs since the validation loss was last lower, for the schedule that lowers the rate then
    lowest_loss: float = np.inf
    sums: dict = field(default_factory=lambda: {"loss": 0.0, "correct": 0.0, "examples": 0})  # of the current epoch


class Loop:
    """Trains a classifier step by step.

    model: from pixels to probabilities; built, as the optimizer is, under the scope of `strategy`.
    trained: the variables that any stage of the run trains; by default the model's trainable ones.
    loss: as `make_loss` gives it. clip_norm, accumulate, xla: see `Step`.
    loss_scaling: for float16. checkpoint_gradients: compute each block twice and keep less of it in memory.
    """

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        strategy: tf.distribute.Strategy,
        *,
        batch_size: int,
        trained: Sequence[keras.Variable] | None = None,
        loss: Callable | None = None,
        clip_norm: float = 0.0,
        accumulate: int = 1,
        xla: bool = False,
        loss_scaling: bool = False,
        checkpoint_gradients: bool = False,
    ):
        self.model, self.optimizer, self.strategy = model, optimizer, strategy
        self.batch_size = batch_size
        self.checkpoint_gradients = checkpoint_gradients
        self.progress = Progress()
        self.stop_requested = False
        with strategy.scope():
            optimizer.build(list(trained if trained is not None else model.trainable_variables))
            self.loss_scale = LossScale() if loss_scaling else None
            model.compile(optimizer)  # not used for training; Keras callbacks look for model.optimizer
        self.step_options = {
            "loss": loss or make_loss(),
            "clip_norm": clip_norm,
            "accumulate": accumulate,
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
        remake = self.checkpoint_gradients and len(logits.layers) > 3
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
        self._predict = tf.function(lambda x: keras.tree.flatten(logits(x, training=False))[0])

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

        batches: (positions, pixels, labels) or (positions, pixels, labels, weights), as
            `imgcls.data.pipeline.training_batches` gives them from this position on. labels: (B,) class indices or
            (B, classes) shares.
        validate: called after each epoch; returns metrics whose names begin with "val_".
        callbacks: a list that has begun already is not ended.
        on_missing: gets the position of each example that could not be read.

        Raises RuntimeError if the batches end early and FloatingPointError if the loss is no longer a number.
        """
        ours = not isinstance(callbacks, keras.callbacks.CallbackList)
        listeners = keras.callbacks.CallbackList(list(callbacks), model=self.model) if ours else callbacks
        if ours:
            listeners.on_train_begin()
        self.model.stop_training = False
        progress = self.progress
        stream = iter(self._distributed(batches))
        first = True
        while progress.step < steps_per_epoch * epochs and not (self.stop_requested or self.model.stop_training):
            epoch, step_of_epoch = divmod(progress.step, steps_per_epoch)
            if step_of_epoch == 0:
                progress.sums = {"loss": 0.0, "correct": 0.0, "examples": 0}
            if step_of_epoch == 0 or first:
                listeners.on_epoch_begin(epoch)
                first = False
            listeners.on_train_batch_begin(step_of_epoch)
            try:
                positions, *batch = next(stream)
            except StopIteration:
                raise RuntimeError(
                    "More than 5 % of the training images can no longer be read. Check the disk, then resume the run."
                ) from None
            self._count(positions, self.step(*batch), batch, on_missing)
            logs = self._training_metrics()
            listeners.on_train_batch_end(step_of_epoch, logs)
            if step_of_epoch + 1 == steps_per_epoch:
                with self.averaged_weights():
                    logs = {**logs, "learning_rate": self.learning_rate(), **validate()}
                listeners.on_epoch_end(epoch, logs)
        if ours:
            listeners.on_train_end()

    def _distributed(self, batches: tf.data.Dataset) -> tf.data.Dataset:
        if isinstance(self.strategy, tf.distribute.MultiWorkerMirroredStrategy):
            return self.strategy.distribute_datasets_from_function(lambda context: batches)  # the worker's own part
        return self.strategy.experimental_distribute_dataset(batches)

    def _count(self, positions, outcome: Outcome, batch: list, on_missing: Callable[[int], None]) -> None:
        loss = float(outcome.loss)
        if not bool(outcome.updated) and not self._only_overflowed(loss):
            what = "gradient became infinite" if np.isfinite(loss) else f"loss became {loss}"
            raise FloatingPointError(
                f"The {what} at step {self.progress.step + 1}; {self._origin(batch)} This step changed no weight. "
                "A lower --learning-rate helps most often, such as a tenth of this run's."
            )
        seen = np.concatenate([part.numpy() for part in self.strategy.experimental_local_results(positions)])
        expected = np.arange(self.progress.position, seen[-1] + 1)
        if len(expected) != len(seen):
            for missing in np.setdiff1d(expected, seen):
                on_missing(int(missing))
        self.progress.position = int(seen[-1]) + 1
        self.progress.step += 1
        sums = self.progress.sums
        if np.isfinite(loss):
            sums["loss"] += loss * self.batch_size
            sums["correct"] += float(outcome.correct)
            sums["examples"] += self.batch_size

    def _only_overflowed(self, loss: float) -> bool:
        """Whether float16 ran over, which the loss scale sees to."""
        return self.loss_scale is not None and float(tf.convert_to_tensor(self.loss_scale.scale)) >= 1.0

    def _origin(self, batch: list) -> str:
        """The layer where, going forward over this batch, the first number is not finite; a sentence."""
        for variable in self.model.weights:
            if not np.isfinite(as_array(variable)).all():
                return f"it began in the weights {variable.path!r}."
        pixels = self.strategy.experimental_local_results(batch[0])[0]
        if not bool(tf.reduce_all(tf.math.is_finite(pixels))):
            return "it began in the pixels."
        layers = [layer for layer in self._logits.layers if not isinstance(layer, keras.layers.InputLayer)]
        every = keras.Model(self._logits.inputs, [layer.output for layer in layers])
        for layer, output in zip(layers, every(pixels, training=True), strict=True):
            if not all(bool(tf.reduce_all(tf.math.is_finite(x))) for x in keras.tree.flatten(output)):
                return f"it began in the output of layer {layer.name!r}."
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
        pairs = zip(self.optimizer._trainable_variables, self.optimizer._model_variables_moving_average, strict=True)
        for variable, average in pairs:
            value = as_array(variable)
            variable.assign(as_array(average))
            average.assign(value)

    def predict(self, batches: tf.data.Dataset) -> tuple[np.ndarray, np.ndarray]:
        """Logits of evaluation batches: (indices of the images that could be read, logits)."""
        indices, logits = [], []
        for index, pixels in batches:
            indices.append(index.numpy())
            logits.append(self._predict(pixels).numpy())
        return np.concatenate(indices), np.concatenate(logits)

    def state(self) -> tuple[dict[str, np.ndarray], dict]:
        """Everything that the next step depends on: arrays (weights, optimiser, random state) and the progress."""
        arrays = {f"{i:05d}": as_array(v) for i, v in enumerate(self._variables())}
        return arrays, {**vars(self.progress)}

    def restore(self, arrays: dict[str, np.ndarray], state: dict) -> None:
        """Go back to what `state` returned. Raises ValueError if the arrays belong to another network."""
        expected = {f"{i:05d}": tuple(v.shape) for i, v in enumerate(self._variables())}
        found = {name: array.shape for name, array in arrays.items()}
        if expected != found:
            differing = sorted(set(expected.items()) ^ set(found.items()))[:3]
            raise ValueError(f"The checkpoint is of another network than this run's; they differ in {differing}.")
        for variable, array in zip(self._variables(), arrays.values(), strict=True):
            variable.assign(array)
        self.progress = Progress(**{name: state[name] for name in vars(Progress())})

    def _variables(self) -> list[keras.Variable]:
        """Weights, the random state of dropout (which Keras saves nowhere), and the optimiser's variables."""
        layers = self.model._flatten_layers()  # those inside of other layers too
        generators = [generator for layer in layers for generator in getattr(layer, "_seed_generators", [])]
        scale = self.loss_scale.variables if self.loss_scale else []
        return [*self.model.weights, *(g.state for g in generators), *self.optimizer.variables, *self._rate(), *scale]

    def _rate(self) -> list[keras.Variable]:
        """What the schedule of the learning rate has learned."""
        return [self.optimizer._learning_rate.factor] if hasattr(self.optimizer._learning_rate, "factor") else []


def as_array(variable: keras.Variable) -> np.ndarray:
    """The value of a variable under any strategy; Keras' own conversion makes NumPy warn there."""
    return tf.convert_to_tensor(variable.value).numpy()
