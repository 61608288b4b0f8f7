"""The feature cache: features of a frozen backbone, computed once and kept on disk.

Features are found by what they depend on: the weights and the way to them, the preprocessing, the augmentation, and
the content of each image. So plans, folds, and runs that start again share them, and an image that is added is the
only one that is computed. They are written a thousand at a time, so a run that dies loses little. A file is named by
its checksum: one that is damaged is removed, reported, and computed anew. What was not used for the longest time is
removed when all caches together grow beyond their limit.
"""

import hashlib
import io
import json
import logging
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from imgcls.data.augmentation import Augmentation
from imgcls.data.batches.pipeline import View, evaluation_batches
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.engines.engine import FEATURES, Engine
from imgcls.files import remove, replacing
from imgcls.progress import ProgressFunction, no_progress
from imgcls.training.transfer.backend import fastest_engine, images_at_once
from imgcls.training.transfer.blocks import blocks

FOLDER = ".features"  # beside the run folders
BYTES_AHEAD = 1 << 29  # of pixels that are decoded before they are needed
CHUNK = 1024  # images a file
FORMAT = 3  # of the files; raise it when they change
MOST_BYTES = 10 * 10**9  # of all caches together
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Views:
    """How a view of an image differs from the image as it is.

    Attributes:
        augmentation: changes it; None: nothing does.
        facts: everything that the augmentation depends on, as text.
        seed: from which the changes are drawn.
    """

    augmentation: Augmentation | None = None
    facts: str = ""
    seed: int = 0


@dataclass(frozen=True)
class ImageSet:
    """Images to compute features of.

    Attributes:
        paths: of the files.
        hashes: sha256 of each file's content.
        boxes: (N, 4), the part of each image that is its example, as `Manifest.boxes` gives them.
    """

    paths: Sequence[Path]
    hashes: Sequence[str]
    boxes: np.ndarray | None = None

    def keys(self) -> list[str]:
        """What the pixels of each depend on."""
        if self.boxes is None:
            return [content[:32] for content in self.hashes]
        pairs = zip(self.hashes, self.boxes, strict=True)
        return [hashlib.sha256(f"{content}{box.tolist()}".encode()).hexdigest()[:32] for content, box in pairs]

    def draws(self, seed: int, view: int) -> np.ndarray:
        """(number of images, 2) int64, from which the augmentation of each image is drawn in this view."""
        numbers = [hashlib.sha256(f"{key} {view}".encode()).digest()[:7] for key in self.keys()]
        return np.array([(seed, int.from_bytes(number)) for number in numbers], np.int64).reshape(-1, 2)

    def __add__(self, other: "ImageSet") -> "ImageSet":
        if (self.boxes is None) != (other.boxes is None):
            raise ValueError("Either all images have boxes or none.")
        boxes = None if self.boxes is None else np.concatenate([self.boxes, other.boxes])
        return ImageSet([*self.paths, *other.paths], [*self.hashes, *other.hashes], boxes)

    def take(self, places: Sequence[int]) -> "ImageSet":
        """The images at these places."""
        boxes = None if self.boxes is None else self.boxes[places]
        return ImageSet([self.paths[i] for i in places], [self.hashes[i] for i in places], boxes)


def depth_features(model: keras.Model) -> tuple[keras.Model, dict[str, slice]]:
    """The network from pixels to the features of all depths.

    A depth is the last block before the map gets smaller; its features are the averages over height and width. The
    last depth is the embedding.

    Args:
        model: a classifier.

    Returns:
        The network, whose output is one vector (B, F), and the part of it that belongs to each depth.
    """
    embedding = model.get_layer("embedding").output
    data_format = model.get_layer("standardization").data_format
    found = [block for block in blocks(keras.Model(model.input, embedding)) if len(block.after.shape) == 4]
    pool = keras.layers.GlobalAveragePooling2D(data_format=data_format, name="depth_pool")
    size = 2  # an axis of the map that is height or width in both layouts
    last = [a for a, b in pairwise(found) if a.after.shape[size] != b.after.shape[size]]
    last = [block for block in last if block.weights and block.name != "standardization"]
    outputs = {block.name: pool(block.after) for block in last} | {"embedding": embedding}
    places, start = {}, 0
    for name, output in outputs.items():
        places[name] = slice(start, start + output.shape[-1])
        start += output.shape[-1]
    values = list(outputs.values())
    features = keras.layers.Concatenate(name="depth_features")(values) if len(values) > 1 else values[0]
    return keras.Model(model.input, features, name=model.name), places


