"""One run from a resolved config and a manifest to a trained model in the run folder."""

import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import keras
import numpy as np
import tensorflow as tf

from imgcls.config import TrainConfig
from imgcls.data.augmentation import Augmentation, settings
from imgcls.data.balance import Balance
from imgcls.data.manifest import Manifest
from imgcls.data.order import example_at
from imgcls.data.pipeline import evaluation_batches, training_batches
from imgcls.data.preprocessing import Preprocessing
from imgcls.data.reading import read_images
from imgcls.files import replacing
from imgcls.models import build_model, find_architecture
from imgcls.models.auxiliary import without_auxiliary_heads
from imgcls.models.classifier import freeze_body, preprocessing
from imgcls.training.callbacks import Checkpointing, RunLog
from imgcls.training.checkpoints import load_checkpoint, load_latest, save_checkpoint, step_name
from imgcls.training.loop import Loop, as_array
from imgcls.training.optimizers import make_optimizer
from imgcls.training.run_folder import RunFolder
from imgcls.training.strategy import check_batch_size, make_strategy

STATISTICS_IMAGES = 1000  # that mean and deviation of the pixels are measured on
CACHE_BYTES = 1 << 30  # validation pixels up to this size stay in memory
BEST = "best"
RARE_CLASSES = "rare"  # the preset that they get where they are repeated


