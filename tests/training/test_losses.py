import keras
import numpy as np
import pytest
import tensorflow as tf

from imgcls.training.losses import all_are_right, likeliest_is_right, make_binary_loss

GENERATOR = np.random.default_rng(0)
TARGETS = (GENERATOR.random((6, 4)) < 0.4).astype("float32")
LOGITS = GENERATOR.normal(size=(6, 4)).astype("float32")


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_binary_cross_entropy_is_that_of_keras(smoothing):
    theirs = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=smoothing, reduction=None)
    ours = make_binary_loss(label_smoothing=smoothing)
    assert np.allclose(ours(TARGETS, LOGITS), theirs(TARGETS, LOGITS), atol=1e-6)


def test_the_binary_focal_loss_is_that_of_keras_and_has_a_gradient_where_all_is_wrong():
    theirs = keras.losses.BinaryFocalCrossentropy(gamma=1.5, from_logits=True, reduction=None)
    ours = make_binary_loss("focal", focal_gamma=1.5)
    assert np.allclose(ours(TARGETS, LOGITS), theirs(TARGETS, LOGITS), atol=1e-5)
    for gamma in (0.3, 2.0):
        logits = tf.constant([[200.0, -200.0]])
        with tf.GradientTape() as tape:
            tape.watch(logits)
            loss = make_binary_loss("focal", focal_gamma=gamma)(tf.constant([[0.0, 1.0]]), logits)
        assert np.allclose(tape.gradient(loss, logits), [[0.5, -0.5]], atol=1e-5)


def test_images_that_have_a_class_weigh_as_they_should():
    plain, weighted = (make_binary_loss(positive_weights=weights) for weights in (None, np.array([3.0, 1, 1, 1])))
    only = np.eye(4, dtype="float32")[[0]]
    zeros = np.zeros((1, 4), "float32")
    assert float(weighted(only, zeros)[0] - plain(only, zeros)[0]) == pytest.approx(2 * np.log(2) / 4)
    assert float(weighted(zeros, zeros)[0]) == float(plain(zeros, zeros)[0])


def test_several_labels_are_right_if_all_are():
    targets = tf.constant([[1.0, 0.0, 1.0], [1.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    logits = tf.constant([[2.0, -1.0, 0.5], [2.0, 1.0, 0.5], [-1.0, -1.0, -1.0]])
    assert all_are_right(targets, logits).numpy().tolist() == [True, False, True]
    assert likeliest_is_right(targets[:2], logits[:2]).numpy().tolist() == [True, True]
