"""The order of examples in a run: which example stands at a position, a pure function of the seed and the position.

A run reads one endless row of positions; an epoch is as many positions as there are examples. So a resumed run reads on
at its position and sees what it would have seen, whatever the order.
"""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

TENSORFLOW_KEY = 498247692  # that TensorFlow's own wrapper, which takes one seed for all, puts before a seed
STREAM = 2**32  # between the seeds of two classes; a run's seed is below 2^31


class Shuffled:
    """Every example once in each epoch, shuffled anew.

    Args:
        count: The number of examples.
        seed: Of the run.
    """

    def __init__(self, count: int, seed: int) -> None:
        self.count, self.seed = count, seed

    def __call__(self, positions: tf.Tensor) -> tf.Tensor:
        """The examples (B,) at positions (B,), int64 both."""
        return _shuffled(positions % self.count, self.seed, positions // self.count, self.count)


class ByQuota:
    """A fixed number of examples of each class in each epoch, shuffled; all images of a class come equally often.

    Args:
        classes: (N,), the class of each example.
        quotas: (classes,), the positions of an epoch that each class gets, as `tempered_quotas` gives them.
        seed: Of the run.
    """

    def __init__(self, classes: Sequence[int] | np.ndarray, quotas: Sequence[int] | np.ndarray, seed: int) -> None:
        self.members = _Members(classes, len(quotas), seed)
        self.seed = seed
        self.quotas = tf.constant(quotas, tf.int64)
        self.ends = tf.cumsum(self.quotas)
        self.count = int(np.sum(quotas))

    def __call__(self, positions: tf.Tensor) -> tf.Tensor:
        """The examples (B,) at positions (B,), int64 both."""
        epoch = positions // self.count
        slot = _shuffled(positions % self.count, self.seed, epoch, self.count)
        classes = tf.searchsorted(self.ends, slot, side="right", out_type=tf.int64)
        quota = tf.gather(self.quotas, classes)
        return self.members.take(classes, epoch * quota + slot - (tf.gather(self.ends, classes) - quota))


class ByBlock:
    """Every class once in each block of as many positions as there are classes, so that all batches are balanced.

    Args:
        classes: (N,), the class of each example.
        num_classes: The number of classes.
        seed: Of the run.
    """

    def __init__(self, classes: Sequence[int] | np.ndarray, num_classes: int, seed: int) -> None:
        self.members = _Members(classes, num_classes, seed)
        self.seed, self.num_classes = seed, num_classes

    def __call__(self, positions: tf.Tensor) -> tf.Tensor:
        """The examples (B,) at positions (B,), int64 both."""
        block = positions // self.num_classes
        classes = _shuffled(positions % self.num_classes, self.seed, block, self.num_classes)
        return self.members.take(classes, block)


class _Members:
    """The examples of each class, in an order that is drawn anew for each pass over the class."""

    def __init__(self, classes: Sequence[int] | np.ndarray, num_classes: int, seed: int) -> None:
        class_of = np.asarray(classes)
        counts = np.bincount(class_of, minlength=num_classes)
        if not counts.all():
            raise ValueError(
                f"Class number {int(counts.argmin())} has no training image; expected at least one of each."
            )
        self.by_class = tf.constant(np.argsort(classes, kind="stable"), tf.int64)
        self.counts = tf.constant(counts, tf.int64)
        self.first = tf.constant(np.cumsum(counts) - counts, tf.int64)
        self.seed = seed

    def take(self, classes: tf.Tensor, turns: tf.Tensor) -> tf.Tensor:
        """The example that comes at this turn of its class: (B,) from (B,) and (B,), int64."""
        counts = tf.gather(self.counts, classes)
        place = _shuffled(turns % counts, self.seed + STREAM * (1 + classes), turns // counts, counts)
        return tf.gather(self.by_class, tf.gather(self.first, classes) + place)


def _shuffled(places: tf.Tensor, seed: tf.Tensor | int, passes: tf.Tensor, counts: tf.Tensor | int) -> tf.Tensor:
    """Where each place (B,) of `counts` goes in the shuffle of this seed and pass; each may be one number for all."""
    like = tf.zeros_like(places)
    seeds = tf.stack([like + TENSORFLOW_KEY, like + seed, like + passes], axis=1)
    return tf.raw_ops.RandomIndexShuffle(index=places, seed=seeds, max_index=like + counts - 1, rounds=4)


def example_at(order: Callable[[tf.Tensor], tf.Tensor], position: int) -> int:
    """The example that stands at `position`."""
    return int(order(tf.constant([position], tf.int64))[0])


def tempered_quotas(counts: Sequence[int] | np.ndarray, exponent: float) -> np.ndarray:
    """Divide the positions of an epoch in proportion to the class sizes to a power.

    Args:
        counts: (classes,), images.
        exponent: 1 keeps the shares, 0 makes them equal.

    Returns:
        (classes,), int, each at least 1; they add up to the number of images.

    Example:
        >>> tempered_quotas([90, 10], 0.5).tolist()
        [75, 25]
    """
    have = np.asarray(counts, np.float64)
    wanted = have**exponent / np.sum(have**exponent) * have.sum()
    quotas: np.ndarray = np.maximum(np.floor(wanted).astype(np.int64), 1)
    left = int(have.sum()) - int(quotas.sum())
    for place in np.argsort(np.floor(wanted) - wanted, kind="stable")[: max(left, 0)]:
        quotas[place] += 1
    while quotas.sum() > have.sum():  # classes of next to nothing were given one
        quotas[quotas.argmax()] -= 1
    return quotas
