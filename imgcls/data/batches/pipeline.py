"""The tf.data chains: files to batches, in an order that is a pure function of the seed and the position in the run.

A run reads one endless row of positions, `batch_size` in each step. An order of `data.batches.order` says which example
stands at a position, and its augmentation is drawn from (seed, position); so a resumed run reads on at its position and
sees what it would have seen. There is one iterator in a run: tf.data's autotuning would make the end of each iterator
wait, so it is off and the parallelism is set.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from imgcls.counted import counted
from imgcls.data.augmentation import NONE, Augmentation, Draws, mix
from imgcls.data.augmentation.mixing import NUMBERS
from imgcls.data.batches.examples import LabeledImages, box_lookup
from imgcls.data.batches.order import Shuffled
from imgcls.data.batches.service import ServiceBatches
from imgcls.data.batches.shares import share_of
from imgcls.data.images.collection import ImageFiles, Images, as_images
from imgcls.data.images.preprocessing import Preprocessing, preprocess_region

_as_it_is = tf.autograph.experimental.do_not_convert  # AutoGraph would take seconds for each chain
PARALLEL = max(2, os.cpu_count() or 2)
BATCHES_AT_ONCE = 2


@dataclass(frozen=True)
class BatchOptions:
    """How training batches are made of examples.

    Attributes:
        batch_size: Images in a batch, over all workers.
        seed: Of the order and the augmentation.
        order: Which example stands at each position (see `imgcls.data.batches.order`); None: every example once in
            each epoch, shuffled.
        augmentation: The random changes of the images.
        strong_classes: (classes,), bool: the classes whose images get the second row of the augmentation's parameters.
        class_weights: (classes,), of the loss; a soft label has the mean of its classes' weights. None: 1, which also
            holds for images of none of the classes.
        part: (index, count) of one of several workers, each of which reads its share of each batch.
        rounded: Whether pixels are whole numbers at last, of uint8, a quarter of the bytes of float32.
        parallel: The number of images that are decoded at the same time; changes no pixel.
        data_service: The address of a tf.data service whose workers make the batches; changes no pixel.
    """

    batch_size: int
    seed: int
    order: Callable[[tf.Tensor], tf.Tensor] | None = None
    augmentation: Augmentation = field(default_factory=lambda: Augmentation(NONE))
    strong_classes: Sequence[bool] | np.ndarray | None = None
    class_weights: Sequence[float] | np.ndarray | None = None
    part: tuple[int, int] = (0, 1)
    rounded: bool = False
    parallel: int = PARALLEL
    data_service: str | None = None


def training_batches(
    examples: LabeledImages, preprocessing: Preprocessing, options: BatchOptions, *, steps: int, position: int = 0
) -> tf.data.Dataset | ServiceBatches:
    """Batches (positions, pixels, targets, weights) of training examples.

    Args:
        examples: The images and their labels.
        preprocessing: How images become pixels.
        options: How batches are made of examples.
        steps: The number of batches.
        position: Where the first batch begins; a multiple of the batch size.

    Returns:
        Batches of four tensors. positions: (B,), int64, without gaps. pixels: (B, H, W, C), float32 in [0, 255], or the
        uint8 nearest to it where `options` ask for that; black where the image could not be read. targets: (B,
        classes), float32, of which each row adds up to 1 unless images have several labels. weights: (B,), float32, of
        the examples' losses; 0 where the image could not be read, and the other images of the batch make up for it.

    Raises:
        ValueError: The batch has fewer images than there are workers, the position lies inside of a batch, or a data
            service would have to read images that only this process has.
    """
    _check(examples, options, position)
    chain, first = _TrainingChain(examples, preprocessing, options), position // options.batch_size
    dataset = tf.data.Dataset.range(first, first + steps)
    dataset = dataset.interleave(
        chain.read, cycle_length=BATCHES_AT_ONCE, num_parallel_calls=BATCHES_AT_ONCE, deterministic=True
    )
    dataset = _without_autotuning(dataset.map(chain.finish)).prefetch(2)
    if options.data_service is None:
        return dataset
    begin = position + chain.offset
    positions = range(begin, begin + steps * options.batch_size, options.batch_size)
    return ServiceBatches(dataset, options.data_service, positions)


class _TrainingChain:
    """The functions that the chain maps over the steps of a run."""

    def __init__(self, examples: LabeledImages, preprocessing: Preprocessing, options: BatchOptions) -> None:
        self.examples, self.preprocessing, self.options = examples, preprocessing, options
        self.offset, self.share = share_of(options.part, options.batch_size)  # images of a batch that are read here
        self.order = options.order or Shuffled(len(examples), options.seed)
        self.rows = _for_each_class(options.strong_classes, 0, examples.num_classes, tf.int32)

    @_as_it_is
    def read(self, step: tf.Tensor) -> tf.data.Dataset:
        """One batch: (positions, targets) of all images, (places, pixels, mixing) of those that could be read."""
        places = tf.range(self.share, dtype=tf.int64)
        positions = step * self.options.batch_size + self.offset + places
        numbers = self.order(positions)
        targets = self.examples.targets(numbers)
        rows = tf.gather(self.rows, tf.argmax(targets, axis=1))
        fetched = self.examples.images.fetch(numbers)
        images = tf.data.Dataset.from_tensor_slices((places, positions, numbers, rows, fetched))
        images = images.map(self._image, num_parallel_calls=self.options.parallel, deterministic=True).ignore_errors()
        batch = images.batch(self.share).concatenate(self._no_images()).take(1)  # a batch, even if nothing is readable
        return batch.map(_as_it_is(lambda *found: (positions, targets, *found)))

    @_as_it_is
    def _image(
        self, place: tf.Tensor, position: tf.Tensor, number: tf.Tensor, row: tf.Tensor, fetched: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        draws = Draws(tf.stack([tf.constant(self.options.seed, tf.int64), position]))
        augmentation, decoded = self.options.augmentation, partial(self.examples.images.region, fetched)
        region = augmentation.region(draws, self.preprocessing, row)
        pixels = preprocess_region(decoded, self.preprocessing, region, self.examples.box(number))
        return place, augmentation.change(pixels, draws, row), augmentation.mixing(draws, row)

    def _no_images(self) -> tf.data.Dataset:
        shape = (self.preprocessing.height, self.preprocessing.width, self.preprocessing.channels)
        return tf.data.Dataset.from_tensors((tf.zeros(0, tf.int64), tf.zeros((0, *shape)), tf.zeros((0, NUMBERS))))

    @_as_it_is
    def finish(
        self, positions: tf.Tensor, targets: tf.Tensor, places: tf.Tensor, pixels: tf.Tensor, mixing: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """The batch (positions, pixels, targets, weights), mixed, with black images at the places without one."""
        readable = _in_places(tf.ones_like(places, tf.float32), places, self.share)
        pixels = _in_places(pixels, places, self.share)
        if self.options.augmentation.mixes:
            pixels, targets = mix(pixels, targets, readable > 0, _in_places(mixing, places, self.share))
        if self.options.rounded:
            pixels = tf.saturate_cast(tf.round(pixels), tf.uint8)
        weights = readable * loss_weights(targets, self.options.class_weights)
        return positions, pixels, targets, weights * (self.share / tf.maximum(tf.reduce_sum(readable), 1.0))


def loss_weights(targets: tf.Tensor, class_weights: Sequence[float] | np.ndarray | None) -> tf.Tensor:
    """The weights (B,) of the losses of examples.

    Args:
        targets: (B, classes) in [0, 1].
        class_weights: (classes,), of which a soft label has the mean; None: every example has 1.
    """
    if class_weights is None:
        return tf.ones_like(targets[:, 0])
    weights = tf.constant(np.asarray(class_weights, np.float32))
    return tf.linalg.matvec(targets, weights) / tf.maximum(tf.reduce_sum(targets, axis=1), 1.0)


def _for_each_class(
    values: Sequence[float] | np.ndarray | None, default: float, count: int, dtype: tf.DType
) -> tf.Tensor:
    return tf.constant(np.full(count, default) if values is None else values, dtype)


def _check(examples: LabeledImages, options: BatchOptions, position: int) -> None:
    size, (_, workers) = options.batch_size, options.part
    if size < workers:
        raise ValueError(
            f"A batch is {counted(size, 'image')} for {counted(workers, 'worker')}; expected one for each."
        )
    if position % size:
        raise ValueError(f"position is {position}; expected a multiple of the batch size, {size}.")
    if options.data_service and not isinstance(examples.images, ImageFiles):
        raise ValueError("A data service reads files; prepared and cached images lie in this process. Leave it out.")


def _in_places(rows: tf.Tensor, places: tf.Tensor, count: int) -> tf.Tensor:
    """The rows (M, ...) at their places among `count`, zeros at the others; nothing is copied if none is missing."""
    shape = (count, *rows.shape[1:])

    def scattered() -> tf.Tensor:
        return tf.scatter_nd(places[:, None], rows, tf.constant(shape, tf.int64))

    return tf.ensure_shape(tf.cond(tf.size(places) == count, lambda: rows, scattered), shape)


class View(NamedTuple):
    """Images as augmentation shows them in one of its draws.

    Attributes:
        augmentation: The random changes.
        draws: (N, 2), int64: what each image's random numbers are drawn from, as `Draws` takes it.
    """

    augmentation: Augmentation
    draws: np.ndarray


def evaluation_batches(
    images: Images | Sequence[str | Path] | np.ndarray,
    preprocessing: Preprocessing,
    *,
    batch_size: int,
    boxes: np.ndarray | None = None,
    view: View | None = None,
) -> tf.data.Dataset:
    """Batches (numbers, pixels) of images in their order; the last one may be smaller.

    Args:
        images: Paths, an array (N, H, W, 1 or 3) of uint8, or any other `Images`.
        preprocessing: How images become pixels.
        batch_size: Images in a batch.
        boxes: (N, 4), the part of each image that is its example, as `Manifest.boxes` gives them.
        view: An augmented view of the images, in place of the images themselves.

    Returns:
        Batches of two tensors. numbers: (B,), int64, of the images; the number of an image that could not be read is
        missing. pixels: (B, H, W, C), float32 in [0, 255].
    """
    chain = _EvaluationChain(as_images(images), preprocessing, boxes, view)
    dataset = tf.data.Dataset.range(len(chain.images)).batch(batch_size)
    dataset = dataset.map(chain.fetch).unbatch()
    dataset = dataset.map(chain.read, num_parallel_calls=PARALLEL, deterministic=True).ignore_errors()
    return _without_autotuning(dataset.batch(batch_size)).prefetch(2)


class _EvaluationChain:
    """The functions that the chain maps over the numbers of the images."""

    def __init__(
        self, images: Images, preprocessing: Preprocessing, boxes: np.ndarray | None, view: View | None
    ) -> None:
        self.images, self.preprocessing, self.box, self.view = images, preprocessing, box_lookup(boxes), view
        self.seeds: tf.Tensor = None if view is None else tf.constant(view.draws, tf.int64)

    @_as_it_is
    def fetch(self, numbers: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """What each image is decoded from."""
        return numbers, self.images.fetch(numbers)

    @_as_it_is
    def read(self, number: tf.Tensor, fetched: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The pixels of one image."""
        decoded, box = partial(self.images.region, fetched), self.box(number)
        if self.view is None:
            return number, preprocess_region(decoded, self.preprocessing, box=box)
        draws = Draws(self.seeds[number])
        region = self.view.augmentation.region(draws, self.preprocessing)
        pixels = preprocess_region(decoded, self.preprocessing, region, box)
        return number, self.view.augmentation.change(pixels, draws)


def _without_autotuning(dataset: tf.data.Dataset) -> tf.data.Dataset:
    options = tf.data.Options()
    options.autotune.enabled = False
    options.threading.max_intra_op_parallelism = 1  # the images are what is worked on at once
    return dataset.with_options(options)
