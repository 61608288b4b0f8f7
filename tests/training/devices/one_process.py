"""How far several devices are from one, for `test_devices`: python -m tests.training.devices.one_process 4

A process has its logical processors from its first moment on, so each number of them needs one of its own.
"""

import json
import os
import sys
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from imgcls.config import TrainingConfig
from imgcls.layers import ClassProbabilities, PixelStandardization
from imgcls.training.devices.self_check import check_against_one_device
from imgcls.training.devices.strategy import make_strategy, sync_batch_normalization
from imgcls.training.losses import all_are_right, make_binary_loss, make_loss
from imgcls.training.optimizers import make_optimizer
from imgcls.training.step import StepOptions
from imgcls.training.trainer import Trainer
from imgcls.training.trainer_variables import as_array

BATCH, STEPS, SIZE = 16, 4, 12
UNEVEN = 15  # images that neither two nor four devices share equally
NAMES = ["ant", "bee", "cow"]


def batches(weigh: Callable = np.ones, size: int = BATCH) -> tf.data.Dataset:
    generator, images = np.random.default_rng(0), STEPS * size
    pixels = generator.uniform(0, 255, (images, SIZE, SIZE, 1)).astype("float32")
    targets = keras.utils.to_categorical(generator.integers(0, 3, images), 3)
    parts = (np.arange(images), pixels, targets, weigh(images).astype("float32"))
    return tf.data.Dataset.from_tensor_slices(parts).batch(size, drop_remainder=True)


def class_weights_and_one_unreadable(count: int) -> np.ndarray:
    weights = np.random.default_rng(1).choice([0.5, 1.0, 2.0], count)
    weights[BATCH + 3] = 0.0
    return weights


def network(dropout: float, frozen_statistics: bool) -> keras.Model:
    keras.utils.set_random_seed(0)
    x = pixels = keras.Input((SIZE, SIZE, 1))
    x = PixelStandardization((127.5,), (60.0,), name="standardization")(x)
    x = keras.layers.Conv2D(6, 3, use_bias=False, name="stage1_conv")(x)
    x = keras.layers.BatchNormalization(name="stage1_norm", trainable=not frozen_statistics)(x)
    x = keras.layers.ReLU(name="stage1_relu")(x)
    x = keras.layers.Dropout(dropout, name="stage1_dropout")(x)
    x = keras.layers.GlobalAveragePooling2D(name="embedding")(x)
    x = keras.layers.Dense(3, name="logits", kernel_regularizer="l2")(x)
    return keras.Model(pixels, ClassProbabilities(NAMES, name="probabilities")(x))


def make_trainer(
    strategy: str,
    settings: dict,
    dropout: float = 0.0,
    frozen_statistics: bool = False,
    batch_size: int = BATCH,
    together: bool = True,
    **options,
) -> Trainer:
    strategy = make_strategy(strategy)
    with strategy.scope():
        model = network(dropout, frozen_statistics)
        if strategy.num_replicas_in_sync > 1 and together:
            sync_batch_normalization(model)
        optimizer = make_optimizer(TrainingConfig(**settings), 0.01)
        return Trainer(model, optimizer, strategy, batch_size=batch_size, options=StepOptions(**options))


def train(trainer: Trainer, weigh: Callable = np.ones) -> tuple[float, float, list[np.ndarray]]:
    """(loss, accuracy, all weights), the averaged ones where there are any."""
    rows = []
    note = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: rows.append(logs))
    trainer.train(batches(weigh, trainer.batch_size), STEPS, 1, validate=dict, callbacks=[note])
    with trainer.averaged_weights():
        weights = [as_array(variable) for variable in trainer.model.weights]
    return rows[0]["loss"], rows[0]["accuracy"], weights


def difference(one: tuple, several: tuple) -> float:
    """The largest in loss, accuracy and weights, relative to what is larger than 1."""
    pairs = zip([*one[:2], *one[2]], [*several[:2], *several[2]], strict=True)
    return max(float((np.abs(a - b) / np.maximum(1.0, np.abs(a))).max()) for a, b in pairs)


def against_one(settings: dict, weigh: Callable = np.ones, **options) -> float:
    return difference(*(train(make_trainer(name, settings, **options), weigh) for name in ("one_device", "mirrored")))


