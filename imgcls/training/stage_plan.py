"""The plan of one run: which weights are trained in which epochs, and at which rates."""

from collections.abc import Sequence
from functools import partial

import keras
import numpy as np

from imgcls.config import TrainConfig
from imgcls.framework_internals import variable_index
from imgcls.training.continuation import lengthened
from imgcls.training.optimizers import ScaledUpdates
from imgcls.training.schedules import Schedule
from imgcls.training.trainer_variables import WeightGroups
from imgcls.training.transfer.head import why_not_fitted
from imgcls.training.transfer.stages import Stage, backbone_blocks, stages, unfreeze, update_scales


class StagePlan:
    """The stages of one run, and what each of them does to the network, the optimizer and the learning rate.

    Args:
        config: of the run, without "auto".
        model: the classifier.
        steps_per_epoch: number of steps.
        keep_statistics: whether batch normalization in the backbone stays as the given weights have it.
        planned: the stages of an earlier start of the run; without them they are planned.

    Attributes:
        stages: one after the other.
        schedule: the learning rate.
        fits_head: whether the head is fitted to its optimum before the first epoch.
        groups: the weights by whether any stage changes them.
    """

    def __init__(
        self,
        config: TrainConfig,
        model: keras.Model,
        steps_per_epoch: int,
        *,
        keep_statistics: bool,
        planned: Sequence[Stage] = (),
    ) -> None:
        self.config, self.model, self.steps_per_epoch = config, model, steps_per_epoch
        self.keep_statistics = keep_statistics
        self.backbone = backbone_blocks(model)
        self.fits_head = config.network.plan != "scratch" and not why_not_fitted(config)
        self.stages = lengthened(planned or self._planned(), config.training.epochs)
        self.schedule = self._schedule()
        self._first_steps: dict[int, int] = {}  # of each weight that is trained, by id
        self.groups = self._weight_groups()

    def _planned(self) -> list[Stage]:
        network, epochs = self.config.network, self.config.training.epochs
        return stages(network.plan, epochs, len(self.backbone), network.unfreeze, self.fits_head)

    def _schedule(self) -> Schedule:
        training = self.config.training
        return Schedule(
            training.schedule,
            training.learning_rate,
            self.steps or self.steps_per_epoch * training.epochs,
            round(training.warmup_epochs * self.steps_per_epoch),
        )

    def _weight_groups(self) -> WeightGroups:
        """Go through the stages, and note which weights begin to be trained in each."""
        trained: list[keras.Variable] = []
        for stage in self.stages:
            self.freeze_for(stage)
            fresh = [weight for weight in self.model.trainable_variables if id(weight) not in self._first_steps]
            self._first_steps.update({id(weight): stage.first_epoch * self.steps_per_epoch for weight in fresh})
            trained += fresh
        changed = {id(weight) for layer in self.model.layers if layer.trainable for weight in layer.weights}
        changed |= set(self._first_steps)
        return WeightGroups(trained, {id(weight) for weight in self.model.weights} - changed)

    @property
    def steps(self) -> int:
        """Number of steps of the whole run."""
        return self.stages[-1].last_epoch * self.steps_per_epoch

    def stage_at(self, step: int) -> Stage | None:
        """The stage of the next step; None after the last one."""
        epoch = step // self.steps_per_epoch
        return next((stage for stage in self.stages if epoch < stage.last_epoch), None)

    def is_last(self, stage: Stage) -> bool:
        """Whether no stage comes after it."""
        return stage is self.stages[-1]

    def freeze_for(self, stage: Stage) -> None:
        """Make trainable what the stage trains, and freeze everything else."""
        unfreeze(self.model, self.backbone, stage, self.keep_statistics)

    def enter(self, stage: Stage, optimizer: ScaledUpdates, learning_rate: float) -> None:
        """Set layers, rates and the optimizer to a stage.

        Args:
            stage: that begins, or that goes on.
            optimizer: built on `groups.trained`.
            learning_rate: the highest of the schedule.
        """
        training, given = self.config.training, self.config.network.plan != "scratch"
        self.freeze_for(stage)
        self.begin_schedule(stage, learning_rate)
        scales = update_scales(
            self.model, self.backbone, stage, training.backbone_learning_rate_factor, training.layer_decay
        )
        index = partial(variable_index, optimizer)
        optimizer.scale_updates(
            {index(weight): scale for weight, scale in scales} if given else {},
            {index(weight): self._first_steps[id(weight)] for weight in self.groups.trained},
        )

    def begin_schedule(self, stage: Stage, learning_rate: float) -> None:
        """Let the schedule begin with the stage, and end with it."""
        first, last = stage.first_epoch * self.steps_per_epoch, stage.last_epoch * self.steps_per_epoch
        self.schedule.begin_stage(first, last - first, learning_rate)

    def sentence(self, stage: Stage) -> str:
        """What the stage trains; empty where a run trains everything from the beginning to the end."""
        if len(self.stages) == 1 and self.config.network.plan == "scratch":
            return ""
        trained = sum(int(np.prod(weight.shape)) for weight in self.model.trainable_variables)
        what = "the head" if stage.on_features else f"the head and {stage.blocks} of {len(self.backbone)} blocks"
        return f"Epochs {stage.first_epoch + 1} to {stage.last_epoch} train {what}: {trained:,} numbers."
