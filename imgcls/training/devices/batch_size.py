"""The images of a batch that a GPU is fast with: measured, because network and memory decide it."""

import gc
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

import tensorflow as tf

from imgcls.config import AUTO, TrainConfig
from imgcls.data.manifest.table import Manifest
from imgcls.progress import ProgressFunction, no_progress
from imgcls.training.batch_search import search, sizes_to_try
from imgcls.training.devices.determinism import choose_determinism
from imgcls.training.devices.strategy import make_strategy
from imgcls.training.network import build_network, no_statistics, run_preprocessing
from imgcls.training.optimizers import make_optimizer
from imgcls.training.stage_plan import StagePlan
from imgcls.training.step_options import step_options
from imgcls.training.trainer import Trainer
from imgcls.training.transfer.plan import ON_FEATURES

WARM_STEPS, TIMED_STEPS = 2, 10
log = logging.getLogger(__name__)


def is_measured(asked: TrainConfig) -> bool:
    """Whether the batch size of a run is measured; else it follows from the number of images alone.

    It is on GPUs, where images go through all of the network in each epoch. It is not for runs that are to repeat to
    the bit, and for folds, which are held against each other: another measurement may end with another size.

    Args:
        asked: what the run was asked for, with its plan settled.
    """
    training = asked.training
    if training.batch_size != AUTO or asked.input.folds or asked.network.plan in ON_FEATURES:
        return False
    return bool(tf.config.list_physical_devices("GPU")) and not choose_determinism(training.deterministic)[0]


def measured_batch_size(config: TrainConfig, manifest: Manifest, report: ProgressFunction = no_progress) -> TrainConfig:
    """The config with the batch size that was measured, which the log says.

    One device is measured, with its share of each batch. So a worker does it while the others wait for it, and all read
    the size from the run's config.

    Args:
        config: of the run, without "auto"; its batch size is the smallest that is tried.
        manifest: the images, each with a split.
        report: receives how many sizes were tried, and how many there are.
    """
    first, images = config.training.batch_size, len(manifest.split("train"))
    sizes = sizes_to_try(first, images)
    if len(sizes) == 1:
        return config
    trial = search(sizes, _reporting(StepTimer(config, manifest.class_names), len(sizes), report))
    gc.collect()  # the network of the trial, so that its memory is the training's
    log.info("--batch-size %d: %s", trial.size, trial.why)
    return replace(config, training=replace(config.training, batch_size=trial.size))


def _reporting(measure: Callable[[int], float], total: int, report: ProgressFunction) -> Callable[[int], float]:
    done = 0

    def measured(size: int) -> float:
        nonlocal done
        report(done, total)
        done += 1
        return measure(size)

    return measured


class StepTimer:
    """Times the steps of a network of its own, with pixels that are on the device, in batches of any size.

    Args:
        config: of the run, without "auto".
        class_names: of the images.
    """

    def __init__(self, config: TrainConfig, class_names: list[str]) -> None:
        strategy = make_strategy(config.training.strategy)
        self.devices, self.device = strategy.num_replicas_in_sync, strategy.extended.worker_devices[0]
        self.config, self.class_names = config, class_names

    def __call__(self, size: int) -> float:
        """Images a second, on all devices together.

        Args:
            size: images of a batch, on all devices together.

        Raises:
            tf.errors.ResourceExhaustedError: it does not fit into memory.
        """
        share = size // self.devices
        self.trainer.batch_size = share
        self.trainer.prepare_step()
        with tf.device(self.device):
            batch = self._batch(share)
        for _ in range(WARM_STEPS):
            float(self.trainer.step(*batch).loss)
        began = time.perf_counter()
        for _ in range(TIMED_STEPS):
            float(self.trainer.step(*batch).loss)
        return size * TIMED_STEPS / (time.perf_counter() - began)

    def _batch(self, images: int) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        pixels = tf.random.stateless_uniform((images, *self.trainer.model.input_shape[1:]), (0, 0), 0.0, 255.0)
        if self.config.input.pixel_dtype == "uint8":
            pixels = tf.cast(pixels, tf.uint8)
        classes = len(self.class_names)
        return pixels, tf.one_hot(tf.range(images) % classes, classes), tf.ones(images)

    @cached_property
    def trainer(self) -> Trainer:
        """Of one device, in the stage that trains the most; built at the first step, which may lack the memory."""
        config, alone = self.config, tf.distribute.OneDeviceStrategy(self.device)
        share = config.training.batch_size // self.devices
        with alone.scope():
            model = build_network(config, self.class_names, no_statistics(run_preprocessing(config)))
            plan = StagePlan(config, model, 1, keep_statistics=False)
            optimizer = make_optimizer(config.training, plan.schedule)
            options = step_options(config, share, devices=1)
            trainer = Trainer(model, optimizer, alone, batch_size=share, options=options, groups=plan.groups)
        plan.enter(plan.stages[-1], optimizer, config.training.learning_rate)
        trainer.begin_stage()
        return trainer
