"""Where a stage's batches come from: pixels of the files, or features of the cache. Both in the same order."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from imgcls.metrics import Predictions, measure_validation
from imgcls.training.loop import Loop


@dataclass(frozen=True)
class Source:
    """training: (position, steps) -> batches of training from this position on. validation: batches to be judged on.

    labels: class indices of the validation images.
    """

    training: Callable[[int, int], tf.data.Dataset]
    validation: Iterable
    labels: np.ndarray

    def judge(self, loop: Loop) -> dict[str, float]:
        """The metrics of the validation images."""
        indices, logits = loop.predict(self.validation)
        return measure_validation(Predictions.from_logits(self.labels[indices], logits))


def feature_batches(
    views: Sequence[np.ndarray],
    labels: np.ndarray,
    order: Callable[[tf.Tensor], tf.Tensor],
    *,
    num_classes: int,
    class_weights: np.ndarray | None,
    batch_size: int,
    steps: int,
    position: int,
    part: tuple[int, int] = (0, 1),
) -> tf.data.Dataset:
    """Batches (positions, features, targets, weights) as `imgcls.data.batches.pipeline.training_batches` has them.

    views: features (N, F) of each view of the images; epoch e takes view e modulo their number. A row with a NaN is an
        image that could not be read and has weight 0.
    """
    count, kinds, (index, workers) = len(labels), len(views), part
    share = batch_size // workers
    table, classes = tf.constant(np.nan_to_num(np.concatenate(views))), tf.constant(labels)
    readable = tf.constant(np.isfinite(np.concatenate(views)).all(axis=1).astype(np.float32))
    factors = tf.constant(np.ones(num_classes) if class_weights is None else class_weights, tf.float32)

    @tf.autograph.experimental.do_not_convert
    def batch(step):
        positions = step * batch_size + index * share + tf.range(share, dtype=tf.int64)
        examples = order(positions)
        rows = (positions // count) % kinds * count + examples
        targets = tf.one_hot(tf.gather(classes, examples), num_classes)
        there = tf.gather(readable, rows)
        weights = there * tf.linalg.matvec(targets, factors) * share / tf.maximum(tf.reduce_sum(there), 1.0)
        return positions, tf.gather(table, rows), targets, weights

    first = position // batch_size
    options = tf.data.Options()
    options.autotune.enabled = False
    return tf.data.Dataset.range(first, first + steps).map(batch).with_options(options).prefetch(2)


def in_batches(features: np.ndarray, size: int = 1024) -> list[tuple[np.ndarray, np.ndarray]]:
    """Batches (indices, features) of the rows without a NaN."""
    places = np.flatnonzero(np.isfinite(features).all(axis=1))
    return [(part, features[part]) for part in np.split(places, range(size, len(places), size))]
