"""Branches of a graph that most images do not take."""

from collections.abc import Callable

import tensorflow as tf


def seldom(branch: Callable[[], tf.Tensor]) -> Callable[[], tf.Tensor]:
    """A branch that TensorFlow builds when an image first takes it, and that costs the others nothing.

    By itself TensorFlow inlines every branch where a graph is used for the first time: formats that never come took
    most of the second that this lasts, and each image went through their dead nodes.

    Args:
        branch: What `tf.cond` or `tf.case` gets.
    """
    if tf.executing_eagerly():  # nothing is built, and a function would be traced for each image
        return branch
    return tf.function(branch, autograph=False, experimental_attributes={"_noinline": True})
