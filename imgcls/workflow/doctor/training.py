"""How many images a second a small and a usual network are trained on, apart from reading the images."""

from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

from imgcls.config import TrainingConfig
from imgcls.layer_precision import layers_in
from imgcls.models import build_model
from imgcls.training.devices.precision import choose_precision
from imgcls.training.devices.strategy import make_strategy
from imgcls.training.optimizers import make_optimizer
from imgcls.training.trainer import Trainer
from imgcls.workflow.doctor.speed import Speed, rate

NETWORKS = {"resnet20": (32, 64), "efficientnet_lite0": (224, 16)}  # pixels of a side, images of a batch
CLASSES, SECONDS = 10, 2.0


def training_speeds() -> Iterator[Speed]:
    """Measure the steps of each of `NETWORKS`, in the precision and on the device that training would take."""
    device = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
    precision, _ = choose_precision("auto")
    for name, (size, batch) in NETWORKS.items():
        what = f"{name}, {size} pixels, batch {batch}, {precision}"
        try:
            yield Speed("trained", what, device, _steps(name, size, batch, precision))
        except tf.errors.OpError as error:
            yield Speed("trained", what, device, 0.0, error.message.strip().splitlines()[0])


def _steps(name: str, size: int, batch: int, precision: str) -> float:
    random = np.random.default_rng(0)
    pixels = random.uniform(0, 255, (batch, size, size, 3)).astype(np.float32)
    targets = np.eye(CLASSES, dtype=np.float32)[np.arange(batch) % CLASSES]
    strategy = make_strategy("one_device")
    keras.utils.set_random_seed(0)
    with strategy.scope(), layers_in(precision):
        model = build_model(name, (size, size, 3), num_classes=CLASSES)
        trainer = Trainer(model, make_optimizer(TrainingConfig(), 1e-4), strategy, batch_size=batch)
        values = [tf.constant(x) for x in (pixels, targets, np.ones(batch, np.float32))]

    def one_step() -> int:
        float(trainer.step(*values).loss)  # waits for the device
        return batch

    return rate(one_step, SECONDS)
