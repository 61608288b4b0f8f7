import numpy as np
import tensorflow as tf

from imgcls.models import auxiliary_logits_model, build_model, describe, load_model, without_auxiliary_heads
from imgcls.models.classifier import logits_model

NAMES = ["a", "b", "c"]
SHAPE = (81, 81, 3)


def pixels() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (2, *SHAPE)).astype("float32")


def test_auxiliary_heads_are_there_in_training_and_gone_afterwards(tmp_path):
    model = build_model("googlenet", SHAPE, NAMES, auxiliary_heads=True)
    training, weights = auxiliary_logits_model(model)
    assert weights == [1.0, 0.3, 0.3]
    assert [tuple(output.shape) for output in training(pixels())] == [(2, 3)] * 3
    np.testing.assert_array_equal(logits_model(model)(pixels()), training(pixels())[0])

    model.save(tmp_path / "model.keras")
    plain = without_auxiliary_heads(load_model(tmp_path / "model.keras"))
    assert sum(np.prod(w.shape) for w in plain.trainable_weights) == describe("googlenet", SHAPE, 3).parameters
    np.testing.assert_array_equal(plain(pixels()), model(pixels()))
    assert auxiliary_logits_model(plain)[1] == [1.0]
    assert without_auxiliary_heads(plain) is plain


def test_the_heads_of_googlenet_learn_too():
    model = build_model("googlenet", SHAPE, NAMES, auxiliary_heads=True)
    training, weights = auxiliary_logits_model(model)
    with tf.GradientTape() as tape:
        losses = [
            weight * tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits([0, 1], logits))
            for weight, logits in zip(weights, training(pixels()), strict=True)
        ]
        loss = tf.add_n(losses)
    gradients = tape.gradient(loss, [v.value for v in model.trainable_variables])
    assert all(gradient is not None for gradient in gradients)
