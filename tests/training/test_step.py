"""The options of a step, against `fit` where it has them."""

from contextlib import nullcontext
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from imgcls.config import TrainingConfig
from imgcls.tensor_float_32 import without_tensor_float_32
from imgcls.training.devices import self_check
from imgcls.training.devices.self_check import check_against_one_device
from imgcls.training.devices.strategy import make_strategy
from imgcls.training.losses import make_loss
from imgcls.training.nonfinite import origin_of_nonfinite
from imgcls.training.optimizers import make_optimizer, scaled
from imgcls.training.step import Step, StepOptions
from imgcls.training.trainer import Trainer
from tests.training.test_trainer import BATCH, STEPS, batches, network, pixels_and_labels


def trained(model=None, settings=None, strategy="one_device", **options) -> Trainer:
    strategy = make_strategy(strategy)
    with strategy.scope():
        optimizer = make_optimizer(TrainingConfig(**settings), 0.01) if settings else scaled(keras.optimizers.SGD)(0.05)
        trainer = Trainer(model or network(), optimizer, strategy, batch_size=BATCH, options=StepOptions(**options))
    trainer.train(batches(), STEPS, 1, validate=dict)
    return trainer


def fitted(optimizer: keras.optimizers.Optimizer, loss: keras.losses.Loss | None = None) -> keras.Model:
    model = network()
    pixels, labels = pixels_and_labels()
    targets = keras.utils.to_categorical(labels, 3)
    model.compile(optimizer, loss or keras.losses.CategoricalCrossentropy(), jit_compile=False)
    model.fit(pixels, targets, batch_size=BATCH, shuffle=False, verbose=0)
    return model


def assert_same(ours: list, theirs: list, atol: float = 1e-6) -> None:
    for a, b in zip(ours, theirs, strict=True):
        assert np.allclose(a, b, atol=atol)


CASES = {
    "sgd with clipping": (
        {"optimizer": "sgd"},
        {"global_clipnorm": 0.1},
        lambda: keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True, global_clipnorm=0.1),
        None,
    ),
    "rmsprop with focal loss": (
        {"optimizer": "rmsprop"},
        {"loss": make_loss("focal", focal_gamma=2.0)},
        lambda: keras.optimizers.RMSprop(0.01, momentum=0.9),
        keras.losses.CategoricalFocalCrossentropy(alpha=1.0, gamma=2.0),
    ),
    "adam with averaged weights": (
        {"optimizer": "adam", "ema_momentum": 0.8},
        {},
        lambda: keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.8),
        None,
    ),
    "lion with decay": (
        {"optimizer": "lion", "weight_decay": 0.1},
        {},
        lambda: keras.optimizers.Lion(0.01, weight_decay=0.1),
        None,
    ),
}


@pytest.mark.parametrize("case", sorted(CASES))
@pytest.mark.thorough
def test_every_optimiser_does_what_it_does_in_fit(case):
    settings, options, theirs, loss = CASES[case]
    optimizer = theirs()
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    trainer = trained(settings=settings, **options)
    with trainer.averaged_weights():
        ours = trainer.model.get_weights()
    assert_same(ours, fitted(optimizer, loss).get_weights())


def without_normalization() -> keras.Model:
    model = network()
    for layer in model.layers:
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    return model


def test_parts_one_after_the_other_make_the_same_update():
    whole = trained(without_normalization())
    assert_same(
        trained(without_normalization(), gradient_accumulation_steps=4).model.get_weights(), whole.model.get_weights()
    )


def test_xla_makes_the_same_update():
    assert_same(trained(xla=True).model.get_weights(), trained().model.get_weights(), atol=1e-5)


@pytest.mark.parametrize("strategy", ["one_device", "mirrored"])
@pytest.mark.parametrize("options", [{}, {"gradient_accumulation_steps": 2}, {"xla": True}, {"steps_per_call": 0}])
def test_whole_pixels_of_8_bits_make_the_update_of_the_same_pixels_as_float32(strategy, options, monkeypatch):
    every = batches()
    monkeypatch.setattr(f"{__name__}.batches", lambda: every.map(with_pixels_of(tf.uint8)))
    short = trained(strategy=strategy, **options)
    monkeypatch.setattr(
        f"{__name__}.batches", lambda: every.map(with_pixels_of(tf.uint8)).map(with_pixels_of(tf.float32))
    )
    long = trained(strategy=strategy, **options)
    for a, b in zip(short.model.get_weights(), long.model.get_weights(), strict=True):
        assert np.array_equal(a, b)


def with_pixels_of(dtype: tf.DType):
    return lambda positions, pixels, *others: (positions, tf.cast(pixels, dtype), *others)


