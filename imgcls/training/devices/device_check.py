"""Whether each device of this machine computes a step of training as the processor does."""

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from imgcls.config import TrainingConfig
from imgcls.models import build_model
from imgcls.tensor_float_32 import without_tensor_float_32
from imgcls.training.devices.self_check import relative_difference
from imgcls.training.optimizers import make_optimizer
from imgcls.training.trainer import Trainer

NETWORK, SHAPE, BATCH, CLASSES = "resnet20", (32, 32, 3), 16, 10
FAILURES = (tf.errors.OpError, ValueError)
LARGEST_DIFFERENCE = 1e-3  # of the largest number of a weight; one step in float32 on cards differs by about 1e-5


@dataclass(frozen=True)
class DeviceCheck:
    """What came out on one device.

    Attributes:
        device: Such as "GPU:0".
        difference: The largest relative difference to the processor, of the loss and of each weight after the step;
            None if the step failed.
        problem: Why it failed; empty if it did not.
    """

    device: str
    difference: float | None
    problem: str = ""

    @property
    def is_right(self) -> bool:
        """Whether the device computes what the processor does."""
        return self.difference is not None and self.difference <= LARGEST_DIFFERENCE


def check_devices() -> list[DeviceCheck]:
    """Make the same step on each device; empty where the processor is the only one."""
    try:
        first, *others = _devices()
    except tf.errors.OpError as error:  # as on a card without memory
        return [DeviceCheck("GPU", None, _reason(error))]
    if not others:
        return []
    try:
        expected = _step(first)
    except FAILURES as error:  # building a network tries out the card, whatever device the step is for
        return [DeviceCheck(_name(device), None, _reason(error)) for device in others]
    return [_check(device, expected) for device in others]


def _devices() -> list[tf.config.LogicalDevice]:
    return [*tf.config.list_logical_devices("CPU"), *tf.config.list_logical_devices("GPU")]


def _check(device: tf.config.LogicalDevice, expected: list[np.ndarray]) -> DeviceCheck:
    try:
        found = _step(device)
    except FAILURES as error:
        return DeviceCheck(_name(device), None, _reason(error))
    return DeviceCheck(_name(device), max(relative_difference(a, b) for a, b in zip(found, expected, strict=True)))


def _name(device: tf.config.LogicalDevice) -> str:
    return str(device.name).removeprefix("/device:")


def _reason(error: Exception) -> str:
    said = error.message if isinstance(error, tf.errors.OpError) else str(error)
    return (said.strip().splitlines() or [type(error).__name__])[0]


def _step(device: tf.config.LogicalDevice) -> list[np.ndarray]:
    """The loss of one step on a device, and the weights after it."""
    random = np.random.default_rng(0)
    pixels = random.uniform(0, 255, (BATCH, *SHAPE)).astype(np.float32)
    targets = np.eye(CLASSES, dtype=np.float32)[np.arange(BATCH) % CLASSES]
    strategy = tf.distribute.OneDeviceStrategy(device.name)
    keras.utils.set_random_seed(0)
    with without_tensor_float_32(), strategy.scope():
        optimizer = make_optimizer(TrainingConfig(optimizer="sgd"), 0.01)
        trainer = Trainer(build_model(NETWORK, SHAPE, num_classes=CLASSES), optimizer, strategy, batch_size=BATCH)
        outcome = trainer.step(*(tf.constant(x) for x in (pixels, targets, np.ones(BATCH, np.float32))))
        return [outcome.loss.numpy(), *trainer.model.get_weights()]