def evaluation_of_few() -> float:
    """Logits of batches with fewer images than devices, with one image, and with a remainder."""
    pixels = np.random.default_rng(2).uniform(0, 255, (24, SIZE, SIZE, 1)).astype("float32")
    places = np.split(np.arange(24), [1, 4, 11])
    found = [
        make_trainer(name, {}).predict([(part, pixels[part]) for part in places]) for name in ("one_device", "mirrored")
    ]
    (one_indices, one), (indices, several) = found
    return float(np.abs(one - several).max()) if np.array_equal(one_indices, indices) else np.inf


def recomputed_blocks() -> float:
    """Gradient checkpointing on several devices against none, with dropout and statistics of the whole batch."""
    return difference(
        *(train(make_trainer("mirrored", {}, dropout=0.5, gradient_checkpointing=on)) for on in (False, True))
    )


def resumed() -> float:
    """A run with dropout that goes on from its state in the middle, against one that did not stop."""
    unbroken = train(make_trainer("mirrored", {}, dropout=0.5))
    first, second = (make_trainer("mirrored", {}, dropout=0.5) for _ in range(2))
    halt = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda step, logs: setattr(first, "stop_requested", step == 1)
    )
    first.train(batches(), STEPS, 1, validate=dict, callbacks=[halt])
    second.restore(*first.state())
    second.train(batches().skip(2), STEPS, 1, validate=dict)
    weights = [as_array(variable) for variable in second.model.weights]
    return 0.0 if all(np.array_equal(a, b) for a, b in zip(unbroken[2], weights, strict=True)) else np.inf


def self_check(**settings: int) -> float:
    trainer = make_trainer("mirrored", {}, dropout=0.5, global_clipnorm=0.05, **settings)
    _, *batch = next(iter(trainer.distributed(batches(class_weights_and_one_unreadable, trainer.batch_size))))
    return check_against_one_device(trainer, batch)


def equal_masks() -> float:
    """The share of pairs of devices that drop the same units."""
    trainer = make_trainer("mirrored", {}, dropout=0.5)
    layer = trainer.model.get_layer("stage1_dropout")
    ones = tf.ones((1, 200))
    run = tf.function(lambda: trainer.strategy.run(lambda: layer(ones, training=True)))
    masks = [mask.numpy() for mask in trainer.strategy.experimental_local_results(run())]
    pairs = [(a, b) for a in range(len(masks)) for b in range(a)]
    return sum(np.array_equal(masks[a], masks[b]) for a, b in pairs) / len(pairs)


CASES: dict[str, Callable[[], float]] = {
    "adamw": lambda: against_one({}),
    "adam with averaged weights": lambda: against_one({"optimizer": "adam", "ema_momentum": 0.8}),
    "sgd with clipping": lambda: against_one({"optimizer": "sgd"}, global_clipnorm=0.05),
    "rmsprop with focal loss": lambda: against_one({"optimizer": "rmsprop"}, loss=make_loss("focal", focal_gamma=2.0)),
    "binary losses": lambda: against_one(
        {}, loss=make_binary_loss("focal", 0.1, positive_weights=np.array([1.0, 2.0, 5.0])), right=all_are_right
    ),
    "lion": lambda: against_one({"optimizer": "lion"}),
    "accumulation": lambda: against_one({"optimizer": "sgd"}, gradient_accumulation_steps=2, frozen_statistics=True),
    "class weights and an unreadable image": lambda: against_one({}, class_weights_and_one_unreadable),
    "xla": lambda: against_one({"optimizer": "sgd"}, xla=True, frozen_statistics=True),
    "float16's scaled loss": lambda: against_one({"optimizer": "sgd"}, loss_scaling=True),
    "an evaluation of few images": evaluation_of_few,
    "recomputed blocks": recomputed_blocks,
    "a run that went on": resumed,
    "shares of different size": lambda: against_one({}, class_weights_and_one_unreadable, batch_size=UNEVEN),
    "the check before a run": self_check,
    "the check of shares of different size": lambda: self_check(batch_size=UNEVEN),
    "the check of shares that are normalized by themselves": lambda: self_check(batch_size=UNEVEN, together=False),
    "equal dropout masks": equal_masks,
}

if __name__ == "__main__":
    devices = [tf.config.LogicalDeviceConfiguration()] * int(sys.argv[1])
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], devices)
    tf.config.experimental.enable_op_determinism()
    print(json.dumps({name: case() for name, case in CASES.items()}))