def test_where_numbers_stop_being_finite_is_found_in_pixels_of_8_bits():
    pixels = tf.zeros((2, 16, 16, 1), tf.uint8)
    assert origin_of_nonfinite(network(), pixels).startswith("it began in the gradient")


def test_a_batch_that_does_not_fit_is_computed_in_parts(monkeypatch, caplog):
    strategy = make_strategy("one_device")
    with strategy.scope():
        trainer = Trainer(without_normalization(), scaled(keras.optimizers.SGD)(0.05), strategy, batch_size=BATCH)
    caplog.set_level("INFO", "imgcls")
    real = Step.__call__

    def small_memory(step, pixels, *others):
        if pixels.shape[0] // step.options.gradient_accumulation_steps > 2:
            raise tf.errors.ResourceExhaustedError(None, None, "OOM")
        return real(step, pixels, *others)

    monkeypatch.setattr(Step, "__call__", small_memory)
    trainer.train(batches(), STEPS, 1, validate=dict)
    asked = "The memory asks for {} parts of each batch, one after the other."
    assert caplog.messages == [asked.format(2), asked.format(4)]
    assert_same(trainer.model.get_weights(), trained(without_normalization()).model.get_weights())


def test_an_overflow_in_float16_skips_the_update_and_halves_the_scale():
    strategy = make_strategy("one_device")
    with strategy.scope():
        trainer = Trainer(
            network(),
            scaled(keras.optimizers.SGD)(0.05),
            strategy,
            batch_size=BATCH,
            options=StepOptions(loss_scaling=True),
        )
    before = trainer.model.trainable_weights[0].numpy()
    trainer.variables.loss_scale.scale.assign(np.float32(3e38))
    _, pixels, targets, weights = next(iter(batches()))
    assert not bool(trainer.step(pixels, targets, 1000 * weights).updated)
    assert np.array_equal(before, trainer.model.trainable_weights[0].numpy())
    assert float(trainer.variables.loss_scale.scale.numpy()) == pytest.approx(1.5e38)


def test_a_variable_that_joins_adam_late_moves_as_if_it_were_the_first_step():
    def moved(late: int) -> np.ndarray:
        old, new = keras.Variable(np.ones(3)), keras.Variable(np.ones(3))
        optimizer = scaled(keras.optimizers.Adam)(0.1, epsilon=1e-12)
        optimizer.build([old, new])
        optimizer.scale_updates({}, {1: late})
        for _ in range(late):
            optimizer.apply([tf.ones(3)], [old])
        for step in range(5):
            optimizer.apply([tf.constant([1.0, -2.0, 0.5 * step])], [new])
        return new.numpy()

    assert moved(late=40) == pytest.approx(moved(late=0), rel=1e-4)


def test_the_scale_of_an_update_is_not_undone_by_adam():
    variables = [keras.Variable(np.zeros(2)), keras.Variable(np.zeros(2))]
    optimizer = scaled(keras.optimizers.Adam)(0.1)
    optimizer.build(variables)
    optimizer.scale_updates({1: 0.25}, {})
    optimizer.apply([tf.ones(2), tf.ones(2)], variables)
    assert variables[1].numpy() == pytest.approx(0.25 * variables[0].numpy())


@pytest.mark.parametrize(
    ("device", "rounds", "dtype", "most"),
    [
        ("GPU:0", True, "float32", 5e-3),
        ("GPU:0", False, "float32", 1e-4),
        ("CPU:0", True, "float32", 1e-4),
        ("GPU:0", True, "bfloat16", 3e-2),
        ("GPU:0", True, "int32", 0.0),
    ],
)
def test_float32_may_differ_by_more_where_cards_round_it(device, rounds, dtype, most):
    strategy = SimpleNamespace(extended=SimpleNamespace(worker_devices=(f"/job:localhost/device:{device}",)))
    with nullcontext() if rounds else without_tensor_float_32():
        assert self_check._largest_difference(dtype, strategy) == most


def test_the_check_against_one_device_passes_and_sees_a_doubled_gradient():
    strategy = make_strategy("mirrored")
    with strategy.scope():
        trainer = Trainer(network(dropout=0.5), scaled(keras.optimizers.SGD)(0.05), strategy, batch_size=BATCH)
    _, *batch = next(iter(trainer.distributed(batches())))
    before = trainer.state()[0]
    assert check_against_one_device(trainer, batch) < 1e-4
    for name, array in trainer.state()[0].items():
        assert np.array_equal(array, before[name])
    real = trainer.step.reduced_gradients

    def doubled(*given):
        numbers, gradients = real(*given)
        return numbers, [2 * strategy.experimental_local_results(gradient)[0] for gradient in gradients]

    trainer.step.reduced_gradients = doubled
    with pytest.raises(RuntimeError, match="--strategy one_device"):
        check_against_one_device(trainer, batch)
