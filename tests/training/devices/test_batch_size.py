"""Where the batch size is measured, and with which steps; a processor and a memory of our own stand for a GPU."""

import logging
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from imgcls.config import InputConfig, NetworkConfig, TrainConfig, TrainingConfig
from imgcls.data.manifest.table import Manifest
from imgcls.training.devices import batch_size
from imgcls.training.devices.batch_size import StepTimer, is_measured, measured_batch_size
from imgcls.workflow.create import create_run


@pytest.fixture
def with_a_card(monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["a card"] if kind == "GPU" else [])


@pytest.fixture
def resolved(tiny_run) -> TrainConfig:
    return tiny_run.config


@pytest.fixture
def many(tiny_run) -> Manifest:
    """400 training images: batches of 8, 16 and 32 leave eight steps an epoch."""
    manifest = Manifest.load(tiny_run.manifest_file)
    return replace(manifest, table=manifest.split("train").sample(400, replace=True, random_state=0))


def asked(plan: str = "all", folds: int = 0, **training) -> TrainConfig:
    return TrainConfig(
        input=InputConfig(folds=folds), network=NetworkConfig(plan=plan), training=TrainingConfig(**training)
    )


def test_it_is_measured_on_a_card_alone(with_a_card, monkeypatch):
    assert is_measured(asked())
    monkeypatch.undo()
    assert not is_measured(asked())


@pytest.mark.parametrize("named", [{"batch_size": 64}, {"deterministic": True}, {"folds": 5}, {"plan": "head"}])
def test_it_is_not_measured_where_the_user_names_it_or_another_size_would_be_wrong(with_a_card, named):
    assert not is_measured(asked(**named))
    assert is_measured(asked(deterministic=False, plan="last_blocks"))


@pytest.mark.parametrize("strategy", ["one_device", "mirrored"])
def test_real_steps_are_timed_in_batches_of_any_size(resolved, strategy):
    timer = StepTimer(replace(resolved, training=replace(resolved.training, strategy=strategy)), ["bag", "trouser"])
    before = [np.array(weight) for weight in timer.trainer.model.get_weights()]
    assert timer(8) > 0
    assert timer(16) > 0
    assert timer.trainer.batch_size == (16 if strategy == "one_device" else 8)  # of one of the two devices
    assert timer.trainer.strategy.num_replicas_in_sync == 1
    assert any((a != b).any() for a, b in zip(before, timer.trainer.model.get_weights(), strict=True))


def test_the_steps_are_those_of_the_stage_that_trains_the_most(resolved, earlier):
    network = replace(resolved.network, plan="all", weights=earlier)
    timer = StepTimer(replace(resolved, network=network), ["bag", "trouser"])
    assert all(layer.trainable for layer in timer.trainer.model.layers if layer.weights and "norm" not in layer.name)
    assert timer(8) > 0


def test_a_run_is_measured_with_real_steps_and_has_the_size_that_is_said(resolved, many, caplog):
    caplog.set_level(logging.INFO, "imgcls")
    reported = []
    config = measured_batch_size(resolved, many, lambda done, total: reported.append((done, total)))
    assert reported[0] == (0, 3)
    assert config.training.batch_size in (8, 16, 32)
    assert replace(config, training=replace(config.training, batch_size=8)) == resolved
    assert f"--batch-size {config.training.batch_size}: images a second are " in caplog.text


def test_what_does_not_fit_into_memory_is_not_taken(resolved, many, monkeypatch, caplog):
    caplog.set_level(logging.INFO, "imgcls")

    class Card(StepTimer):
        def _batch(self, images):
            if images > 16:
                raise tf.errors.ResourceExhaustedError(None, None, "no memory")
            self.images = images
            return super()._batch(images)

        def __call__(self, size):
            super().__call__(size)
            return float(size)

    monkeypatch.setattr(batch_size, "StepTimer", Card)
    assert measured_batch_size(resolved, many).training.batch_size == 16
    assert "--batch-size 16: images a second are 8 in batches of 8, 16 in batches of 16; 32 do not fit" in caplog.text


def test_few_images_are_not_measured(resolved, tiny_run, monkeypatch):
    monkeypatch.setattr(batch_size, "StepTimer", None)
    assert measured_batch_size(resolved, Manifest.load(tiny_run.manifest_file)) == resolved


def test_the_size_that_is_measured_stands_in_the_config_of_the_run(tiny_config, monkeypatch):
    def measured(config, manifest, report):
        assert config.training.batch_size == 8  # by the rule, for so few images
        return replace(config, training=replace(config.training, batch_size=16))

    monkeypatch.setattr("imgcls.workflow.create.is_measured", lambda asked: asked.training.batch_size == 0)
    monkeypatch.setattr("imgcls.workflow.create.measured_batch_size", measured)
    for named, size in ((0, 16), (4, 4)):
        run, _ = create_run(tiny_config(name=f"named-{named}", batch_size=named, learning_rate=0.0))
        assert (run.config.training.batch_size, run.config.training.learning_rate) == (size, 0.003)
