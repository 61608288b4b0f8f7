"""Optimisers and the course of the learning rate."""

import keras

from imgcls.config import TrainingConfig

MOMENTUM = 0.9
WITHOUT_DECAY = ("bias", "gamma", "beta")  # decay is for kernels: He et al., Bag of Tricks, 2018, section 3.1


def make_optimizer(config: TrainingConfig, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    """The optimiser of `config` with a warm-up over the first epoch and a cosine to 0 at the last step.

    The warm-up is Goyal et al., Accurate, Large Minibatch SGD, 2017; the cosine Loshchilov and Hutter, SGDR, 2016.
    """
    steps = steps_per_epoch * config.epochs
    warmup = min(steps_per_epoch, steps // 2)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - warmup), warmup_target=config.learning_rate, warmup_steps=max(1, warmup)
    )
    if config.optimizer == "sgd":
        return keras.optimizers.SGD(rate, momentum=MOMENTUM, nesterov=True)
    if config.optimizer == "adam":
        return keras.optimizers.Adam(rate)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=config.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=list(WITHOUT_DECAY))
    return optimizer
