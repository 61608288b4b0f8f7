"""A cache of decoded images: in memory if they fit into a share of what is free, else on disk.

An image is kept whole, before anything random, so a run sees the same pixels with the cache as without it.
"""

import logging
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import SupportsIndex

import numpy as np
import pandas as pd
import psutil
import tensorflow as tf

from imgcls.data.cache import cache_home
from imgcls.data.images.collection import Images, ShardPixels, as_images, region_of
from imgcls.data.images.decoding import DETAIL_KEPT, REDUCTIONS, Cut
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.manifest.table import Manifest
from imgcls.machine.container import memory_limit

WORTH_KEEPING = 200 * 200  # pixels an image, on average; smaller ones are decoded in the time that a look-up takes
SHARE = 0.25  # of the free memory, or disk, that the cache may take
log = logging.getLogger(__name__)


class CachedImages:
    """Other images, each of which is decoded when it is needed first, and then kept.

    Args:
        images: The images to decode.
        shapes: (images, 3): height, width and channels (1 or 3) of each image; an image with zeros is not kept.
        places: (N,): which of the images each example is of.
        folder: For the file of the pixels, which has no name and is removed when the process ends; None keeps them in
            memory.
    """

    def __init__(self, images: Images, shapes: np.ndarray, places: np.ndarray, folder: Path | None = None) -> None:
        self.images, self.shapes = images, np.asarray(shapes, np.int64)
        self.places = tf.constant(places, tf.int64)
        sizes = self.shapes.prod(axis=1)
        self._begins, self._kept = np.cumsum(sizes) - sizes, np.zeros(len(sizes), bool)
        self._pixels = np.empty(sizes.sum(), np.uint8) if folder is None else _on_disk(folder, int(sizes.sum()))
        self._sides = tf.constant(self.shapes[:, :2], tf.int32)

    def __len__(self) -> int:
        return int(self.places.shape[0])

    def fetch(self, numbers: tf.Tensor) -> tf.Tensor:
        """The images of examples: (B,) int64 to (B,) int64."""
        return tf.gather(self.places, numbers)

    def region(self, fetched: tf.Tensor, cut: Cut, height: int, width: int) -> tf.Tensor:
        """A region of an image from the cache; one that is not kept is decoded. See `Images.region`."""

        def kept() -> tf.Tensor:
            sides = self._sides[fetched]
            region = tf.stack([tf.cast(edge, tf.int32) for edge in cut(sides[0], sides[1])])
            return tf.numpy_function(self._region, [fetched, region], tf.uint8, stateful=False)

        def decoded() -> tf.Tensor:
            file = self.images.fetch(fetched[None])[0]
            whole = self.images.region(file, lambda rows, columns: (0, 0, rows, columns), 1 << 20, 1 << 20)
            sides = tf.shape(whole)
            region = tf.stack([tf.cast(edge, tf.int32) for edge in cut(sides[0], sides[1])])
            return tf.numpy_function(self._store, [fetched, whole, region], tf.uint8, stateful=False)

        def not_kept() -> tf.Tensor:
            return self.images.region(self.images.fetch(fetched[None])[0], cut, height, width)

        may_be = tf.reduce_all(self._sides[fetched] > 0)
        # what is stateful would not run in parallel
        is_kept = tf.numpy_function(lambda number: self._kept[number], [fetched], tf.bool, stateful=False)
        is_kept.set_shape(())
        pixels = tf.cond(is_kept, kept, lambda: tf.cond(may_be, decoded, not_kept))
        return tf.ensure_shape(pixels, (None, None, 3))

    def _image(self, number: SupportsIndex) -> np.ndarray:
        begin, shape = self._begins[number], self.shapes[number]
        return self._pixels[begin : begin + shape.prod()].reshape(shape)

    def _region(self, number: SupportsIndex, region: np.ndarray) -> np.ndarray:
        return region_of(self._image(number), region)

    def _store(self, number: SupportsIndex, pixels: np.ndarray, region: np.ndarray) -> np.ndarray:
        """Keep an image and return a region of it; one that is not what the manifest says of it is not kept."""
        channels = self.shapes[number, 2]
        same = channels == 3 or (pixels == pixels[..., :1]).all()
        if same and pixels.shape[:2] == tuple(self.shapes[number, :2]):
            self._image(number)[:] = pixels[..., :channels]
            self._kept[number] = True
        return region_of(pixels, region)


