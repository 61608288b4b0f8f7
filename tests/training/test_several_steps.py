"""Steps without waiting, one or several a call: the same weights, the same words about what goes wrong."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from imgcls.training import trainer as trainer_module
from imgcls.training.devices.strategy import make_strategy
from imgcls.training.optimizers import scaled
from imgcls.training.step import StepOptions
from imgcls.training.trainer import Trainer
from tests.training.test_trainer import BATCH, STEPS, batches, network


def trainer_of(steps_per_call: int, **options) -> Trainer:
    strategy = make_strategy("one_device")
    with strategy.scope():
        optimizer = scaled(keras.optimizers.AdamW)(0.01)
        return Trainer(
            network(dropout=0.5),
            optimizer,
            strategy,
            batch_size=BATCH,
            options=StepOptions(steps_per_call=steps_per_call, **options),
        )


def trained(steps_per_call: int, place: str = "CPU:0") -> tuple[list[np.ndarray], list[dict]]:
    trainer, rows = trainer_of(steps_per_call), []
    trainer.batches.place = place
    trainer.prepare_step()
    note = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: rows.append(logs))
    trainer.train(batches().repeat(2), STEPS, 2, validate=dict, callbacks=[note])
    return list(trainer.state()[0].values()), rows


@pytest.fixture(scope="module")
def one_by_one():
    return trained(1)


@pytest.mark.parametrize("steps_per_call", [0, 2, 4, 100])
@pytest.mark.thorough
def test_the_number_of_steps_a_call_changes_no_bit(one_by_one, steps_per_call):
    arrays, rows = trained(steps_per_call)
    assert rows == one_by_one[1]
    assert all(np.array_equal(a, b) for a, b in zip(arrays, one_by_one[0], strict=True))


@pytest.mark.parametrize("steps_per_call", [1, 4])
@pytest.mark.thorough
def test_batches_that_the_device_has_ahead_change_no_bit(one_by_one, steps_per_call):
    arrays, rows = trained(steps_per_call, place="CPU:1")  # in place of a GPU
    assert rows == one_by_one[1]
    assert all(np.array_equal(a, b) for a, b in zip(arrays, one_by_one[0], strict=True))


@pytest.mark.parametrize("steps_per_call", [1, 4])
@pytest.mark.thorough
def test_a_run_that_goes_on_in_the_middle_ends_with_the_same_bits(one_by_one, steps_per_call):
    first, heard = trainer_of(steps_per_call), []

    def halt(batch, logs):
        heard.append(batch)
        first.stop_requested = batch >= 3

    stop = keras.callbacks.LambdaCallback(on_train_batch_end=halt)
    first.train(batches().repeat(2), STEPS, 2, validate=dict, callbacks=[stop])
    assert heard == ([0, 1, 2, 3] if steps_per_call == 1 else [0, 4])
    arrays, state = first.state()
    second = trainer_of(3)
    second.restore(arrays, state)
    second.train(batches().repeat(2).skip(state["step"]), STEPS, 2, validate=dict)
    found = second.state()[0].values()
    assert all(np.array_equal(a, b) for a, b in zip(found, one_by_one[0], strict=True))


def with_a_broken_batch(number: int, pixel: float) -> tf.data.Dataset:
    def broken(index, batch):
        positions, pixels, targets, weights = batch
        return positions, tf.where(index == number, tf.fill(pixels.shape, pixel), pixels), targets, weights

    return batches().enumerate().map(broken)


@pytest.mark.parametrize(
    ("steps_per_call", "xla"), [(1, False), (4, False), (4, True), pytest.param(1, True, marks=pytest.mark.slow)]
)
@pytest.mark.thorough
def test_a_number_that_is_not_finite_is_named_by_its_step_although_it_is_seen_later(steps_per_call, xla):
    trainer, good = trainer_of(steps_per_call, xla=xla), trainer_of(steps_per_call, xla=xla)
    good.train(batches(), 3, 1, validate=dict)
    with pytest.raises(FloatingPointError, match=r"loss became nan at step 4; it began in the pixels\."):
        trainer.train(with_a_broken_batch(3, np.nan), STEPS, 1, validate=dict)
    for ours, theirs in zip(trainer.model.trainable_variables, good.model.trainable_variables, strict=True):
        assert np.array_equal(ours.numpy(), theirs.numpy())
    assert int(trainer.optimizer.iterations.numpy()) == 3


@pytest.mark.parametrize("steps_per_call", [1, 4])
def test_examples_that_could_not_be_read_are_counted_and_named(steps_per_call):
    def unreadable(positions, pixels, targets, weights):
        return positions, pixels, targets, tf.where((positions == 9) | (positions == 30), 0.0, weights)

    trainer, named = trainer_of(steps_per_call), []
    trainer.train(batches().map(unreadable), STEPS, 1, validate=dict, on_missing=named.append)
    assert named == [9, 30]
    assert trainer.progress.missing == 2
    assert trainer.progress.sums["examples"] == STEPS * BATCH - 2


@pytest.mark.parametrize("steps_per_call", [0, 1])
def test_device_values_are_read_once_a_second_and_at_the_end_of_an_epoch(monkeypatch, steps_per_call):
    monkeypatch.setattr(trainer_module, "SECONDS_BETWEEN_LOOKS", 1e9)
    trainer, reads = trainer_of(steps_per_call), []
    trainer.train(batches(), STEPS, 1, validate=dict)
    kind = type(tf.constant(0))
    for name in ("numpy", "__float__", "__int__", "__bool__", "__array__", "__index__"):
        real = getattr(kind, name)
        monkeypatch.setattr(kind, name, lambda *given, _real=real, _name=name: reads.append(_name) or _real(*given))
    seen = []
    note = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(len(reads)))
    trainer.train(batches().repeat(20), 20 * STEPS, 1, validate=dict, callbacks=[note])
    assert len(seen) >= 2  # more where a call has one step; a fast machine takes the rest in one
    assert seen[-2] == seen[0]  # nothing is read between the first step, which is looked at, and the last
