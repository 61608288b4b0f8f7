"""One run from a resolved config and a manifest to a trained model in the run folder."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.manifest.table import Manifest
from imgcls.files import write_json
from imgcls.framework_internals import place_among_workers
from imgcls.models.classifier import preprocessing
from imgcls.models.recursion import deep_networks
from imgcls.run_folder import RunFolder
from imgcls.training.callbacks import Checkpointing, EarlyStopping, KeepBest, ReduceOnPlateau, RunLog
from imgcls.training.checkpoints import Checkpoint, load_latest
from imgcls.training.class_priors import begin_with_shares
from imgcls.training.continuation import moved_end
from imgcls.training.devices.agreement import check_agreement, check_same_checkpoint
from imgcls.training.devices.determinism import check_step, choose_determinism
from imgcls.training.devices.self_check import check_against_one_device
from imgcls.training.devices.strategy import (
    check_batch_size_of_run,
    is_chief,
    make_strategy,
    sync_batch_normalization,
)
from imgcls.training.devices.workers import Workers
from imgcls.training.devices.xla import XlaTrial, settle_xla
from imgcls.training.learning_rate_finder import find_learning_rate
from imgcls.training.lost_images import LostImages
from imgcls.training.measurements import Measurements
from imgcls.training.mlflow_log import MLflowLog
from imgcls.training.network import build_network, run_preprocessing, run_statistics
from imgcls.training.optimizers import make_optimizer
from imgcls.training.run_checkpoints import RunCheckpoints
from imgcls.training.run_output import Interrupted, RunOutput
from imgcls.training.stage_batches import StageBatches, in_batches, validate
from imgcls.training.stage_plan import StagePlan
from imgcls.training.step_options import step_options
from imgcls.training.stop_signals import stopped_by_signals
from imgcls.training.trainer import Trainer
from imgcls.training.training_data import TrainingData
from imgcls.training.transfer.frozen_features import FrozenFeatures
from imgcls.training.transfer.head import facts, why_not_fitted
from imgcls.training.transfer.head_fitting import fit_run_head
from imgcls.training.transfer.head_layers import head_part, with_adaptation, with_all_depths
from imgcls.training.transfer.stages import Stage
from imgcls.training.waiting import advice
from imgcls.training.watched_images import choose_images
from imgcls.training.watching import Watcher
from imgcls.training.whitening import learn_whitening

SMALL_BATCH = 32  # images a device; below, batch normalization keeps the statistics of the given weights
log = logging.getLogger(__name__)


@deep_networks()
def train_network(
    run: RunFolder,
    manifest: Manifest,
    *,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    on_step: Callable[[dict[str, Any]], None] = lambda facts: None,
    on_epoch: Callable[[dict[str, Any]], None] = lambda row: None,
) -> bool:
    """Train the run's network on the manifest's training split, and leave `model.keras` in the run folder.

    A run that has a checkpoint goes on from it, at the very step, and ends with the weights of an unbroken run. The
    model of the epoch with the best value of `run.best_metric` on the validation split is kept. The test split is not
    read. A new head on given weights is fitted to its optimum first, which counts as epoch 0; see
    `imgcls.training.transfer.head`.

    Args:
        run: a folder whose config has no "auto" left.
        manifest: the images, each with a split.
        callbacks: Keras callbacks besides those of the run.
        on_step: receives what status.json says, each step.
        on_epoch: receives what metrics.jsonl says, each epoch.

    Returns:
        Whether the run came to its end; False if a signal interrupted it, with a checkpoint written.

    Raises:
        ValueError: the batch cannot be shared by the devices, or the checkpoint is of another network.
        FloatingPointError: the loss is not finite any more.
        RuntimeError: more than one image in twenty cannot be read.
    """
    config = run.config
    keras.utils.set_random_seed(config.training.seed)
    if choose_determinism(config.training.deterministic)[0]:
        tf.config.experimental.enable_op_determinism()
    strategy = make_strategy(config.training.strategy)
    workers = Workers(strategy)
    check_agreement(run, workers)
    output = RunOutput(run, is_chief(strategy), on_step, on_epoch)
    saved = load_latest(run.checkpoints, log_damage=True)
    check_same_checkpoint(saved, workers)
    with strategy.scope():
        training = TrainingRun(run, manifest, strategy, output, saved)
    training.restore(saved)
    try:
        finished = training.train(callbacks)
        if not finished:
            training.checkpoints.save()
    finally:
        output.settle()
    if finished:
        training.checkpoints.save_model()
    return finished


class TrainingRun:
    """One start of a run, from what its folder says.

    Built under the scope of the strategy.

    Args:
        run: the folder.
        manifest: the images.
        strategy: the devices.
        output: where the run reports what it does.
        saved: the checkpoint that the run goes on from, if there is one.
    """

    def __init__(
        self,
        run: RunFolder,
        manifest: Manifest,
        strategy: tf.distribute.Strategy,
        output: RunOutput,
        saved: Checkpoint | None,
    ) -> None:
        self.run, self.config, self.strategy, self.output = run, run.config, strategy, output
        self.devices = strategy.num_replicas_in_sync
        self.measured = Measurements.from_state(saved.state) if saved else Measurements()
        batch_size = min(self.config.training.batch_size, len(manifest.split("train")))
        parts = saved.state["step_options"]["gradient_accumulation_steps"] if saved else 1
        check_batch_size_of_run(batch_size, parts, self.devices)
        self.data = TrainingData(self.config, manifest, batch_size, place_among_workers(strategy))
        self._build_model(is_new=saved is None)
        self._plan_stages(saved)
        self._build_trainer()
        self.early_stopping = EarlyStopping(
            self.trainer,
            self.config.training.early_stopping_patience,
            max(self.plan.stages[-1].first_epoch, self.measured.patience_from),
        )

    def _build_model(self, is_new: bool) -> None:
        config, measured = self.config, self.measured
        measured.statistics = measured.statistics or run_statistics(config, self.data.manifest)
        self.model = build_network(config, self.data.class_names, measured.statistics)
        if config.input.whitening != "none" and is_new:  # a run that goes on has it among its weights
            learn_whitening(self.model, self.data.manifest, run_preprocessing(config))
        self.features = FrozenFeatures(config, self.model, measured.statistics, self.data, self.output.progress)
        if config.network.plan == "features":
            measured.depths = measured.depths or self.features.depth_statistics()
            self.model = with_all_depths(self.model, **{name: np.array(x) for name, x in measured.depths.items()})
        if config.patches.adaptation_units:
            self.model = with_adaptation(self.model, config.patches.adaptation_units, config.network.dropout or 0.0)
        if config.is_multi_label and is_new:
            begin_with_shares(self.model, self.data.labels)

    def _plan_stages(self, saved: Checkpoint | None) -> None:
        small = self.data.batch_size // self.devices < SMALL_BATCH
        self.plan = StagePlan(
            self.config,
            self.model,
            self.data.steps_per_epoch,
            keep_statistics=self.config.network.plan != "scratch" and small,
            planned=self.measured.stages,
        )
        before, self.measured.stages = self.measured.stages, self.plan.stages
        if saved and moved_end(before, self.plan.stages):
            self._note_moved_end(before[-1], saved.state["step"])

    def _note_moved_end(self, before: Stage, step: int) -> None:
        """Log where the run's end was moved since its last checkpoint, and let early stopping count from there."""
        now, done = self.plan.stages[-1], step // self.data.steps_per_epoch
        self.measured.patience_from = done
        self.plan.begin_schedule(now, self.config.training.learning_rate)
        log.info(
            "The run goes on after epoch %d, from its last checkpoint, and ends with epoch %d in place of %d. The "
            "learning rate follows the schedule of a run of this length, and is %.2g now.",
            done,
            now.last_epoch,
            before.last_epoch,
            float(self.plan.schedule(step)),
        )

    def _build_trainer(self) -> None:
        training = self.config.training
        if self.devices > 1 and training.sync_batch_normalization:
            sync_batch_normalization(self.model)
        self.trainer = Trainer(
            self.model,
            make_optimizer(training, self.plan.schedule),
            self.strategy,
            batch_size=self.data.batch_size,
            options=step_options(
                self.config,
                self.data.batch_size,
                self.devices,
                self.data.balance.logit_offsets,
                self.data.positive_weights,
            ),
            groups=self.plan.groups,
        )
        self.checkpoints = RunCheckpoints(self.output, self.trainer, self.measured, self.data.class_names)
        epochs, steps, images = training.epochs, self.data.steps_per_epoch, self.data.batch_size
        self.run_log = RunLog(self.output, epochs, steps, images, self.trainer.waiting)

    def restore(self, saved: Checkpoint | None) -> None:
        """Go on from a checkpoint, and forget the epochs after it, which are trained again."""
        self.checkpoints.restore(saved)
        if self.output.writes and self.run.metrics():
            self.run.keep_metrics_up_to(self._epochs_done if saved and not self._awaits_head else -1)

    def train(self, callbacks: Sequence[keras.callbacks.Callback] = ()) -> bool:
        """Train from where the run stands; returns whether it came to its end."""
        listeners = keras.callbacks.CallbackList(
            [*self._callbacks(), *callbacks, self.early_stopping], model=self.model
        )
        with stopped_by_signals(self.trainer), self.checkpoints.offered_if_not_finite():
            listeners.on_train_begin()
            finished = self._train_stages(listeners)
            listeners.on_train_end()
        if finished and self.plan.steps and self.trainer.progress.best.get("epoch") == 0:
            log.info("No epoch did better on validation than the head alone, which is kept.")
        waited, on_gpu = self.trainer.waiting.seconds, bool(tf.config.list_physical_devices("GPU"))
        if said := advice(self.run_log.waited, waited, self.config, on_gpu):
            log.info("%s", said)
        return finished

    def _callbacks(self) -> Iterator[keras.callbacks.Callback]:
        training, steps = self.config.training, self.data.steps_per_epoch
        yield KeepBest(self.trainer, self.output, self.run.best_metric)
        if training.schedule == "plateau":
            yield ReduceOnPlateau(self.trainer)
        if self.output.writes and training.watch:  # before the checkpoint: a run that is killed between trains again
            images = choose_images(self.data, Preprocessing(**preprocessing(self.model)), training.seed)
            yield Watcher(self.trainer, self.output, images, steps)
        yield self.run_log
        yield Checkpointing(self.checkpoints.save, training.checkpoint_minutes, steps)
        if self.output.writes:
            yield keras.callbacks.TensorBoard(str(self.run.tensorboard), write_graph=False)
        if self.output.writes and training.mlflow:
            yield MLflowLog(self.run, self.trainer.progress.step)

    def _train_stages(self, listeners: keras.callbacks.CallbackList) -> bool:
        trainer = self.trainer
        if self._awaits_head and not self._fit_head(listeners):
            return False
        on_missing = LostImages(self.run, self.data.manifest.paths(self.data.training), self.data.order)
        while (stage := self.plan.stage_at(trainer.progress.step)) and not trainer.stop_requested:
            if self.plan.is_last(stage) and self.early_stopping.is_over(self._epochs_done):
                break
            self._train_stage(stage, listeners, on_missing)
            if self.model.stop_training and (self.plan.is_last(stage) or not self.early_stopping.patience):
                break
        return not trainer.stop_requested or trainer.progress.step >= self.plan.steps

    def _train_stage(self, stage: Stage, listeners: keras.callbacks.CallbackList, on_missing: LostImages) -> None:
        batches = self._enter(stage)
        self._settle_step(stage, batches)
        position, step = self.trainer.progress.position, self.trainer.progress.step
        self.trainer.train(
            batches.training(position, stage.last_epoch * self.data.steps_per_epoch - step),
            self.data.steps_per_epoch,
            stage.last_epoch,
            validate=lambda: batches.validate(self.trainer),
            callbacks=listeners,
            on_missing=on_missing,
            batch_at=lambda position: batches.training(position, 1),
        )

    def _enter(self, stage: Stage) -> StageBatches:
        """Set layers, rates and the step to a stage, and open its batches."""
        self.plan.enter(stage, self.trainer.optimizer, self.config.training.learning_rate)
        self.trainer.begin_stage(head_part(self.model) if stage.on_features else None)
        if what := self.plan.sentence(stage):
            log.info("%s", what)
        if stage.on_features:
            log.info("It is not fitted to its optimum at once, because of %s.", why_not_fitted(self.config))
            return self.data.of_features(*self.features.of_splits())
        covariance = np.array(self.measured.statistics["covariance"])
        return self.data.of_pixels(Preprocessing(**preprocessing(self.model)), covariance)

    def _settle_step(self, stage: Stage, batches: StageBatches) -> None:
        """Before the first step: settle XLA and the rate by trial, and check whether it repeats and devices agree."""
        trainer, training = self.trainer, self.config.training
        begins = trainer.progress.step == stage.first_epoch * self.data.steps_per_epoch
        if begins and not stage.on_features:
            self._keep_xla(stage, settle_xla(training.xla, trainer, batches))
        if trainer.progress.step == 0 and training.find_learning_rate:
            self._use_found_learning_rate(stage, batches)
        check_step(trainer, batches, choose_determinism(training.deterministic)[0])
        if self.devices > 1:
            _, *batch = next(iter(trainer.distributed(batches.training(trainer.progress.position, 1))))
            difference = check_against_one_device(trainer, batch)
            log.info("%d devices compute what one does, to %.1g.", self.devices, difference)

    def _keep_xla(self, stage: Stage, trial: XlaTrial | None) -> None:
        """Write what was measured into the run's folder, and the choice for the last stage into its config."""
        if trial is None:
            return
        self.output.write(lambda: write_json(self.run.xla_file, asdict(trial)))
        if self.plan.is_last(stage):  # those before it have theirs in the checkpoints
            self.config = replace(self.config, training=replace(self.config.training, xla=trial.xla))
            self.output.write(lambda: self.run.save_config(self.config))

    def _use_found_learning_rate(self, stage: Stage, batches: StageBatches) -> None:
        """Measure the learning rate, keep its image, and write it into the run's config in place of the measuring."""
        trial, image = find_learning_rate(self.trainer, batches), self.run.learning_rate_image
        trial.save_image(image)
        log.info("--learning-rate %g: found on the first images; %s shows why.", trial.suggestion, image)
        training = replace(self.config.training, learning_rate=trial.suggestion, find_learning_rate=False)
        self.config = replace(self.config, training=training)
        self.run.save_config(self.config)
        self.plan.begin_schedule(stage, trial.suggestion)
        self.trainer.prepare_step()

    @property
    def _awaits_head(self) -> bool:
        """Whether the head has yet to be fitted."""
        return self.plan.fits_head and self.trainer.progress.step == 0 and self.measured.head is None

    def _fit_head(self, listeners: keras.callbacks.CallbackList) -> bool:
        """Give the classifier the head that is best for its features, as epoch 0; False if the run is interrupted."""
        listeners.on_epoch_begin(-1)
        self.output.is_over = lambda: self.trainer.stops_alone
        try:
            fitted = fit_run_head(self.config, self.data, self.features, self.trainer, self.output)
        except Interrupted:
            return False
        self.measured.head = facts(fitted.head)
        if self.config.training.find_learning_rate and not self.plan.steps:
            log.info("--find-learning-rate has nothing to measure, because nothing else is trained.")
        listeners.on_epoch_end(-1, {**fitted.metrics, **self._validate_head(fitted.validation)})
        return True

    def _validate_head(self, validation: np.ndarray) -> dict[str, float]:
        """The metrics of the head as it is. validation: (N, F) features of the validation images."""
        self.plan.freeze_for(self.plan.stages[0])
        self.trainer.begin_stage(head_part(self.model))
        return validate(self.trainer, in_batches(validation), self.data.validation_labels)

    @property
    def _epochs_done(self) -> int:
        return self.trainer.progress.step // self.data.steps_per_epoch