def cached(manifest: Manifest, rows: pd.DataFrame, preprocessing: Preprocessing, where: str) -> Images:
    """The images of a manifest's rows, with a cache where there is room for one.

    Args:
        manifest: The manifest.
        rows: Rows of its table.
        preprocessing: What the images are decoded for.
        where: "auto" takes memory, or disk, or neither, by what is free and whether the images are large enough to
            gain; "memory", "disk" or "none" take just this.

    Returns:
        The images, one for each row.

    Raises:
        ValueError: The place that is asked for has not enough room.
    """
    images = as_images(manifest.paths(rows))
    if where == "none" or isinstance(images, ShardPixels):
        return images
    firsts = rows.drop_duplicates("image")  # an image with several boxes is decoded once
    shapes = _shapes(firsts, preprocessing)
    size = int(shapes.prod(axis=1).sum())
    if where == "auto" and shapes[:, :2].prod(axis=1).mean() < WORTH_KEEPING:
        return images
    place = _place(size, where)
    if place == "none":
        log.info(
            "Every image is decoded in each epoch: as pixels all of them take %s, more than a quarter of what is free. "
            "`python -m imgcls.prepare` makes smaller ones.",
            _gigabytes(size),
        )
        return images
    if place == "disk":
        log.info("Decoded images are kept on disk while the run lasts: %s.", _gigabytes(size))
    places = pd.Index(firsts["image"]).get_indexer(rows["image"])
    folder = None if place == "memory" else cache_home() / "pixels"
    return CachedImages(as_images(manifest.paths(firsts)), shapes, places, folder)


def _shapes(rows: pd.DataFrame, preprocessing: Preprocessing) -> np.ndarray:
    """What is kept of each image: nothing of those of which less than the whole resolution may be decoded."""
    sides = rows[["height", "width"]].to_numpy(np.int64)
    largest = DETAIL_KEPT * REDUCTIONS[1] * np.array([preprocessing.height, preprocessing.width])
    shapes = np.column_stack([sides, np.where(rows["grayscale"], 1, 3)])
    shapes[(sides >= largest).all(axis=1)] = 0
    return shapes


def _place(size: int, where: str) -> str:
    free: dict[str, Callable[[], int]] = {
        "memory": free_memory,
        "disk": lambda: psutil.disk_usage(str(_existing(cache_home()))).free,
    }
    if where == "auto":
        return next((place for place in free if size <= SHARE * free[place]()), "none")
    room = free[where]()
    if size > room:
        raise ValueError(
            f"--cache {where}: the images take {_gigabytes(size)} as pixels, and {_gigabytes(room)} are free. "
            "Choose --cache none, or make smaller images with `python -m imgcls.prepare`."
        )
    return where


def free_memory() -> int:
    """The bytes of memory that this process may still take, in a container too."""
    free: int = psutil.virtual_memory().available
    limit, taken = memory_limit(), psutil.Process().memory_info().rss
    return free if limit is None else min(free, limit - taken)


def _on_disk(folder: Path, size: int) -> np.ndarray:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        os.posix_fallocate(file.fileno(), 0, max(size, 1))  # a disk that is full later would end the process
        return np.memmap(file, np.uint8, "r+", shape=(size,))


def _existing(folder: Path) -> Path:
    return next(parent for parent in (folder, *folder.parents) if parent.is_dir())


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:,.2f} GB"
