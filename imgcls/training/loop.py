"""The training loop, one for every strategy: Keras models, optimisers and callbacks on tf.distribute.

Keras 3's own `fit` refuses or is wrong with several replicas in too many cases; this loop has no cases. A step is one
global batch; the gradient is that of the mean loss over the global batch, whatever the number of replicas.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import keras
import numpy as np
import tensorflow as tf

from imgcls.models.auxiliary import auxiliary_logits_model
from imgcls.models.classifier import logits_model

UNREADABLE_SHARE = 0.05  # of the images of an epoch, or of all read so far; beyond it the run ends


@dataclass
class Progress:
    """Where a run stands. position: of the next example; missing: examples that could not be read; best: the epoch
    kept, with its metrics.
    """

    step: int = 0
    position: int = 0
    missing: int = 0
    best: dict = field(default_factory=dict)
    sums: dict = field(default_factory=lambda: {"loss": 0.0, "correct": 0.0, "examples": 0})  # of the current epoch


class Loop:
    """Trains a classifier step by step.

    model: from pixels to probabilities; built, as the optimizer is, under the scope of `strategy`.
    label_smoothing: share of the label that is spread over all classes.
    logit_offsets: (classes,) that are added to the scores while training.
    """

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        strategy: tf.distribute.Strategy,
        *,
        batch_size: int,
        label_smoothing: float = 0.0,
        logit_offsets: np.ndarray | None = None,
    ):
        self.model = model
        self.optimizer = optimizer
        self.strategy = strategy
        self.batch_size = batch_size
        self.progress = Progress()
        self.stop_requested = False
        self._logit_offsets = np.float32(0.0 if logit_offsets is None else logit_offsets)
        self._logits = logits_model(model)
        self._every_logits, self._loss_weights = auxiliary_logits_model(model)
        self._loss = keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=label_smoothing, reduction=None
        )
        with strategy.scope():
            optimizer.build(model.trainable_variables)
            model.compile(optimizer)  # not used for training; Keras callbacks look for model.optimizer
        self._step = tf.function(self._distributed_step)
        self._predict = tf.function(lambda pixels: self._logits(pixels, training=False))

    def _replica_step(self, pixels: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """One replica's share of a batch: its part of the mean loss, and how many of its images were right.

        weights: (B,), 1 in the mean; an image with weight 0 could not be read and is black.
        """
        variables = self.model.trainable_variables
        with tf.GradientTape() as tape:
            every = keras.tree.flatten(self._every_logits(pixels, training=True))
            each = [self._loss(targets, x + self._logit_offsets) for x in every]
            losses = [share * tf.reduce_sum(weights * x) for x, share in zip(each, self._loss_weights, strict=True)]
            loss = tf.add_n(losses) / self.batch_size
            if self._every_logits.losses:
                loss += tf.add_n(self._every_logits.losses) / self.strategy.num_replicas_in_sync
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        self.optimizer.apply(gradients, variables)  # Keras sums over the replicas here
        right = (tf.argmax(every[0], -1) == tf.argmax(targets, -1)) & (weights > 0)
        return loss, tf.reduce_sum(tf.cast(right, tf.float32))

    def _distributed_step(self, pixels, targets, weights):
        loss, correct = self.strategy.run(self._replica_step, args=(pixels, targets, weights))
        reduce = tf.distribute.ReduceOp.SUM
        return self.strategy.reduce(reduce, loss, axis=None), self.strategy.reduce(reduce, correct, axis=None)

    def train(
        self,
        batches: tf.data.Dataset,
        steps_per_epoch: int,
        epochs: int,
        *,
        validate: Callable[[], dict],
        callbacks: Sequence[keras.callbacks.Callback] = (),
        on_missing: Callable[[int], None] = lambda position: None,
    ) -> None:
        """Run until the last epoch, from where `self.progress` stands, or until `stop_requested`.

        batches: what `imgcls.data.pipeline.training_batches` gives from this position on.
        validate: called after each epoch; returns metrics whose names begin with "val_".
        on_missing: gets the position of each example that could not be read.

        Raises RuntimeError if more than one image in twenty cannot be read, and FloatingPointError if the loss is no
        longer a number.
        """
        listeners = keras.callbacks.CallbackList(list(callbacks), model=self.model)
        listeners.on_train_begin()
        progress = self.progress
        stream = iter(self.strategy.experimental_distribute_dataset(batches))
        first = True
        while progress.step < steps_per_epoch * epochs and not self.stop_requested:
            epoch, step_of_epoch = divmod(progress.step, steps_per_epoch)
            if step_of_epoch == 0:
                progress.sums = {"loss": 0.0, "correct": 0.0, "examples": 0}
            if step_of_epoch == 0 or first:
                listeners.on_epoch_begin(epoch)
                first = False
            listeners.on_train_batch_begin(step_of_epoch)
            positions, pixels, targets, weights = next(stream)
            loss, correct = self._step(pixels, targets, weights)
            self._count(positions, weights, float(loss), float(correct), on_missing)
            self._check_missing(steps_per_epoch)
            logs = self._training_metrics()
            listeners.on_train_batch_end(step_of_epoch, logs)
            if step_of_epoch + 1 == steps_per_epoch:
                logs = {**logs, "learning_rate": self.learning_rate(), **validate()}
                listeners.on_epoch_end(epoch, logs)
        listeners.on_train_end()

    def _count(self, positions, weights, loss: float, correct: float, on_missing: Callable[[int], None]) -> None:
        if not np.isfinite(loss):
            raise FloatingPointError(
                f"The loss became {loss} at step {self.progress.step + 1}. Start again with a lower --learning-rate, "
                "such as a tenth of this run's."
            )
        positions, weights = self._whole(positions), self._whole(weights)
        missing = positions[weights == 0]
        for position in missing:
            on_missing(int(position))
        self.progress.position = int(positions[-1]) + 1
        self.progress.missing += len(missing)
        self.progress.step += 1
        readable = len(positions) - len(missing)
        self.progress.sums["loss"] += loss * readable
        self.progress.sums["correct"] += correct
        self.progress.sums["examples"] += readable

    def _whole(self, values) -> np.ndarray:
        """A batch's values from all replicas of this process."""
        return np.concatenate([part.numpy() for part in self.strategy.experimental_local_results(values)])

    def _check_missing(self, steps_per_epoch: int) -> None:
        read = max(self.progress.step, steps_per_epoch) * self.batch_size
        if self.progress.missing > UNREADABLE_SHARE * read:
            raise RuntimeError(
                f"{self.progress.missing} of {read} images could not be read, which is more than 5 %. "
                "Check the disk, then resume the run."
            )

    def _training_metrics(self) -> dict[str, float]:
        sums = self.progress.sums
        examples = max(sums["examples"], 1)
        return {"loss": sums["loss"] / examples, "accuracy": sums["correct"] / examples}

    def learning_rate(self) -> float:
        return float(tf.convert_to_tensor(self.optimizer.learning_rate))

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
        return [*self.model.weights, *(g.state for g in generators), *self.optimizer.variables]


def as_array(variable: keras.Variable) -> np.ndarray:
    """The value of a variable under any strategy; Keras' own conversion makes NumPy warn there."""
    return tf.convert_to_tensor(variable.value).numpy()
