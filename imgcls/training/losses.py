"""Losses: (targets, logits) -> the loss of each example, before it is averaged; and whether an example is right."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

LOSSES = ("cross_entropy", "focal")


def make_loss(
    name: str = "cross_entropy", label_smoothing: float = 0.0, focal_gamma: float = 2.0
) -> Callable[..., Any]:
    """The loss called `name`.

    Args:
        name: of `LOSSES`.
        label_smoothing: share in [0, 1) of the target that is spread over all classes.
        focal_gamma: exponent of the focal loss, at least 0, where it is cross-entropy. Classes are weighed
            elsewhere, so its alpha is 1.

    Returns:
        A function from targets (B, classes), which may be soft, and logits (B, classes) to losses (B,).

    Reference:
        Lin et al., Focal Loss for Dense Object Detection, 2017.
    """
    shared = {"from_logits": True, "label_smoothing": label_smoothing, "reduction": None}
    if name == "focal":
        focal: Callable[..., Any] = keras.losses.CategoricalFocalCrossentropy(alpha=1.0, gamma=focal_gamma, **shared)
        return focal
    loss: Callable[..., Any] = keras.losses.CategoricalCrossentropy(**shared)
    return loss


def make_binary_loss(
    name: str = "cross_entropy",
    label_smoothing: float = 0.0,
    focal_gamma: float = 2.0,
    positive_weights: np.ndarray | None = None,
) -> Callable[..., Any]:
    """The loss called `name` where an image has any number of classes: a binary one of each class, and their mean.

    Args:
        name: of `LOSSES`.
        label_smoothing: share in [0, 1) of each target that is spread over yes and no.
        focal_gamma: exponent of the focal loss, at least 0, where it is cross-entropy.
        positive_weights: (classes,) of the loss of the images that have the class, where that of the others has 1;
            None: 1.

    Returns:
        A function from targets (B, classes) in [0, 1] and logits (B, classes) to losses (B,).

    Reference:
        Lin et al., Focal Loss for Dense Object Detection, 2017.

    Example:
        >>> loss = make_binary_loss()(np.array([[1.0, 0.0]], np.float32), np.zeros((1, 2), np.float32))
        >>> [round(float(x), 4) for x in loss]
        [0.6931]
    """
    of_positives = np.float32(1.0) if positive_weights is None else np.asarray(positive_weights, np.float32)
    gamma = focal_gamma if name == "focal" else 0.0

    def loss(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        targets = tf.cast(targets, logits.dtype) * (1.0 - label_smoothing) + 0.5 * label_smoothing
        log_yes, log_no = tf.math.log_sigmoid(logits), tf.math.log_sigmoid(-logits)
        yes, no = of_positives * targets * log_yes, (1.0 - targets) * log_no
        if gamma:  # by logarithms, which have a gradient where a probability is rounded to 0 or 1
            yes, no = yes * tf.exp(gamma * log_no), no * tf.exp(gamma * log_yes)
        return -tf.reduce_mean(yes + no, axis=-1)

    return loss


def likeliest_is_right(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """(B,) whether the class with the highest logit has the largest target. Both (B, classes)."""
    return tf.argmax(logits, -1) == tf.argmax(targets, -1)


def all_are_right(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """(B,) whether exactly the classes with a target above a half have a probability above it. Both (B, classes)."""
    return tf.reduce_all((logits >= 0.0) == (targets > 0.5), axis=-1)
