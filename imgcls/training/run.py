"""One run from a resolved config and a manifest to a trained model in the run folder."""

import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import keras
import tensorflow as tf

from imgcls.data.batches.order import example_at
from imgcls.data.manifest.table import Manifest
from imgcls.files import replacing
from imgcls.models import keras_file
from imgcls.models.auxiliary import without_auxiliary_heads
from imgcls.models.recursion import deep_networks
from imgcls.run_folder import BEST, RunFolder
from imgcls.training.callbacks import (
    Checkpointing,
    Doing,
    Interrupted,
    KeepBest,
    LowerOnPlateau,
    MLflowLog,
    Patience,
    RunLog,
)
from imgcls.training.checkpoints import (
    Checkpoint,
    check_same,
    load_checkpoint,
    load_latest,
    remove_half_written,
    save_checkpoint,
    step_name,
)
from imgcls.training.course import Course
from imgcls.training.devices.precision import as_float32
from imgcls.training.devices.self_check import check_against_one_device
from imgcls.training.devices.strategy import (
    check_batch_size,
    is_chief,
    make_strategy,
    place_among_workers,
    sync_batch_normalization,
)
from imgcls.training.devices.xla import settle_xla
from imgcls.training.learning_rate_finder import find_learning_rate
from imgcls.training.loop import Loop
from imgcls.training.losses import make_loss
from imgcls.training.optimizers import make_optimizer
from imgcls.training.stage_batches import Source
from imgcls.training.transfer.head import facts, kernel_and_bias, sentence
from imgcls.training.transfer.logistic_regression import fit_head
from imgcls.training.transfer.plan import Stage

FIXED = "fixed"  # name of the checkpoint with the weights that no stage changes; written once


