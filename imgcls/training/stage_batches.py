"""The batches of a stage: pixels of the files, or features of the cache. Both come in the same order."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from imgcls.data.batches.examples import target_lookup
from imgcls.data.batches.pipeline import loss_weights
from imgcls.data.batches.shares import share_of
from imgcls.metrics import Predictions, measure_validation
from imgcls.training.trainer import Trainer

FEATURES_AT_ONCE = 1024  # rows of a batch of features that are not trained on


@dataclass(frozen=True, eq=False)
class StageBatches:
    """The batches that a stage trains on, and those that it is validated on.

    Attributes:
        training: (position, steps) -> batches (positions, inputs, targets, weights) from this position on.
        validation: batches (indices, inputs).
        labels: (N,) class indices of the validation images, or (N, classes) where they have any number of classes.
    """

    training: Callable[[int, int], tf.data.Dataset]
    validation: Iterable[Any]
    labels: np.ndarray

    def validate(self, trainer: Trainer) -> dict[str, float]:
        """The value of every metric on the validation images, by its name behind "val_"."""
        return validate(trainer, self.validation, self.labels)


def validate(trainer: Trainer, batches: Iterable[Any], labels: np.ndarray) -> dict[str, float]:
    """The value of every metric of the classifier as it is.

    Args:
        trainer: has the classifier.
        batches: (indices, inputs) of images.
        labels: of all of them, as `StageBatches` has them.

    Returns:
        Values by names that begin with "val_".
    """
    indices, logits = trainer.predict(batches)
    return measure_validation(Predictions.from_logits(labels[indices], logits))


@dataclass(frozen=True, eq=False)
class FeatureBatches:
    """Batches of features, as `imgcls.data.batches.pipeline.training_batches` makes them of pixels.

    Attributes:
        views: features (N, F) of each view of the images; epoch e takes view e modulo their number. A row with a NaN
            is an image that could not be read and has weight 0.
        labels: (N,) class indices, or (N, classes) where images have any number of classes.
        num_classes: number of classes.
        order: from positions to examples, of `imgcls.data.batches.order`.
        class_weights: (classes,) of the loss; None: 1.
        batch_size: of the global batch.
        part: (index, count) of this worker among those that train together.
    """

    views: Sequence[np.ndarray]
    labels: np.ndarray
    num_classes: int
    order: Callable[[tf.Tensor], tf.Tensor]
    class_weights: np.ndarray | None
    batch_size: int
    part: tuple[int, int] = (0, 1)

    def __call__(self, position: int, steps: int) -> tf.data.Dataset:
        """Batches (positions, features, targets, weights).

        Args:
            position: of the first example; a multiple of the batch size.
            steps: number of batches.
        """
        count, kinds, every = len(self.labels), len(self.views), np.concatenate(self.views)
        batch_size, order = self.batch_size, self.order
        offset, share = share_of(self.part, batch_size)
        table, targets_of = tf.constant(np.nan_to_num(every)), target_lookup(self.labels, self.num_classes)
        readable = tf.constant(np.isfinite(every).all(axis=1).astype(np.float32))

        @tf.autograph.experimental.do_not_convert
        def batch(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
            positions = step * batch_size + offset + tf.range(share, dtype=tf.int64)
            examples = order(positions)
            rows = (positions // count) % kinds * count + examples
            targets, there = targets_of(examples), tf.gather(readable, rows)
            weights = there * loss_weights(targets, self.class_weights) * share
            weights /= tf.maximum(tf.reduce_sum(there), 1.0)
            return positions, tf.gather(table, rows), targets, weights

        first = position // batch_size
        options = tf.data.Options()
        options.autotune.enabled = False
        return tf.data.Dataset.range(first, first + steps).map(batch).with_options(options).prefetch(2)


def in_batches(features: np.ndarray, size: int = FEATURES_AT_ONCE) -> list[tuple[np.ndarray, np.ndarray]]:
    """Batches (indices, features) of the rows without a NaN.

    Args:
        features: (N, F).
        size: of a batch.
    """
    places = np.flatnonzero(np.isfinite(features).all(axis=1))
    return [(part, features[part]) for part in np.split(places, range(size, len(places), size))]