def train_run(
    run: RunFolder,
    manifest: Manifest,
    *,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    on_step: Callable[[dict], None] = lambda facts: None,
    on_epoch: Callable[[dict], None] = lambda row: None,
    warn: Callable[[str], None] = print,
) -> bool:
    """Train the run's network on the manifest's training split and leave `model.keras` in the run folder.

    A run that has a checkpoint goes on from it, at the very step, and ends with the weights of an unbroken run. The
    model that is kept is that of the epoch with the best validation accuracy. The test split is not read.

    callbacks: Keras callbacks besides those of the run folder.
    on_step, on_epoch: get what status.json and metrics.jsonl say, each step and each epoch.
    warn: gets one sentence for each thing that went wrong without ending the run.

    Returns whether the run came to its end; False if it was interrupted, with a checkpoint written.
    """
    config = run.config
    keras.utils.set_random_seed(config.training.seed)
    tf.config.experimental.enable_op_determinism()
    strategy = make_strategy(config.training.strategy)
    check_batch_size(config.training.batch_size, strategy)

    training, validation = manifest.split("train"), manifest.split("validation")
    names = manifest.class_names
    labels = np.array([names.index(label) for label in training["label"]])
    balance = Balance.from_config(config.balance, np.bincount(labels, minlength=len(names)))
    order = balance.order(labels, config.training.seed)
    paths, boxes = manifest.paths(training), manifest.boxes(training)
    batch_size = min(config.training.batch_size, len(paths) // strategy.num_replicas_in_sync
                     * strategy.num_replicas_in_sync)  # fmt: skip
    steps_per_epoch = len(paths) // batch_size

    saved = load_latest(run.checkpoints)
    statistics = saved.state["statistics"] if saved else _pixel_statistics(paths, boxes, _preprocessing(config))
    with strategy.scope():
        model = _build(config, names, statistics)
        optimizer = make_optimizer(config.training, steps_per_epoch)
    loop = Loop(
        model,
        optimizer,
        strategy,
        batch_size=batch_size,
        label_smoothing=config.training.label_smoothing,
        logit_offsets=balance.logit_offsets,
    )
    if saved:
        loop.restore(saved.arrays, saved.state)
        run.keep_metrics_up_to(loop.progress.step // steps_per_epoch)
    pixels = Preprocessing(**preprocessing(model))

    def write(work: Callable[[], None]) -> None:
        _or_warn(work, run, warn)

    def save_progress() -> None:
        arrays, state = loop.state()
        state["statistics"] = statistics
        write(lambda: save_checkpoint(run.checkpoints, step_name(loop.progress.step), arrays, state))

    validate = _Validation(loop, manifest, validation, names, pixels, batch_size)
    with _interruptible(loop):
        loop.train(
            training_batches(
                paths,
                labels,
                pixels,
                num_classes=len(names),
                boxes=boxes,
                batch_size=batch_size,
                steps=steps_per_epoch * config.training.epochs - loop.progress.step,
                seed=config.training.seed,
                order=order,
                augmentation=_augmentation(config, statistics),
                strong_classes=balance.strong_classes,
                class_weights=balance.class_weights,
                position=loop.progress.position,
            ),
            steps_per_epoch,
            config.training.epochs,
            validate=validate,
            on_missing=_name_once(paths, order, run, warn),
            callbacks=[
                _KeepBest(loop, run, write, f"val_{config.balance.best_epoch}"),
                RunLog(
                    run,
                    epochs=config.training.epochs,
                    steps_per_epoch=steps_per_epoch,
                    images_per_step=batch_size,
                    write=write,
                    on_step=on_step,
                    on_epoch=on_epoch,
                ),
                Checkpointing(save_progress, config.training.checkpoint_minutes),
                keras.callbacks.TensorBoard(str(run.tensorboard), write_graph=False),
                *callbacks,
            ],
        )
    if loop.stop_requested and loop.progress.step < steps_per_epoch * config.training.epochs:
        save_progress()
        return False
    _save_best(model, run)
    return True


def _preprocessing(config: TrainConfig) -> Preprocessing:
    size = config.input.image_size
    return Preprocessing(size, size, 1 if config.input.color == "grey" else 3, resize=config.input.resize)


def _augmentation(config: TrainConfig, statistics: dict) -> Augmentation:
    """What the config says, and behind it what the rare classes of `--balance augment` get."""
    presets = (config.input.augmentation, RARE_CLASSES)
    rows = [settings(preset, config.augmentation) for preset in presets]
    used = rows if config.balance.balance == "augment" else rows[:1]
    return Augmentation(*used, color_covariance=np.array(statistics["covariance"]))


def _build(config: TrainConfig, names: list[str], statistics: dict) -> keras.Model:
    network, prepared = config.network, _preprocessing(config)
    shape = (prepared.height, prepared.width, prepared.channels)
    model = build_model(
        network.model,
        shape,
        names,
        weights=network.weights,
        init_from=network.init_from,
        data_format=network.data_format,
        activation=network.activation,
        normalization=network.normalization,
        pooling=network.pooling,
        initializer=network.initializer,
        regularizer=network.regularizer,
        regularizer_strength=network.regularizer_strength,
        dropout=network.dropout,
        stochastic_depth=network.stochastic_depth,
        auxiliary_heads=network.auxiliary_heads and find_architecture(network.model).auxiliary_head is not None,
        preprocessing=prepared.to_dict(),
        mean=statistics["mean"],
        std=statistics["std"],
    )
    if network.plan == "head":
        freeze_body(model)
    return model


def _pixel_statistics(paths: list, boxes: np.ndarray | None, prepared: Preprocessing) -> dict[str, list]:
    """Mean, deviation and covariance of the channels over up to 1,000 training images, evenly drawn."""
    drawn = np.unique(np.linspace(0, len(paths) - 1, STATISTICS_IMAGES).astype(int))
    sums, products, count = np.zeros(prepared.channels), np.zeros((prepared.channels, prepared.channels)), 0
    for outcome in read_images([paths[i] for i in drawn], prepared, None if boxes is None else boxes[drawn]):
        if outcome.result is not None:
            flat = outcome.result.reshape(-1, prepared.channels).astype(np.float64)
            sums, products, count = sums + flat.sum(0), products + flat.T @ flat, count + len(flat)
    mean = sums / count
    covariance = products / count - np.outer(mean, mean)
    std = np.sqrt(np.maximum(np.diag(covariance), 1.0))  # at least one grey level, for images of one colour
    return {"mean": mean.tolist(), "std": std.tolist(), "covariance": covariance.tolist()}


class _Validation:
    """Loss and accuracy on the validation split; the pixels stay in memory if they are few."""

    def __init__(self, loop: Loop, manifest: Manifest, rows, names: list[str], pixels: Preprocessing, batch_size: int):
        self.loop = loop
        self.labels = np.array([names.index(label) for label in rows["label"]])
        size = len(rows) * pixels.height * pixels.width * pixels.channels * 4
        self.batches = evaluation_batches(
            manifest.paths(rows),
            pixels,
            boxes=manifest.boxes(rows),
            batch_size=batch_size,
            cache=size <= CACHE_BYTES,
        )

    def __call__(self) -> dict[str, float]:
        indices, logits = self.loop.predict(self.batches)
        labels = self.labels[indices]
        logits = logits.astype(np.float64)
        logits -= logits.max(axis=1, keepdims=True)
        log_probabilities = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        right = logits.argmax(axis=1) == labels
        return {
            "val_loss": float(-log_probabilities[np.arange(len(labels)), labels].mean()),
            "val_accuracy": float(right.mean()),
            "val_balanced_accuracy": float(np.mean([right[labels == label].mean() for label in np.unique(labels)])),
        }


class _KeepBest(keras.callbacks.Callback):
    """Keeps the weights of the epoch with the best value of a metric; the lower loss decides between equals."""

    def __init__(self, loop: Loop, run: RunFolder, write: Callable[[Callable[[], None]], None], metric: str):
        super().__init__()
        self.loop, self.run, self.write, self.metric = loop, run, write, metric

    def on_epoch_end(self, epoch, logs=None):
        best = self.loop.progress.best
        rank = (logs[self.metric], -logs["val_loss"])
        if not best or rank > (best[self.metric], -best["val_loss"]):
            self.write(lambda: self._keep({"epoch": epoch + 1, self.metric: rank[0], "val_loss": -rank[1]}))

    def _keep(self, best: dict) -> None:
        arrays = {f"{i:05d}": as_array(weight) for i, weight in enumerate(self.model.weights)}
        save_checkpoint(self.run.checkpoints, BEST, arrays, best)
        self.loop.progress.best = best  # only once it is on the disk


def _save_best(model: keras.Model, run: RunFolder) -> None:
    best = load_checkpoint(run.checkpoints / BEST)
    model.set_weights(list(best.arrays.values()))
    try:
        with replacing(run.model_file) as partial:
            without_auxiliary_heads(model).save(partial, include_optimizer=False)
    except OSError as error:
        raise OSError(
            f"The model could not be written to {run.model_file}: {_why(error)}. Its checkpoint is whole; make room, "
            f"then: python -m imgcls.train --resume {run.path}"
        ) from error


def _or_warn(write: Callable[[], None], run: RunFolder, warn: Callable[[str], None]) -> None:
    try:
        write()
    except OSError as error:
        free = shutil.disk_usage(run.path).free
        warn(
            f"{run.path} could not be written to: {_why(error)} ({free / 1e6:.0f} MB are free). The run goes on and "
            "keeps its last whole checkpoint; make room before it ends."
        )


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _name_once(paths: list, order, run: RunFolder, warn: Callable[[str], None]) -> Callable[[int], None]:
    """A function that names the file at a position of the run, the first time that it is missing, and notes it."""
    named = set(run.lost())

    def name(position: int) -> None:
        path = str(paths[example_at(order, position)])
        if path not in named:
            named.add(path)
            warn(f"{path} can no longer be read and is left out.")
            run.note_lost(path)

    return name


@contextmanager
def _interruptible(loop: Loop) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the run after the step at hand; a second Ctrl-C ends it at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(number, frame):
        loop.stop_requested = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
