"""The tf.data chain: files to batches, in an order that is a pure function of the seed and the place in the run.

A run reads one endless row of positions, `batch_size` a step. An order of `data.batches.order` says which example
stands at a position, and its augmentation is drawn from (seed, position); so a resumed run reads on at its position and
sees what it would have seen. There is one iterator a run: tf.data's autotuning would make the end of each one wait, so
it is off and the parallelism is set.
"""

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import tensorflow as tf

from imgcls.counted import counted
from imgcls.data.augmentation import NONE, Augmentation, Draws, mix
from imgcls.data.augmentation.mixing import NUMBERS
from imgcls.data.batches.order import Shuffled
from imgcls.data.batches.service import ServiceBatches
from imgcls.data.images.collection import ImageFiles, Images, as_images
from imgcls.data.images.preprocessing import Preprocessing, preprocess_region

_as_it_is = tf.autograph.experimental.do_not_convert  # reading the source again takes seconds a chain
PARALLEL = max(2, os.cpu_count() or 2)
BATCHES_AT_ONCE = 2


def training_batches(
    images: Images | Sequence[str | Path] | np.ndarray,
    labels: Sequence[int] | np.ndarray,
    preprocessing: Preprocessing,
    *,
    num_classes: int,
    boxes: np.ndarray | None = None,
    batch_size: int,
    steps: int,
    seed: int,
    order=None,
    augmentation: Augmentation | None = None,
    strong_classes: Sequence[bool] | None = None,
    class_weights: Sequence[float] | None = None,
    position: int = 0,
    part: tuple[int, int] = (0, 1),
    parallel: int = PARALLEL,
    data_service: str | None = None,
) -> tf.data.Dataset | ServiceBatches:
    """Batches (positions, pixels, targets, weights) for `steps` steps, beginning at `position`.

    positions: (B,) int64, without gaps.
    pixels: (B, H, W, C) float32 in [0, 255]; black where the image could not be read.
    targets: (B, classes) float32, each row adding up to 1, unless `labels` are several an image.
    weights: (B,) float32 of the examples' losses; 0 where the image could not be read, and the others make up for it.

    images: paths, an array (N, H, W, 1 or 3) of uint8, or where else they come from.
    labels: (N,) class numbers, or (N, classes) numbers in [0, 1].
    boxes: (N, 4), the part of each image that is its example, as `Manifest.boxes` gives them.
    order: of `imgcls.data.batches.order`; by default every example once an epoch.
    strong_classes: (classes,) those whose images get the second row of the augmentation's settings.
    class_weights: (classes,) of the loss; a soft label has the mean of its classes' weights.
    position: a multiple of the batch size. part: (index, count) of one of several workers, which reads one of `count`
        equal parts of each batch. parallel: examples decoded at once, which changes no pixel.
    data_service: address of a tf.data service whose workers make the batches, which changes no pixel either.

    Raises ValueError for labels that are none of the model's classes, and where there would be nothing in a batch.
    """
    images, labels, (index, count) = as_images(images), np.asarray(labels), part
    _check_batches(batch_size, count, position)
    _check_labels(labels, len(images), num_classes)
    if data_service and not isinstance(images, ImageFiles):
        raise ValueError("A data service reads files; prepared and cached images lie in this process. Leave it out.")
    global_size, batch_size = batch_size, batch_size // count
    box_of, augmentation = _boxes(boxes), augmentation or Augmentation(NONE)
    order = order or Shuffled(len(images), seed)
    labels = tf.constant(labels)
    class_weights = tf.constant(np.ones(num_classes) if class_weights is None else class_weights, tf.float32)
    strong = tf.constant(np.zeros(num_classes) if strong_classes is None else strong_classes, tf.int32)
    shape = (preprocessing.height, preprocessing.width, preprocessing.channels)

    def targets_of(examples):
        if labels.shape.rank == 2:
            return tf.cast(tf.gather(labels, examples), tf.float32)
        return tf.one_hot(tf.gather(labels, examples), num_classes)

    @_as_it_is
    def example(place, position, index, row, fetched):
        draws = Draws(tf.stack([tf.constant(seed, tf.int64), position]))
        region = augmentation.region(draws, preprocessing, row)
        pixels = preprocess_region(partial(images.region, fetched), preprocessing, region, box_of(index))
        return place, augmentation.change(pixels, draws, row), augmentation.mixing(draws, row)

    @_as_it_is
    def batch(step):
        positions = step * global_size + index * batch_size + tf.range(batch_size, dtype=tf.int64)
        examples = order(positions)
        targets = targets_of(examples)
        rows = tf.gather(strong, tf.argmax(targets, axis=1))
        parts = (tf.range(batch_size, dtype=tf.int64), positions, examples, rows, images.fetch(examples))
        readable = tf.data.Dataset.from_tensor_slices(parts)
        readable = readable.map(example, num_parallel_calls=parallel, deterministic=True).ignore_errors()
        none = (tf.zeros(0, tf.int64), tf.zeros((0, *shape)), tf.zeros((0, NUMBERS)))  # so that there is a batch anyway
        whole = readable.batch(batch_size).concatenate(tf.data.Dataset.from_tensors(none)).take(1)
        return whole.map(_as_it_is(lambda *found: (positions, targets, *found)))

    @_as_it_is
    def finish(positions, targets, places, pixels, numbers):
        readable = _in_places(tf.ones_like(places, tf.float32), places, batch_size)
        pixels = _in_places(pixels, places, batch_size)
        if augmentation.mixes:
            numbers = _in_places(numbers, places, batch_size)
            pixels, targets = mix(pixels, targets, readable > 0, numbers)
        weights = readable * tf.linalg.matvec(targets, class_weights) / tf.maximum(tf.reduce_sum(targets, axis=1), 1.0)
        return positions, pixels, targets, weights * (batch_size / tf.maximum(tf.reduce_sum(readable), 1.0))

    first = position // global_size
    dataset = tf.data.Dataset.range(first, first + steps).interleave(
        batch, cycle_length=BATCHES_AT_ONCE, num_parallel_calls=BATCHES_AT_ONCE, deterministic=True
    )
    dataset = _without_autotuning(dataset.map(finish)).prefetch(2)
    if data_service is None:
        return dataset
    return ServiceBatches(dataset, data_service, first=position + index * batch_size, count=steps, stride=global_size)


