"""The learning rate of a batch size, where the user names none."""

from dataclasses import replace

from imgcls.config import AUTO, TrainingConfig

RATE = 0.003  # for batches of at most so many images
IMAGES = 64
EXPONENTS = {  # of how many times larger the batch is; 0.5 is the square root
    "adamw": 0.5, "adam": 0.5, "lion": 0.5, "rmsprop": 0.5,
    "sgd": 1.0,
}  # fmt: skip
NAMES = {0.5: "the square root of the batch", 1.0: "the batch"}


def learning_rate_of(optimizer: str, images: int) -> float:
    """The highest learning rate of a run.

    Args:
        optimizer: of the run.
        images: of a batch, over all devices and parts.

    Returns:
        A rate, with three digits: in proportion to the square root of the batch for the optimizers that divide by the
        size of the gradient, and to the batch for SGD; never below that of 64 images.

    Reference:
        Malladi et al., On the SDEs and Scaling Rules for Adaptive Gradient Algorithms, 2022, for RMSprop and Adam; Lion
        is taken to be like them. Goyal et al., Accurate, Large Minibatch SGD, 2017.

    Example:
        >>> learning_rate_of("adamw", 32), learning_rate_of("adamw", 256), learning_rate_of("sgd", 256)
        (0.003, 0.006, 0.012)
    """
    return float(f"{RATE * max(1.0, images / IMAGES) ** EXPONENTS[optimizer]:.3g}")


def settle_learning_rate(training: TrainingConfig, images: int) -> TrainingConfig:
    """The config with a learning rate; one that the user names stays as it is.

    Args:
        training: its batch size is settled.
        images: for training; a batch has no more of them.
    """
    if training.learning_rate != AUTO:
        return training
    batch = min(training.batch_size, images)
    return replace(training, learning_rate=learning_rate_of(training.optimizer, batch))


def sentence(training: TrainingConfig, images: int) -> str:
    """What the learning rate follows from, for the log. The arguments are those of `settle_learning_rate`."""
    batch = min(training.batch_size, images)
    rate = learning_rate_of(training.optimizer, batch)
    if batch <= IMAGES:
        return f"--learning-rate {rate:g}: that of batches of at most {IMAGES} images."
    return (
        f"--learning-rate {rate:g}: {RATE:g} for batches of {IMAGES} images, and for {batch} in proportion to "
        f"{NAMES[EXPONENTS[training.optimizer]]}, as suits {training.optimizer}."
    )
