"""How the steps of a run compute their updates, by its config."""

import numpy as np

from imgcls.config import TrainConfig
from imgcls.training.devices.strategy import can_share
from imgcls.training.losses import all_are_right, likeliest_is_right, make_binary_loss, make_loss
from imgcls.training.step import StepOptions


def step_options(
    config: TrainConfig,
    batch_size: int,
    devices: int,
    logit_offsets: np.ndarray | None = None,
    positive_weights: np.ndarray | None = None,
) -> StepOptions:
    """The options of a run's steps.

    Args:
        config: of the run, without "auto".
        batch_size: images of a batch; computed at once if the devices' shares have no equal parts as asked for.
        devices: that share it.
        logit_offsets: (classes,) that are added to the logits, for the loss only.
        positive_weights: (classes,) of the binary losses; None: 1.
    """
    training, several = config.training, config.is_multi_label
    parts = training.gradient_accumulation_steps
    settings = (training.loss, training.label_smoothing, training.focal_gamma)
    return StepOptions(
        loss=make_binary_loss(*settings, positive_weights) if several else make_loss(*settings),
        right=all_are_right if several else likeliest_is_right,
        logit_offsets=0.0 if logit_offsets is None else logit_offsets,
        global_clipnorm=training.global_clipnorm,
        gradient_accumulation_steps=parts if can_share(batch_size, parts, devices) else 1,
        xla=training.xla == "on",
        loss_scaling=training.precision == "float16",
        gradient_checkpointing=training.gradient_checkpointing,
        steps_per_call=training.steps_per_call,
    )
