"""The tf.data chain: files to batches, in an order that is a pure function of the seed and the place in the run.

A run reads one endless row of positions. Position p is example `index_shuffle(p mod n)` of epoch `p div n`, and its
augmentation is drawn from (seed, p); so a resumed run reads on at its position and sees what it would have seen. There
is one iterator a run: tf.data's autotuning would make the end of each one wait, so it is off and the parallelism is
set.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from imgcls.data.augmentation import random_mirror, random_region
from imgcls.data.preprocessing import Preprocessing, preprocess

UNREADABLE_SHARE = 0.05  # of the positions; beyond it the run ends
PARALLEL = max(2, os.cpu_count() or 2)


def training_batches(
    paths: Sequence[str | Path],
    labels: Sequence[int],
    preprocessing: Preprocessing,
    *,
    boxes: np.ndarray | None = None,
    batch_size: int,
    steps: int,
    seed: int,
    augmentation: str = "none",
    position: int = 0,
    part: tuple[int, int] = (0, 1),
) -> tf.data.Dataset:
    """Batches (positions, pixels, labels) for `steps` steps, beginning at `position`.

    positions: (B,) int64, ascending; a gap is a file that could not be read and was left out.
    pixels: (B, H, W, C) float32 in [0, 255]. labels: (B,) int32.
    boxes: (number of paths, 4), the part of each image that is its example, as `Manifest.boxes` gives them.
    part: (index, count) of one of several workers; it reads one of `count` equal parts of each batch.
    The data set ends early if more than one position in twenty cannot be read.
    """
    names = tf.constant([str(path) for path in paths])
    labels = tf.constant(list(labels), tf.int32)
    box_of = _boxes(boxes)
    count = len(paths)

    def example(place):
        index = tf.random.experimental.index_shuffle(
            place % count, seed=[seed, place // count], max_index=tf.constant(count - 1, tf.int64)
        )
        draw = tf.stack([tf.constant(seed, tf.int64), place])
        image_bytes, box = tf.io.read_file(names[index]), box_of(index)
        if augmentation == "none":
            pixels = preprocess(image_bytes, preprocessing, box=box)
        else:
            region = random_region(draw, preprocessing)
            pixels = random_mirror(preprocess(image_bytes, preprocessing, region, box), draw)
        return place, pixels, labels[index]

    needed = steps * batch_size
    places = tf.data.Dataset.range(position, position + needed + int(UNREADABLE_SHARE * needed) + batch_size)
    places, batch_size = part_of_places(places, batch_size, part)
    dataset = places.map(example, num_parallel_calls=PARALLEL, deterministic=True).ignore_errors()
    return _without_autotuning(dataset.batch(batch_size, drop_remainder=True).take(steps)).prefetch(2)


def part_of_places(places: tf.data.Dataset, batch_size: int, part: tuple[int, int]) -> tuple[tf.data.Dataset, int]:
    """The positions that one worker reads, and how many of them are in its part of a batch."""
    index, count = part
    share = batch_size // count
    return (places if count == 1 else places.filter(lambda place: (place // share) % count == index)), share


def example_at(position: int, count: int, seed: int) -> int:
    """The example that stands at `position` of a run over `count` examples."""
    index = tf.random.experimental.index_shuffle(position % count, [seed, position // count], count - 1)
    return int(index)


def evaluation_batches(
    paths: Sequence[str | Path],
    preprocessing: Preprocessing,
    *,
    boxes: np.ndarray | None = None,
    batch_size: int,
    cache: bool = False,
) -> tf.data.Dataset:
    """Batches (indices, pixels) in the order of `paths`; the last one may be smaller.

    indices: (B,) int64, the places in `paths`; one that is missing could not be read.
    pixels: (B, H, W, C) float32 in [0, 255].
    boxes: (number of paths, 4), the part of each image that is its example, as `Manifest.boxes` gives them.
    cache: keep the pixels in memory after the first pass.
    """
    names = tf.constant([str(path) for path in paths])
    box_of = _boxes(boxes)

    def example(index):
        return index, preprocess(tf.io.read_file(names[index]), preprocessing, box=box_of(index))

    dataset = tf.data.Dataset.range(len(paths)).map(example, num_parallel_calls=PARALLEL, deterministic=True)
    dataset = dataset.ignore_errors()
    if cache:
        dataset = dataset.cache()
    return _without_autotuning(dataset.batch(batch_size)).prefetch(2)


def _boxes(boxes: np.ndarray | None) -> Callable[[tf.Tensor], tf.Tensor | None]:
    """The box of the example at an index; None for all where there are no boxes."""
    if boxes is None:
        return lambda index: None
    table = tf.constant(boxes, tf.float32)
    return lambda index: table[index]


def _without_autotuning(dataset: tf.data.Dataset) -> tf.data.Dataset:
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)
