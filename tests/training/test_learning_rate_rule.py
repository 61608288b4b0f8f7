"""The learning rate by the batch size: the square root for adaptive optimizers, in proportion for SGD."""

import typing

import pytest

from imgcls.config import TrainingConfig
from imgcls.training.learning_rate_rule import EXPONENTS, learning_rate_of, sentence, settle_learning_rate


@pytest.mark.parametrize("optimizer", sorted(EXPONENTS))
def test_small_batches_have_the_rate_of_64_images(optimizer):
    assert {learning_rate_of(optimizer, images) for images in (1, 8, 63, 64)} == {0.003}


@pytest.mark.parametrize("optimizer", sorted(EXPONENTS))
def test_large_batches_have_a_rate_by_the_rule_of_the_optimizer(optimizer):
    four_times = 0.012 if optimizer == "sgd" else 0.006
    assert learning_rate_of(optimizer, 256) == four_times
    assert learning_rate_of(optimizer, 128) == (0.006 if optimizer == "sgd" else 0.00424)


def test_every_optimizer_has_a_rule():
    assert set(EXPONENTS) == set(typing.get_args(typing.get_type_hints(TrainingConfig)["optimizer"]))


def test_a_rate_that_the_user_names_stays():
    training = TrainingConfig(learning_rate=0.1, batch_size=1024, optimizer="sgd")
    assert settle_learning_rate(training, 100_000) == training


def test_a_batch_has_no_more_images_than_there_are_for_training():
    training = TrainingConfig(batch_size=1024, optimizer="sgd")
    assert settle_learning_rate(training, 100_000).learning_rate == 0.048
    assert settle_learning_rate(training, 128).learning_rate == 0.006


def test_the_sentence_names_the_rule():
    assert sentence(TrainingConfig(batch_size=256), 5000) == (
        "--learning-rate 0.006: 0.003 for batches of 64 images, and for 256 in proportion to the square root of the "
        "batch, as suits adamw."
    )
    assert "in proportion to the batch, as suits sgd" in sentence(TrainingConfig(batch_size=256, optimizer="sgd"), 5000)
    assert sentence(TrainingConfig(batch_size=16), 5000) == (
        "--learning-rate 0.003: that of batches of at most 64 images."
    )