class FeatureCache:
    """Features of one frozen backbone.

    What computes them is logged once, and so is each file that is damaged or cannot be written.

    Args:
        folder: of all caches.
        model: from pixels to features (B, F).
        preprocessing: from images to pixels.
        facts: what the network is made from, besides weights.
        views: how a view differs from the image as it is.
        most_bytes: of all caches in `folder` on the disk; 0 keeps none.
    """

    def __init__(
        self,
        folder: Path,
        model: keras.Model,
        preprocessing: Preprocessing,
        facts: dict[str, Any],
        *,
        views: Views | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self.model, self.preprocessing, self.views = model, preprocessing, views or Views()
        self.most_bytes = most_bytes
        made_from = [FORMAT, facts, preprocessing.to_dict()]
        digest = hashlib.sha256(json.dumps(made_from, sort_keys=True, default=str).encode())
        for weight in model.weights:
            digest.update(np.ascontiguousarray(tf.convert_to_tensor(weight.value).numpy()).tobytes())
        self.folder = folder / digest.hexdigest()[:24]
        self._draws = hashlib.sha256(f"{self.views.facts} {self.views.seed}".encode()).hexdigest()[:16]
        self._engine: Engine | None = None

    def features(self, images: ImageSet, view: int = 0, on_progress: ProgressFunction = no_progress) -> np.ndarray:
        """The features of images, from the cache or computed.

        Args:
            images: whose features.
            view: 0 is the image as it is; every other number is another draw of the augmentation.
            on_progress: receives the number of images whose features are there.

        Returns:
            (number of images, F) float32, with rows of NaN for images that could not be read.
        """
        folder = self.folder / (f"{self._draws}-{view}" if view else "plain")
        keys = images.keys()
        known = _load(folder)
        fresh: dict[str, np.ndarray] = {}
        missing = list({key: i for i, key in enumerate(keys) if key not in known}.values())
        for places, values in self._computed(images.take(missing), view) if missing else ():
            fresh.update(zip((keys[missing[place]] for place in places), values, strict=True))
            if len(fresh) >= CHUNK:
                self._save(folder, fresh)
                known, fresh = {**known, **fresh}, {}
            on_progress(len(keys) - len(missing) + min(len(missing), int(places[-1]) + 1))
        if fresh:
            self._save(folder, fresh)
        if missing:
            _keep_latest(self.folder.parent, self.most_bytes)
        known, lost = {**known, **fresh}, np.full(self.model.output_shape[-1], np.nan, np.float32)
        return np.stack([known.get(key, lost) for key in keys])

    def _save(self, folder: Path, features: dict[str, np.ndarray]) -> None:
        """Keep features; where they cannot be, the run goes on without."""
        file = io.BytesIO()
        np.savez(file, keys=np.array(list(features)), features=np.stack(list(features.values())))
        content = file.getbuffer()
        try:
            with replacing(folder / f"{_checksum(content)}.npz") as partial:
                partial.write_bytes(content)
        except OSError as error:
            log.warning(
                "The features are not kept: %s: %s. The next run computes them again.", error.filename, error.strerror
            )

    def _computed(self, images: ImageSet, view: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Places among the images and their features, as they are computed."""
        bytes_of_one = 4 * int(np.prod(self.model.input_shape[1:]))
        batch_size = images_at_once()
        with ThreadPoolExecutor(1) as maker:  # what computes is made while the chain is, and the first images decoded
            made = maker.submit(fastest_engine, self.model) if self._engine is None else None
            batches = evaluation_batches(
                images.paths,
                self.preprocessing,
                boxes=images.boxes,
                batch_size=batch_size,
                view=View(self.views.augmentation, images.draws(self.views.seed, view)) if view else None,
            ).prefetch(max(2, BYTES_AHEAD // (bytes_of_one * batch_size)))
            arrays = ((places.numpy(), pixels.numpy()) for places, pixels in batches)
            first = next(arrays, None)
            if made is not None:
                self._engine, why = made.result()
                log.info("%s", why)
        if first is not None and self._engine is not None:
            for places, outputs in self._engine.predict_batches(chain([first], arrays)):
                yield places, outputs[FEATURES]


def _load(folder: Path) -> dict[str, np.ndarray]:
    known: dict[str, np.ndarray] = {}
    for file in sorted(folder.glob("[!.]*.npz")):
        with suppress(FileNotFoundError):  # another run may have made room
            content = _read(file)
            if _checksum(content) != file.stem:
                log.warning("%s is damaged, and is removed; its features are computed anew.", file)
                with suppress(OSError):  # somebody else's, who will find it
                    remove(file)
                continue
            with np.load(io.BytesIO(content), allow_pickle=False) as stored:
                known.update(zip(stored["keys"].tolist(), stored["features"], strict=True))
    return known


def _read(file: Path) -> bytes:
    """The content of a file that is used now; nothing of one that cannot be read."""
    try:
        with suppress(PermissionError):
            os.utime(file)
        return file.read_bytes()
    except FileNotFoundError:
        raise
    except OSError:
        return b""


def _checksum(content: bytes | memoryview) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def _keep_latest(folder: Path, most_bytes: int) -> None:
    """Remove the files that were not used for the longest time, until those of all caches in `folder` fit."""
    found = []
    for file in folder.glob("*/*/[!.]*.npz"):
        with suppress(FileNotFoundError):
            facts = file.stat()
            found.append((facts.st_mtime_ns, facts.st_size, file))
    held = sum(size for _, size, _ in found)
    for _, size, file in sorted(found):
        if held <= most_bytes:
            return
        with suppress(OSError):  # somebody else's
            file.unlink(missing_ok=True)
        held -= size
