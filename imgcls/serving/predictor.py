"""Names for images, from whatever engine computes the network."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from imgcls.counted import counted
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import decode_images
from imgcls.engines.engine import DECISION, EMBEDDING, JUDGEMENT, PROBABILITIES, UNKNOWN_SCORE, Engine, Outputs
from imgcls.progress import ProgressFunction, no_progress
from imgcls.serving.given_images import Image, without_arrays
from imgcls.serving.guarded_reading import batch_reader
from imgcls.serving.named_image import NamedImage, encoded
from imgcls.serving.predictions import Predictions, joined
from imgcls.serving.read_ahead import in_chunks, read_ahead

BATCH_BYTES = 20_000_000  # of pixels in a batch, which is 33 images of 224 x 224; bounds the memory
MOST_IN_BATCH = 256  # images
THREADS = max(2, os.cpu_count() or 2)  # that read and decode
BATCHES_AHEAD = THREADS + 2  # that are read, or being read, while the network computes


class Predictor:
    """A classifier that is ready to name images.

    Args:
        engine: What computes the network. Its output "probabilities" is in the order of `class_names`.
        class_names: The names of the outputs.
        preprocessing: How images become the engine's pixels.
        multi_label: Whether an image has any number of the classes.
        tells_strangers: Whether the engine's output "unknown_score", if there is one, is measured. In a bundle that
            version 0.7 wrote it is 0 for every image where too few were there to fit it; then it becomes NaN here.

    Example:
        With a bundle that `python -m imgcls.export` wrote::

            predictor = load_bundle("saved_models/flowers")
            predictor.class_names                      # ["daisy", "rose", "tulip"]
            found = predictor.predict(["a.jpg", "b.jpg"])
            found.ranked()[0].classes[0]               # "rose"
            found.table()                              # a DataFrame with the three likeliest classes of each image
    """

    def __init__(
        self,
        engine: Engine,
        class_names: list[str],
        preprocessing: Preprocessing,
        multi_label: bool = False,
        tells_strangers: bool = True,
    ) -> None:
        self.engine, self.multi_label, self.tells_strangers = engine, multi_label, tells_strangers
        self.class_names = class_names
        self.preprocessing = preprocessing

    def __repr__(self) -> str:
        size = f"{self.preprocessing.height} x {self.preprocessing.width} pixels"
        classes = counted(len(self.class_names), "class")
        return f"<{type(self).__name__}: {classes}, {size}, {self.engine.name} on {self.engine.device}>"

    def predict(self, images: Sequence[Image] | np.ndarray) -> Predictions:
        """Predict images, however they are given.

        Args:
            images: Paths of files, encoded images as bytes, arrays (height, width, channels) of uint8 with 1 or 3
                channels and of any size, or one array (N, height, width, channels) of these. They may be mixed.

        Returns:
            The predictions, in the order of `images`; what cannot be read has its reason.

        Raises:
            ValueError: If `images` is a single image, or an array that is no image.
        """
        found = self._predicted(without_arrays(images))
        paths = [
            path if isinstance(image, str | Path) else Path(f"image {place}")
            for place, (path, image) in enumerate(zip(found.paths, images, strict=True))
        ]
        return replace(found, paths=paths)

    def predict_files(
        self,
        paths: Iterable[str | Path],
        on_progress: ProgressFunction = no_progress,
        boxes: np.ndarray | None = None,
        outputs: Sequence[str] = (),
    ) -> Predictions:
        """Predict every file; what cannot be read gets its reason.

        Args:
            paths: The files; an iterator is read as far as it is needed.
            on_progress: Gets the number of files that are done.
            boxes: (files, 4), the part of each image that is predicted, as `Manifest.boxes` gives them; None for all
                of it.
            outputs: Further outputs of the engine to keep, of `engine.outputs`.
        """
        return self._predicted(paths, on_progress, boxes, outputs)

    def embed(self, images: Sequence[Image] | np.ndarray) -> tuple[np.ndarray, list[str]]:
        """The features of images, which are given as for `predict`.

        Returns:
            Features (N, D), and a problem for each image; a row is 0 where there is a problem.

        Raises:
            ValueError: If the engine gives none.
        """
        if EMBEDDING not in self.engine.outputs:
            raise ValueError(f"{self.engine.name} gives {', '.join(self.engine.outputs)} here, and no embedding.")
        found = self._predicted(without_arrays(images), outputs=[EMBEDDING])
        return np.nan_to_num(found.outputs[EMBEDDING]), found.problems

    def _predicted(
        self,
        images: Iterable[str | Path | bytes],
        on_progress: ProgressFunction = no_progress,
        boxes: np.ndarray | None = None,
        outputs: Sequence[str] = (),
    ) -> Predictions:
        places = None if boxes is None else np.asarray(boxes, np.float32)
        named = (NamedImage.of(image, None if places is None else places[row]) for row, image in enumerate(images))
        chunks: list[Predictions] = []
        done = 0
        for _, predictions in self.stream(named, outputs):
            chunks.append(predictions)
            done += len(predictions)
            on_progress(done)
        return joined(chunks) if chunks else self._of_none(outputs)

    def stream(
        self, images: Iterable[NamedImage], outputs: Sequence[str] = ()
    ) -> Iterator[tuple[list[NamedImage], Predictions]]:
        """Predict any number of images, of which only a few batches are in memory.

        Reading and decoding run ahead of the network in threads.

        Args:
            images: An iterator is read as far as it is needed, in the thread of whoever takes the results.
            outputs: Further outputs of the engine to keep, of `engine.outputs`.

        Yields:
            Some images, in their order, and what was predicted for them.
        """
        wanted = self._wanted(outputs)
        self.decode([])  # a bundle loads what decodes here, once, and not in several threads
        for chunk, found in self._answered(read_ahead(self._read, self._batches(images), THREADS, BATCHES_AHEAD)):
            good = np.flatnonzero([not problem for problem in chunk.problems])
            rows = {name: _in_rows(found[name][: len(good)], good, len(chunk.images)) for name in wanted}
            paths = [image.image if isinstance(image.image, Path) else Path(image.name) for image in chunk.images]
            transcoded = [path for path, was in zip(paths, chunk.transcoded, strict=True) if was]
            self._blank_unmeasured(rows)
            probabilities = rows.pop(PROBABILITIES)
            names = self.class_names
            yield (
                chunk.images,
                Predictions(paths, names, probabilities, chunk.problems, transcoded, rows, self.multi_label),
            )

    def decode(self, images: Sequence[bytes], boxes: Sequence[np.ndarray | None] = ()) -> tuple[np.ndarray, list[str]]:
        """Decode and preprocess a batch of encoded images; is called from several threads at once.

        Args:
            images: The content of each file, of a format that TensorFlow decodes.
            boxes: The part of each image that is predicted, (4,), or None for all of it; empty: all of each.

        Returns:
            Pixels (B, height, width, channels), float32 in [0, 255], and a problem for each image.
        """
        if boxes:
            return decode_images(images, self.preprocessing, boxes)
        strings = tf.constant(images, tf.string, shape=(len(images),))
        places, read, problems = (tensor.numpy() for tensor in batch_reader(self.preprocessing)(strings))
        pixels = read[: len(places)]  # there is a black one where there is none
        if len(places) < len(images):
            pixels = np.zeros((len(images), *read.shape[1:]), np.float32)
            pixels[places] = read[: len(places)]
        return pixels, [problem.decode() for problem in problems]

    def _wanted(self, outputs: Sequence[str]) -> list[str]:
        judged = [name for name in JUDGEMENT if name in self.engine.outputs]
        return list(dict.fromkeys([PROBABILITIES, *outputs, *judged]))

    def _blank_unmeasured(self, rows: dict[str, np.ndarray]) -> None:
        """Of a network that decides, give NaN as the score of the unknown where none was fitted."""
        if DECISION in rows and not (self.tells_strangers and UNKNOWN_SCORE in rows):
            rows[UNKNOWN_SCORE] = np.full(len(rows[DECISION]), np.nan, np.float32)

    def _batches(self, images: Iterable[NamedImage]) -> Iterator[list[NamedImage]]:
        size = self.preprocessing
        of_one = 4 * size.height * size.width * size.channels  # bytes of float32
        at_once = self.engine.batch_size or 1
        count = min(BATCH_BYTES // of_one, MOST_IN_BATCH) // at_once * at_once  # so that no batch is filled up
        return in_chunks(images, max(count, at_once))

    def _read(self, images: list[NamedImage]) -> "_ReadBatch":
        read = [encoded(image) for image in images]
        problems = [each.problem for each in read]
        places = [place for place, problem in enumerate(problems) if not problem]
        boxes = [images[place].box for place in places] if any(image.box is not None for image in images) else []
        pixels, decoding = self.decode([read[place].data for place in places], boxes)
        for place, problem in zip(places, decoding, strict=True):
            problems[place] = problem
        good = [not problem for problem in decoding]
        pixels = pixels if all(good) else pixels[good]
        return _ReadBatch(images, problems, [each.transcoded for each in read], pixels if len(pixels) else self._black)

    @property
    def _black(self) -> np.ndarray:
        """An image for the network where there is none, so that its answers have their shapes."""
        size = self.preprocessing
        return np.zeros((1, size.height, size.width, size.channels), np.float32)

    def _answered(self, batches: Iterable["_ReadBatch"]) -> Iterator[tuple["_ReadBatch", Outputs]]:
        """Each batch with the outputs of the engine, in their order; the engine gives them in any order, in parts."""
        asked: dict[int, tuple[_ReadBatch, list[Outputs | None]]] = {}

        def parts() -> Iterator[tuple[tuple[int, int], np.ndarray]]:
            for place, batch in enumerate(batches):
                size = self.engine.batch_size or len(batch.pixels)
                starts = range(0, len(batch.pixels), size)
                asked[place] = (batch._replace(pixels=np.empty(0)), [None] * len(starts))  # the engine has the pixels
                for part, start in enumerate(starts):
                    yield (place, part), batch.pixels[start : start + size]

        following = 0
        for (place, part), outputs in self.engine.predict_batches(parts()):
            asked[place][1][part] = outputs
            while following in asked and all(found is not None for found in asked[following][1]):
                batch, found = asked.pop(following)
                yield batch, _together([each for each in found if each is not None])
                following += 1

    def _of_none(self, outputs: Sequence[str]) -> Predictions:
        found = self.engine.predict(self._black)
        rows = {name: found[name][:0].astype(np.float32) for name in self._wanted(outputs)}
        self._blank_unmeasured(rows)
        probabilities = rows.pop(PROBABILITIES)
        return Predictions([], self.class_names, probabilities, [], [], rows, self.multi_label)


class _ReadBatch(NamedTuple):
    """Images that were read: a problem and whether it was transcoded for each; pixels of those without a problem."""

    images: list[NamedImage]
    problems: list[str]
    transcoded: list[bool]
    pixels: np.ndarray


def _in_rows(values: np.ndarray, places: np.ndarray, count: int) -> np.ndarray:
    """Rows (M, ...) at their places of (count, ...), float32, with NaN in the others."""
    if len(values) == count:
        return values.astype(np.float32, copy=False)
    rows = np.full((count, *values.shape[1:]), np.nan, np.float32)
    rows[places] = values
    return rows


def _together(parts: list[Outputs]) -> Outputs:
    """The outputs of parts of a batch as those of all of it."""
    if len(parts) == 1:
        return parts[0]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