@deep_networks()
def train_network(
    run: RunFolder,
    manifest: Manifest,
    *,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    on_step: Callable[[dict], None] = lambda facts: None,
    on_epoch: Callable[[dict], None] = lambda row: None,
    warn: Callable[[str], None] = print,
    say: Callable[[str], None] = lambda line: None,
) -> bool:
    """Train the run's network on the manifest's training split and leave `model.keras` in the run folder.

    A run that has a checkpoint goes on from it, at the very step, and ends with the weights of an unbroken run. The
    model that is kept is that of the epoch with the best validation accuracy. The test split is not read. A new head on
    given weights is fitted to its optimum first, which counts as epoch 0; see `imgcls.training.transfer.head`.

    callbacks: Keras callbacks besides those of the run folder.
    on_step, on_epoch: get what status.json and metrics.jsonl say, each step and each epoch.
    warn: gets one sentence for each thing that went wrong without ending the run. say: one for each that is settled.

    Returns whether the run came to its end; False if it was interrupted, with a checkpoint written.
    """
    config = run.config
    keras.utils.set_random_seed(config.training.seed)
    tf.config.experimental.enable_op_determinism()
    strategy = make_strategy(config.training.strategy)
    devices = strategy.num_replicas_in_sync
    check_batch_size(config.training.batch_size, strategy)
    images = len(manifest.split("train")) // devices * devices
    batch_size = min(config.training.batch_size, images)

    def write(work: Callable[[], None]) -> None:
        if is_chief(strategy):
            _or_warn(work, run, warn)

    doing = Doing(run, write, on_step)
    saved = load_latest(run.checkpoints, warn)
    with strategy.scope():
        measured = saved.state if saved else None
        course = Course(
            config,
            manifest,
            batch_size=batch_size,
            devices=devices,
            part=place_among_workers(strategy),
            measured=measured,
            say=say,
            on_progress=doing,
        )
        if devices > 1 and config.training.sync_batch_normalization:
            sync_batch_normalization(course.model)
        optimizer = make_optimizer(config.training, course.schedule)
        training = config.training
        loop = Loop(
            course.model,
            optimizer,
            strategy,
            batch_size=batch_size,
            trained=course.trained,
            fixed=course.fixed,
            loss=make_loss(training.loss, training.label_smoothing, training.focal_gamma),
            logit_offsets=course.balance.logit_offsets,
            global_clipnorm=training.global_clipnorm,
            gradient_accumulation_steps=training.gradient_accumulation_steps
            if batch_size // devices % training.gradient_accumulation_steps == 0
            else 1,
            xla=training.xla == "on",
            loss_scaling=training.precision == "float16",
            gradient_checkpointing=training.gradient_checkpointing,
        )
    loop.on_parts = lambda parts: say(f"The memory asks for {parts} parts of each batch, one after the other.")
    if is_chief(strategy):
        remove_half_written(run.checkpoints)
    identity = {"network": course.model.name, "class_names": list(course.names)}
    if saved:
        check_same(saved.state, identity)
        _restore(loop, saved, run)
    done = loop.progress.step // course.steps_per_epoch if saved and not course.awaits_head(loop.progress.step) else -1
    if is_chief(strategy) and run.metrics():
        run.keep_metrics_up_to(done)

    def save_progress() -> None:
        arrays, state = loop.state()
        state |= course.measured | identity
        write(lambda: save_checkpoint(run.checkpoints, step_name(loop.progress.step), arrays, state))

    if not saved and loop.fixed_weights():
        write(lambda: save_checkpoint(run.checkpoints, FIXED, loop.fixed_weights(), {}))
    patience = Patience(loop, training.early_stopping_patience)
    patience.first_epoch = max(course.stages[-1].first_epoch, course.patient_from)
    listeners = keras.callbacks.CallbackList(
        [
            KeepBest(loop, run, write, run.best_metric, writes=is_chief(strategy)),
            *([LowerOnPlateau(loop)] if training.schedule == "plateau" else []),
            RunLog(
                run,
                epochs=training.epochs,
                steps_per_epoch=course.steps_per_epoch,
                images_per_step=batch_size,
                write=write,
                on_step=on_step,
                on_epoch=on_epoch,
            ),
            Checkpointing(save_progress, training.checkpoint_minutes, course.steps_per_epoch),
            *([keras.callbacks.TensorBoard(str(run.tensorboard), write_graph=False)] if is_chief(strategy) else []),
            *([MLflowLog(run, loop.progress.step)] if training.mlflow and is_chief(strategy) else []),
            *callbacks,
            patience,
        ],
        model=course.model,
    )
    with _interruptible(loop), _last_good_offered(loop, run):
        finished = _train(course, loop, listeners, patience, _name_once(course, run, warn), run, say, doing)
    if not finished:
        save_progress()
        return False
    if course.steps and loop.progress.best.get("epoch") == 0:
        say("No epoch did better on validation than the head alone, which is kept.")
    if is_chief(strategy):
        _save_best(loop, run)
    return True


