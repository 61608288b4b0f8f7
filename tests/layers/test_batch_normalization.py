import keras
import numpy as np
import pytest
import tensorflow as tf

from imgcls.layers import BatchNormalization

SHAPES = {"channels_last": ((6, 5, 4, 3), -1), "channels_first": ((6, 3, 5, 4), 1), "one value": ((1, 1, 1, 3), -1)}


def trained(kind: type, shape: tuple, axis: int, dtype: str, inputs: np.ndarray, **arguments) -> list[np.ndarray]:
    """What a step leaves: outputs, gradients of the inputs and of the trainable weights, moving statistics."""
    layer = kind(axis=axis, momentum=0.9, dtype=dtype, **arguments)
    layer.build(shape)
    layer.set_weights([np.linspace(0.5, 1.5, weight.shape[0]) for weight in layer.weights])
    x = tf.constant(inputs, layer.compute_dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = tf.cast(layer(x, training=True), tf.float32)
        loss = tf.reduce_sum(outputs * np.cos(np.arange(inputs.size)).reshape(shape).astype(np.float32))
    trainable = [weight.value for weight in layer.trainable_weights]
    gradients = tape.gradient(loss, [x, *trainable])
    return [np.asarray(tf.cast(value, tf.float32)) for value in (outputs, *gradients, *layer.non_trainable_weights)]


@pytest.mark.parametrize("arguments", [{}, {"scale": False}, {"center": False, "epsilon": 0.1}])
@pytest.mark.parametrize("case", SHAPES)
def test_a_training_step_is_that_of_keras(case, arguments):
    shape, axis = SHAPES[case]
    inputs = np.random.default_rng(0).normal(3.0, 2.0, shape).astype(np.float32)
    ours, theirs = (
        trained(kind, shape, axis, "float32", inputs, **arguments)
        for kind in (BatchNormalization, keras.layers.BatchNormalization)
    )
    for found, expected in zip(ours, theirs, strict=True):
        assert found == pytest.approx(expected, abs=2e-5)


@pytest.mark.usefixtures("bfloat16")
def test_bfloat16_keeps_its_statistics_in_float32():
    inputs = np.random.default_rng(0).normal(3.0, 2.0, (6, 5, 4, 3)).astype(np.float32)
    outputs, *_, mean, variance = trained(BatchNormalization, (6, 5, 4, 3), -1, "mixed_bfloat16", inputs)
    expected, *_, exact_mean, exact_variance = trained(BatchNormalization, (6, 5, 4, 3), -1, "float32", inputs)
    assert outputs == pytest.approx(expected, abs=0.05)
    assert mean == pytest.approx(exact_mean, abs=1e-3)
    assert variance == pytest.approx(exact_variance, rel=1e-2)


@pytest.mark.parametrize("case", ["inference", "frozen", "dense"])
def test_what_is_not_fused_is_left_to_keras(case):
    shape = (6, 3) if case == "dense" else (6, 5, 4, 3)
    inputs = np.random.default_rng(0).normal(3.0, 2.0, shape).astype(np.float32)
    found = []
    for kind in (BatchNormalization, keras.layers.BatchNormalization):
        layer = kind(trainable=case != "frozen")
        found += [layer(inputs, training=case != "inference").numpy(), layer.moving_variance.numpy()]
    assert np.array_equal(found[0], found[2])
    assert np.array_equal(found[1], found[3])


def test_it_is_saved_and_compiled(tmp_path):
    model = keras.Sequential([keras.Input((4, 4, 3)), BatchNormalization(name="norm")])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert isinstance(again.layers[0], BatchNormalization)
    inputs = np.random.default_rng(0).normal(3.0, 2.0, (2, 4, 4, 3)).astype(np.float32)
    compiled = tf.function(lambda x: again(x, training=True), jit_compile=True)
    assert compiled(inputs).numpy() == pytest.approx(model(inputs, training=True).numpy(), abs=1e-5)


def test_one_value_in_each_channel_has_no_variance_also_where_a_card_divides_by_zero(monkeypatch):
    fused = tf.raw_ops.FusedBatchNormV3

    def as_cudnn(**given):
        return fused(**given)._replace(batch_variance=tf.fill([3], np.nan))  # as it was seen on an H200

    monkeypatch.setattr(tf.raw_ops, "FusedBatchNormV3", as_cudnn)
    layer = BatchNormalization(momentum=0.75)
    layer(np.ones((1, 1, 1, 3), np.float32), training=True)
    assert layer.moving_variance.numpy().tolist() == [0.75] * 3
