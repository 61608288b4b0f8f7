"""Where a stage's batches come from: pixels of the files, or features of the cache. Both in the same order."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from imgcls.data.pipeline import UNREADABLE_SHARE, part_of_places
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
        """Loss and accuracy on the validation images."""
        indices, logits = loop.predict(self.validation)
        return judged(logits, self.labels[indices])


def judged(logits: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """val_loss (cross-entropy) and val_accuracy of logits (N, classes) and class indices (N,)."""
    logits = logits.astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    log_probabilities = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return {
        "val_loss": float(-log_probabilities[np.arange(len(labels)), labels].mean()),
        "val_accuracy": float((logits.argmax(axis=1) == labels).mean()),
    }


def feature_batches(
    views: Sequence[np.ndarray],
    labels: Sequence[int],
    *,
    batch_size: int,
    steps: int,
    seed: int,
    position: int,
    part: tuple[int, int] = (0, 1),
) -> tf.data.Dataset:
    """Batches (positions, features, labels) in the order of `imgcls.data.pipeline.training_batches`.

    views: features (N, F) of each view of the images; epoch e takes view e modulo their number. Rows with a NaN are
        images that could not be read and are left out.
    """
    count, kinds = len(labels), len(views)
    table, names = tf.constant(np.concatenate(views)), tf.constant(list(labels), tf.int32)
    readable = tf.constant(np.isfinite(np.stack(views)).all(axis=(0, 2)))

    def place(position):
        index = tf.random.experimental.index_shuffle(
            position % count, seed=[seed, position // count], max_index=tf.constant(count - 1, tf.int64)
        )
        return position, index, (position // count) % kinds

    def row(positions, indices, view):
        return positions, tf.gather(table, view * count + indices), tf.gather(names, indices)

    needed = steps * batch_size
    places = tf.data.Dataset.range(position, position + needed + int(UNREADABLE_SHARE * needed) + batch_size)
    places, batch_size = part_of_places(places, batch_size, part)
    places = places.map(place).filter(lambda position, index, view: readable[index])
    options = tf.data.Options()
    options.autotune.enabled = False
    return places.batch(batch_size, drop_remainder=True).take(steps).map(row).with_options(options).prefetch(2)


def in_batches(features: np.ndarray, size: int = 1024) -> list[tuple[np.ndarray, np.ndarray]]:
    """Batches (indices, features) of the rows without a NaN."""
    places = np.flatnonzero(np.isfinite(features).all(axis=1))
    return [(part, features[part]) for part in np.split(places, range(size, len(places), size))]
