"""XLA is used where it makes the step faster; a clock and a memory of our own stand for a GPU's."""

import logging

import numpy as np
import pytest
import tensorflow as tf

from imgcls.training.devices import xla
from tests.training import test_trainer
from tests.training.test_trainer import one_device_trainer


class Batches:
    def training(self, position, steps):
        return test_trainer.batches().take(steps)


@pytest.fixture
def settle(monkeypatch, caplog):
    """Settles it with these seconds of a step, in so many parts at least; returns the trainer and what is said."""
    caplog.set_level(logging.INFO)

    def settled(seconds, least_parts=1):
        trainer, timed = one_device_trainer(), []

        def measured(trainer, batch):
            timed.append(trainer.step)
            trainer.step(*batch)
            if trainer.options.gradient_accumulation_steps < least_parts or seconds[trainer.options.xla] is None:
                raise tf.errors.ResourceExhaustedError(None, None, "no memory")
            return seconds[trainer.options.xla]

        monkeypatch.setattr(xla, "_seconds", measured)
        monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["a card"])
        before = trainer.state()[0]
        settled.trial = xla.settle_xla("auto", trainer, Batches())
        assert all(np.array_equal(a, b) for a, b in zip(trainer.state()[0].values(), before.values(), strict=True))
        said = [record.getMessage() for record in caplog.records if record.name.startswith("imgcls")]
        return trainer, timed, said

    return settled


@pytest.mark.thorough
def test_the_step_that_was_compiled_for_the_trial_is_the_one_that_trains(settle):
    trainer, timed, said = settle({False: 0.02, True: 0.01})
    assert trainer.options.xla
    assert trainer.step is timed[-1]
    assert said == ["--xla on: a step takes 10.0 ms with it and 20.0 ms without."]


def test_what_is_not_faster_is_not_used(settle):
    trainer, _, said = settle({False: 0.02, True: 0.0195})
    assert not trainer.options.xla
    assert said == ["--xla off: a step takes 19.5 ms with it and 20.0 ms without."]
    assert settle.trial == xla.XlaTrial(
        "off", pytest.approx(19.5), pytest.approx(20.0), "a step takes 19.5 ms with it and 20.0 ms without."
    )


def test_a_batch_that_does_not_fit_is_divided_before_it_is_timed(settle):
    trainer, timed, said = settle({False: 0.02, True: 0.03}, least_parts=4)
    assert trainer.options.gradient_accumulation_steps == 4
    assert len(timed) == 4
    assert said[:2] == [f"The memory asks for {parts} parts of each batch, one after the other." for parts in (2, 4)]


def test_xla_is_not_used_where_it_needs_more_memory_than_the_step_without_it(settle):
    trainer, _, said = settle({False: 0.02, True: None}, least_parts=2)
    assert not trainer.options.xla
    assert trainer.options.gradient_accumulation_steps == 2
    assert said[1:] == ["--xla off: XLA needs more memory than there is."]
    assert settle.trial == xla.XlaTrial("off", None, pytest.approx(20.0), "XLA needs more memory than there is.")


def test_a_batch_that_cannot_be_divided_far_enough_is_said(settle):
    with pytest.raises(MemoryError, match=r"A batch of 1 image does not fit into memory\."):
        settle({False: 0.02, True: 0.03}, least_parts=16)
