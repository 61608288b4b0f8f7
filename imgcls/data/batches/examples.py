"""The training examples that batches are made of: images, their labels, and the part of each image that counts."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from imgcls.counted import counted
from imgcls.data.images.collection import Images, as_images


class LabeledImages:
    """Images with their labels.

    Args:
        images: Paths, an array (N, H, W, 1 or 3) of uint8, or any other `Images`.
        labels: (N,) class numbers, or (N, classes) numbers in [0, 1], where an image has several classes.
        num_classes: The number of classes of the model.
        boxes: (N, 4), the part of each image that is its example, as `Manifest.boxes` gives them; None: whole images.

    Attributes:
        images: The images by their numbers.
        box: The box (4,) of the example with a number; None where there are no boxes.
        targets: The targets of examples by their numbers, as `target_lookup` gives them.

    Raises:
        ValueError: There are no images, a label is missing, or a label is no class of the model.
    """

    def __init__(
        self,
        images: Images | Sequence[str | Path] | np.ndarray,
        labels: Sequence[int] | np.ndarray,
        num_classes: int,
        boxes: np.ndarray | None = None,
    ) -> None:
        labels = np.asarray(labels)
        self.images, self.num_classes, self.box = as_images(images), num_classes, box_lookup(boxes)
        _check_labels(labels, len(self.images), num_classes)
        self.targets = target_lookup(labels, num_classes)

    def __len__(self) -> int:
        return len(self.images)


def target_lookup(labels: np.ndarray, num_classes: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """The targets of examples by their numbers.

    Args:
        labels: (N,) class numbers, or (N, classes) numbers in [0, 1], where an image has several classes.
        num_classes: The number of classes.

    Returns:
        A function from numbers (B,), int64, to targets (B, classes), float32: 1 for the class of the example, or its
        numbers where it has several classes.
    """
    table = tf.constant(labels)
    if table.shape.rank == 2:
        return lambda numbers: tf.cast(tf.gather(table, numbers), tf.float32)
    return lambda numbers: tf.one_hot(tf.gather(table, numbers), num_classes)


def box_lookup(boxes: np.ndarray | None) -> Callable[[tf.Tensor], tf.Tensor | None]:
    """A function from the number of an example to its box (4,), or to None where `boxes` is None."""
    if boxes is None:
        return lambda number: None
    table = tf.constant(boxes, tf.float32)
    return lambda number: table[number]


def _check_labels(labels: np.ndarray, count: int, num_classes: int) -> None:
    if not count:
        raise ValueError("There are no images, so every batch would be empty; expected at least one.")
    if len(labels) != count:
        raise ValueError(
            f"Got {counted(count, 'image')} and {counted(len(labels), 'label')}; expected a label for each image."
        )
    if labels.ndim == 2 and labels.shape[1] != num_classes:
        raise ValueError(
            f"The labels have {counted(labels.shape[1], 'column')}; "
            f"expected one for each of {counted(num_classes, 'class')}."
        )
    if labels.ndim == 2:
        return
    (unknown,) = np.nonzero((labels < 0) | (labels >= num_classes))
    if len(unknown):
        first = unknown[0]
        raise ValueError(
            f"Image number {first} has the label number {labels[first]}, which the model does not know; expected 0 to "
            f"{num_classes - 1}. ({counted(len(unknown), 'such image')}.)"
        )