def _check_batches(batch_size: int, parts: int, position: int) -> None:
    if batch_size < 1 or batch_size % parts:
        raise ValueError(
            f"A batch is {counted(batch_size, 'image')} for {counted(parts, 'worker')}; "
            f"expected a multiple of {parts} above 0."
        )
    if position % batch_size:
        raise ValueError(f"position is {position}; expected a multiple of the batch size, {batch_size}.")


def _check_labels(labels: np.ndarray, count: int, num_classes: int) -> None:
    """Raise ValueError unless there is a label of the model's for each of at least one image."""
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


def _in_places(rows: tf.Tensor, places: tf.Tensor, count: int) -> tf.Tensor:
    """The rows (M, ...) at their places among `count`, zeros at the others; nothing is copied if none is missing."""
    shape = (count, *rows.shape[1:])

    def scattered():
        return tf.scatter_nd(places[:, None], rows, tf.constant(shape, tf.int64))

    return tf.ensure_shape(tf.cond(tf.size(places) == count, lambda: rows, scattered), shape)


def evaluation_batches(
    images: Images | Sequence[str | Path] | np.ndarray,
    preprocessing: Preprocessing,
    *,
    boxes: np.ndarray | None = None,
    batch_size: int,
    cache: bool = False,
    ahead: int = 2,
    augmentation: Augmentation | None = None,
    draws: np.ndarray | None = None,
) -> tf.data.Dataset:
    """Batches (indices, pixels) in the order of `images`; the last one may be smaller.

    indices: (B,) int64, the places in `images`; one that is missing could not be read.
    pixels: (B, H, W, C) float32 in [0, 255].
    boxes: (number of paths, 4), the part of each image that is its example, as `Manifest.boxes` gives them.
    cache: keep the pixels in memory after the first pass. ahead: batches that are made before they are asked for.
    augmentation, draws: changes each image; (N, 2) int64 are what it is drawn from, as `Draws` takes them.
    """
    images, box_of = as_images(images), _boxes(boxes)
    seeds = None if augmentation is None else tf.constant(draws, tf.int64)

    @_as_it_is
    def read(index, fetched):
        region = partial(images.region, fetched)
        if augmentation is None:
            return index, preprocess_region(region, preprocessing, box=box_of(index))
        drawn = Draws(seeds[index])
        cut = augmentation.region(drawn, preprocessing)
        return index, augmentation.change(preprocess_region(region, preprocessing, cut, box_of(index)), drawn)

    dataset = tf.data.Dataset.range(len(images)).batch(batch_size)
    dataset = dataset.map(_as_it_is(lambda indices: (indices, images.fetch(indices)))).unbatch()
    dataset = dataset.map(read, num_parallel_calls=PARALLEL, deterministic=True).ignore_errors()
    if cache:
        dataset = dataset.cache()
    return _without_autotuning(dataset.batch(batch_size)).prefetch(ahead)


def _boxes(boxes: np.ndarray | None) -> Callable[[tf.Tensor], tf.Tensor | None]:
    """The box of the example at an index; None for all where there are no boxes."""
    if boxes is None:
        return lambda index: None
    table = tf.constant(boxes, tf.float32)
    return lambda index: table[index]


def _without_autotuning(dataset: tf.data.Dataset) -> tf.data.Dataset:
    options = tf.data.Options()
    options.autotune.enabled = False
    options.threading.max_intra_op_parallelism = 1  # the images are what is worked on at once
    return dataset.with_options(options)