def _train(
    course: Course,
    loop: Loop,
    listeners: keras.callbacks.CallbackList,
    patience: Patience,
    on_missing: Callable[[int], None],
    run: RunFolder,
    say: Callable[[str], None],
    doing: Doing,
) -> bool:
    """Run the stages from where the loop stands; returns whether the run came to its end."""
    listeners.on_train_begin()
    if course.awaits_head(loop.progress.step) and not _fit_head(course, loop, listeners, say, doing):
        listeners.on_train_end()
        return False
    while (stage := course.stage_at(loop.progress.step)) and not loop.stop_requested:
        last = stage is course.stages[-1]
        if last and patience.is_over(loop.progress.step // course.steps_per_epoch):
            break
        source = course.enter(stage, loop)
        begins = loop.progress.step == stage.first_epoch * course.steps_per_epoch
        if begins and not stage.on_features:
            settle_xla(course.config.training.xla, loop, source, say)
        if loop.progress.step == 0 and course.config.training.find_learning_rate:
            _use_found_rate(course, stage, loop, source, run, say)
        if loop.strategy.num_replicas_in_sync > 1:
            _, *batch = next(iter(loop.distributed(source.training(loop.progress.position, 1))))
            difference = check_against_one_device(loop, batch)
            say(f"{loop.strategy.num_replicas_in_sync} devices compute what one does, to {difference:.1g}.")
        left = stage.last_epoch * course.steps_per_epoch - loop.progress.step
        loop.train(
            source.training(loop.progress.position, left),
            course.steps_per_epoch,
            stage.last_epoch,
            validate=lambda source=source: source.judge(loop),
            callbacks=listeners,
            on_missing=on_missing,
        )
        if loop.model.stop_training and (last or course.config.training.early_stopping_patience == 0):
            break
    listeners.on_train_end()
    return not loop.stop_requested or loop.progress.step >= course.steps


def _fit_head(
    course: Course,
    loop: Loop,
    listeners: keras.callbacks.CallbackList,
    say: Callable[[str], None],
    doing: Doing,
) -> bool:
    """Give the network the head that is best for its features, as epoch 0; False if the run was interrupted before."""
    listeners.on_epoch_begin(-1)
    doing.is_over = lambda: loop.stops_alone
    try:
        views, validation = course.features()
        head = fit_head(course.examples(views), lambda what: doing(f"Fitting the head {what}", 0, 1))
    except Interrupted:
        return False
    layer = course.model.get_layer("logits")
    for variable, value in zip((layer.kernel, layer.bias), kernel_and_bias(course.model, head), strict=True):
        variable.assign(loop.as_first_worker_has(value))
    course.measured["head"] = facts(head)
    say(sentence(head, len(views)))
    if course.config.training.find_learning_rate and not course.steps:
        say("--find-learning-rate has nothing to measure, because nothing else is trained.")
    logs = {"loss": head.loss, "accuracy": head.accuracy, "penalty": head.penalty}
    listeners.on_epoch_end(-1, {**logs, **course.judge_features(validation, loop)})
    return True


def _use_found_rate(
    course: Course, stage: Stage, loop: Loop, source: Source, run: RunFolder, say: Callable[[str], None]
) -> None:
    """Measure the learning rate, keep its image, and write it into the run's config in place of the measuring."""
    trial = find_learning_rate(loop, source)
    trial.save_image(run.learning_rate_image)
    say(f"--learning-rate {trial.suggestion:g}: found on the first images; {run.learning_rate_image} shows why.")
    training = replace(course.config.training, learning_rate=trial.suggestion, find_learning_rate=False)
    course.config = replace(course.config, training=training)
    run.save_config(course.config)
    course.set_rate(stage, trial.suggestion)
    loop.prepare_step()


@contextmanager
def _last_good_offered(loop: Loop, run: RunFolder) -> Iterator[None]:
    """Where the loss is no number, say how the run can go on from before that."""
    try:
        yield
    except FloatingPointError as error:
        whole = load_latest(run.checkpoints)
        where = f"from its last good checkpoint, of step {whole.state['step']}" if whole else "from its beginning"
        rate = f"{run.config.training.learning_rate / 10:g}"
        raise FloatingPointError(
            f"{error} Go on {where}: python -m imgcls.train --resume {run.path} --learning-rate {rate}"
        ) from error


def _restore(loop: Loop, saved: Checkpoint, run: RunFolder) -> None:
    if (run.checkpoints / FIXED).is_dir():
        loop.set_weights(load_checkpoint(run.checkpoints / FIXED).arrays)
    loop.restore(saved.arrays, saved.state)


def _save_best(loop: Loop, run: RunFolder) -> None:
    loop.set_weights(load_checkpoint(run.checkpoints / BEST).arrays)
    model = without_auxiliary_heads(loop.model)
    as_float32(model)
    sync_batch_normalization(model, False)
    try:
        with replacing(run.model_file, durable=True) as partial:
            keras_file.save(model, partial)
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


def _name_once(course: Course, run: RunFolder, warn: Callable[[str], None]) -> Callable[[int], None]:
    """A function that names the file at a position of the run, the first time that it is missing, and notes it."""
    named, paths = set(run.lost()), course.manifest.paths(course.training)

    def name(position: int) -> None:
        path = str(paths[example_at(course.order, position)])
        if path not in named:
            named.add(path)
            warn(f"{path} can no longer be read and is left out.")
            run.note_lost(path)

    return name


@contextmanager
def _interruptible(loop: Loop) -> Iterator[None]:
    """Ctrl-C, SIGTERM and a terminal that is closed end the run after the step at hand; a second Ctrl-C ends it at
    once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    if before[signal.SIGHUP] == signal.SIG_IGN:  # under nohup, a run outlives its terminal
        del before[signal.SIGHUP]

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
