"""The share of the time in which steps wait for their batches, by a clock that only batches and steps move."""

from collections.abc import Iterator

import keras
import numpy as np
import pytest
import tensorflow as tf

from imgcls.config import InputConfig, TrainConfig, TrainingConfig
from imgcls.training.waiting import WaitingForData, advice
from tests.training.test_several_steps import trainer_of
from tests.training.test_trainer import BATCH, STEPS, pixels_and_labels


class Clock:
    """Seconds that pass when somebody says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += seconds


def slow_batches(clock: Clock, seconds: float) -> tf.data.Dataset:
    """Batches that take so many seconds of the clock each."""
    pixels, labels = pixels_and_labels()

    def batches() -> Iterator[tuple[np.ndarray, ...]]:
        for first in range(0, STEPS * BATCH, BATCH):
            clock.passes(seconds)
            part = slice(first, first + BATCH)
            targets = keras.utils.to_categorical(labels[part], 3)
            yield np.arange(first, first + BATCH), pixels[part], targets, np.ones(BATCH, "float32")

    shapes = ((tf.int64, (BATCH,)), (tf.float32, (BATCH, 16, 16, 1)), (tf.float32, (BATCH, 3)), (tf.float32, (BATCH,)))
    signature = tuple(tf.TensorSpec(shape, kind) for kind, shape in shapes)
    options = tf.data.Options()
    options.autotune.enabled = False  # as in every chain of ours; it would also read ahead of the steps
    options.experimental_optimization.inject_prefetch = False
    return tf.data.Dataset.from_generator(batches, output_signature=signature).with_options(options)


@pytest.mark.parametrize("steps_per_call", [1, 3])
def test_a_batch_that_is_waited_for_counts(steps_per_call):
    clock, calls = Clock(), []
    trainer = trainer_of(steps_per_call)
    trainer.waiting = WaitingForData(clock)
    trainer.prepare_step()

    def after_call(batch, logs):
        clock.passes(1.0)
        calls.append(batch)

    callback = keras.callbacks.LambdaCallback(on_train_batch_end=after_call)
    trainer.train(slow_batches(clock, 3.0), STEPS, 1, validate=dict, callbacks=[callback])
    assert trainer.waiting.share == pytest.approx(3 * STEPS / (3 * STEPS + len(calls)), abs=0.01)
    assert trainer.waiting.seconds == pytest.approx(3 * STEPS, abs=0.5)  # less the real time of looking


def test_a_host_that_is_ahead_of_its_device_waits_for_nothing():
    clock = Clock()
    waiting = WaitingForData(clock)
    waiting.asks()
    clock.passes(2.0)
    waiting.gets()
    clock.passes(8.0)
    assert waiting.share == pytest.approx(0.2)
    waiting.host_was_ahead(5.0)
    assert waiting.share == 0.0


def test_advice_names_flags_that_the_run_does_not_have_yet():
    plain = TrainConfig()
    assert advice(0.05, 60.0, plain, on_gpu=False) == ""
    assert advice(0.4, 2.0, plain, on_gpu=False) == ""  # what a short training could save is not worth a word
    said = advice(0.4, 60.0, plain, on_gpu=False)
    assert "waited 40 % of the time for images" in said
    assert "share the cores" in said
    assert "--cache memory" in said
    assert "--augmentation light" not in said
    assert "The images come too slowly" in advice(0.4, 60.0, plain, on_gpu=True)
    cached = TrainConfig(input=InputConfig(cache="memory", augmentation="strong"))
    assert "--cache" not in advice(0.4, 60.0, cached, on_gpu=False)
    assert "--augmentation light" in advice(0.4, 60.0, cached, on_gpu=False)
    served = TrainConfig(training=TrainingConfig(data_service="grpc://here:5050"))
    assert "More workers" in advice(0.4, 60.0, served, on_gpu=True)
