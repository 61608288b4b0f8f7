import keras
import numpy as np
import pytest
import tensorflow as tf

from imgcls.layers import ClassProbabilities, PixelStandardization
from imgcls.training.devices.strategy import make_strategy
from imgcls.training.losses import make_loss
from imgcls.training.optimizers import scaled
from imgcls.training.step import StepOptions
from imgcls.training.trainer import Trainer

NAMES = ["ant", "bee", "cow"]
STEPS, BATCH = 6, 8


def pixels_and_labels() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    pixels = generator.uniform(0, 255, (STEPS * BATCH, 16, 16, 1)).astype("float32")
    return pixels, generator.integers(0, 3, STEPS * BATCH).astype("int32")


def batches() -> tf.data.Dataset:
    pixels, labels = pixels_and_labels()
    positions, targets = np.arange(STEPS * BATCH), keras.utils.to_categorical(labels, 3)
    parts = (positions, pixels, targets, np.ones(STEPS * BATCH, "float32"))
    return tf.data.Dataset.from_tensor_slices(parts).batch(BATCH, drop_remainder=True)


def network(dropout: float = 0.0) -> keras.Model:
    """A small classifier with all that a big one has: convolution, normalisation, dropout, the named layers."""
    keras.utils.set_random_seed(0)
    pixels = keras.Input((16, 16, 1))
    x = PixelStandardization((127.5,), (60.0,), name="standardization")(pixels)
    x = keras.layers.Conv2D(8, 3, use_bias=False)(x)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
    x = keras.layers.GlobalAveragePooling2D(name="embedding")(x)
    x = keras.layers.Dense(3, name="logits")(keras.layers.Dropout(dropout)(x))
    return keras.Model(pixels, ClassProbabilities(NAMES, name="probabilities")(x))


def one_device_trainer(dropout: float = 0.0) -> Trainer:
    strategy = make_strategy("one_device")
    with strategy.scope():
        return Trainer(network(dropout), scaled(keras.optimizers.AdamW)(0.01), strategy, batch_size=BATCH)


def run_trainer(strategy_name: str, dropout: float = 0.0) -> tuple[list[float], keras.Model]:
    strategy = make_strategy(strategy_name)
    with strategy.scope():
        model = network(dropout)
        trainer = Trainer(
            model,
            scaled(keras.optimizers.AdamW)(0.01),
            strategy,
            batch_size=BATCH,
            options=StepOptions(loss=make_loss(label_smoothing=0.1)),
        )
    rows = []
    epochs = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: rows.append(logs))
    trainer.train(batches(), STEPS // 2, 2, validate=dict, callbacks=[epochs])
    return [row["loss"] for row in rows], model


def test_one_device_equals_fit():
    losses, model = run_trainer("one_device")
    with make_strategy("one_device").scope():
        twin = network()
        loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
        twin.compile(keras.optimizers.AdamW(0.01), loss, jit_compile=False)
    pixels, labels = pixels_and_labels()
    targets = keras.utils.to_categorical(labels, 3)
    half = STEPS // 2 * BATCH
    history = [
        twin.fit(pixels[part], targets[part], batch_size=BATCH, shuffle=False, verbose=0).history["loss"][0]
        for part in (slice(0, half), slice(half, None))
    ]
    assert losses == pytest.approx(history, rel=1e-6)
    for ours, theirs in zip(model.get_weights(), twin.get_weights(), strict=True):
        assert np.allclose(ours, theirs, atol=1e-6)


def test_two_devices_give_the_losses_of_one_with_frozen_statistics():
    """Each replica normalises its own half of the batch, so the statistics are frozen for the comparison."""

    def losses(strategy_name: str) -> list[float]:
        strategy = make_strategy(strategy_name)
        with strategy.scope():
            model = network()
            for layer in model.layers:
                layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
            trainer = Trainer(model, scaled(keras.optimizers.SGD)(0.01, 0.9), strategy, batch_size=BATCH)
        rows = []
        epochs = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: rows.append(logs["loss"]))
        trainer.train(batches(), STEPS // 2, 2, validate=dict, callbacks=[epochs])
        assert trainer.progress.position == STEPS * BATCH
        return rows

    assert make_strategy("mirrored").num_replicas_in_sync == 2
    assert losses("mirrored") == pytest.approx(losses("one_device"), rel=1e-4)


@pytest.mark.thorough
def test_a_restored_loop_goes_on_as_if_it_had_not_stopped():
    unbroken = one_device_trainer(dropout=0.5)
    unbroken.train(batches(), STEPS, 1, validate=dict)

    first = one_device_trainer(dropout=0.5)
    stop = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: setattr(first, "stop_requested", batch == 2)
    )
    first.train(batches(), STEPS, 1, validate=dict, callbacks=[stop])
    arrays, state = first.state()
    assert state["step"] == 3
    second = one_device_trainer(dropout=0.5)
    second.restore(arrays, state)
    second.train(batches().skip(3), STEPS, 1, validate=dict)
    for a, b in zip(unbroken.model.get_weights(), second.model.get_weights(), strict=True):
        assert np.array_equal(a, b)


def test_a_checkpoint_of_another_network_is_refused():
    trainer = one_device_trainer()
    arrays, state = trainer.state()
    arrays.popitem()
    with pytest.raises(ValueError, match="another network"):
        trainer.restore(arrays, state)


def test_a_loss_that_is_no_number_ends_the_run_with_advice():
    trainer = one_device_trainer()
    trainer.model.get_layer("logits").kernel.assign(np.full((8, 3), np.nan))
    with pytest.raises(FloatingPointError, match="lower --learning-rate"):
        trainer.train(batches(), STEPS, 1, validate=dict)
