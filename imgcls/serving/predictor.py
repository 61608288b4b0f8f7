"""Names for images, from whatever engine computes the network."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import tensorflow as tf

from imgcls.counted import counted
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import decode_images
from imgcls.engines.engine import (
    DECISION,
    EMBEDDING,
    JUDGEMENT,
    PREDICTION_SET,
    PROBABILITIES,
    UNKNOWN_SCORE,
    Engine,
    Outputs,
)
from imgcls.image_files import shown_name
from imgcls.progress import ProgressFunction, no_progress
from imgcls.serving.given_images import Image, without_arrays
from imgcls.serving.guarded_reading import batch_reader
from imgcls.serving.named_image import NamedImage, encoded
from imgcls.serving.prediction import Prediction
from imgcls.serving.read_ahead import in_chunks, read_ahead
from imgcls.serving.signatures import NONE_OF_THESE, NOT_SURE

LIKELY = 0.5  # probability from which on an image that has any number of the classes has one
BATCH_BYTES = 20_000_000  # of pixels in a batch, which is 33 images of 224 x 224; bounds the memory
MOST_IN_BATCH = 256  # images
THREADS = max(2, os.cpu_count() or 2)  # that read and decode
BATCHES_AHEAD = THREADS + 2  # that are read, or being read, while the network computes


@dataclass(frozen=True)
class Predictions:
    """What was predicted for each image.

    Attributes:
        paths: Of the files; "image 0", "image 1", ... by its place for what was given as bytes or as an array.
        class_names: The names of the K classes.
        probabilities: (N, K), in the order of `class_names`; a row of NaN where there is a problem.
        problems: A reason for each image that could not be read, "" for the others.
        transcoded: The files of which a PNG was read, as `imgcls.data.images.transcoding` makes it.
        outputs: Further outputs of the engine by name: (N, ...), NaN where there is a problem. Those that were asked
            for, and those of the judgement where the engine gives them.
        multi_label: Whether an image has any number of the classes.
    """

    paths: list[Path]
    class_names: list[str]
    probabilities: np.ndarray
    problems: list[str]
    transcoded: list[Path] = field(default_factory=list)
    outputs: Outputs = field(default_factory=dict)
    multi_label: bool = False

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def readable(self) -> np.ndarray:
        """Which images could be read: (N,) bool."""
        return np.array([not problem for problem in self.problems], bool)

    @property
    def is_judged(self) -> bool:
        """Whether the classifier decides: there was a judgement fitted after its training."""
        return set(JUDGEMENT) <= set(self.outputs)

    @property
    def decisions(self) -> list[str]:
        """What is answered for each image: a class, "not sure" or "none of these".

        "" where there is a problem, or where nothing was fitted.
        """
        if not self.is_judged:
            return [""] * len(self)
        answers = [*self.class_names, NOT_SURE, NONE_OF_THESE]
        places = self.outputs[DECISION]
        return [answers[int(place)] if ok else "" for place, ok in zip(places, self.readable, strict=True)]

    @property
    def prediction_sets(self) -> list[list[str]]:
        """The classes that each image may have, the likeliest first; none where there is a problem."""
        if not self.is_judged:
            return [[] for _ in self.paths]
        members = self.outputs[PREDICTION_SET] == 1
        return [
            [self.class_names[k] for k in places if row[k]] for places, row in zip(self._order(), members, strict=True)
        ]

    def ranked(self) -> list[Prediction]:
        """The classes of each image, the likeliest first, and the decision."""
        names = np.array(self.class_names, object)
        scores = self.outputs.get(UNKNOWN_SCORE, np.zeros(len(self)))
        decisions, sets = self.decisions, self.prediction_sets
        order = self._order()

        def of(row: int) -> Prediction:
            if self.problems[row]:
                return Prediction([], [], self.problems[row])
            classes, probabilities = names[order[row]].tolist(), self.probabilities[row, order[row]].tolist()
            return Prediction(classes, probabilities, "", decisions[row], sets[row], float(scores[row]))

        return [of(row) for row in range(len(self))]

    def _order(self) -> np.ndarray:
        """The places of the classes of each image, the likeliest first: (N, K)."""
        order: np.ndarray = np.argsort(-self.probabilities, axis=1, kind="stable")
        return order

    def labels(self) -> list[list[str]]:
        """The classes that each image has, where it has any number of them, in the order of `class_names`.

        Those that reach the threshold that was fitted after training; without one, a probability of a half.
        """
        return [[name for name, here in zip(self.class_names, row, strict=True) if here] for row in self._likely]

    @property
    def _likely(self) -> np.ndarray:
        if self.is_judged:
            members: np.ndarray = self.outputs[PREDICTION_SET] == 1
            return members
        likely: np.ndarray = np.nan_to_num(self.probabilities) >= LIKELY
        return likely

    def table(self, top: int = 3, names: Sequence[str] = ()) -> pd.DataFrame:
        """A row for each image.

        Args:
            top: How many classes are named.
            names: Of the images; empty: their paths.

        Returns:
            The columns image, class, probability, class_2, probability_2, ..., the likeliest first, and problem. Where
            an image has any number of the classes, labels comes after image, with "; " between the names. In front of
            problem, if the classifier decides: decision, unknown_score, and prediction_set, whose names have " | "
            between them.
        """
        top = min(top, len(self.class_names))
        order = _likeliest(self.probabilities, top)
        columns: dict[str, list[object]] = {"image": list(names or map(shown_name, self.paths))}
        if self.multi_label:
            columns["labels"] = ["; ".join(labels) for labels in self.labels()]
        for place in range(top):
            ending = f"_{place + 1}" if place else ""
            names = [self.class_names[i] for i in order[:, place]]
            values = np.take_along_axis(self.probabilities, order[:, place : place + 1], axis=1)[:, 0]
            columns[f"class{ending}"] = [name if ok else "" for name, ok in zip(names, self.readable, strict=True)]
            columns[f"probability{ending}"] = list(values)
        if self.is_judged:
            columns[DECISION] = list(self.decisions)
            columns[UNKNOWN_SCORE] = list(self.outputs[UNKNOWN_SCORE])
            columns[PREDICTION_SET] = [" | ".join(names) for names in self.prediction_sets]
        return pd.DataFrame({**columns, "problem": self.problems})


class Predictor:
    """A classifier that is ready to name images.

    Args:
        engine: What computes the network. Its output "probabilities" is in the order of `class_names`.
        class_names: The names of the outputs.
        preprocessing: How images become the engine's pixels.
        multi_label: Whether an image has any number of the classes.

    Example:
        With a bundle that `python -m imgcls.export` wrote::

            predictor = load_bundle("saved_models/flowers")
            predictor.class_names                      # ["daisy", "rose", "tulip"]
            found = predictor.predict(["a.jpg", "b.jpg"])
            found.ranked()[0].classes[0]               # "rose"
            found.table()                              # a DataFrame with the three likeliest classes of each image
    """

    def __init__(
        self, engine: Engine, class_names: list[str], preprocessing: Preprocessing, multi_label: bool = False
    ) -> None:
        self.engine, self.multi_label = engine, multi_label
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
        return _joined(chunks) if chunks else self._of_none(outputs)

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
        pixels, problems = batch_reader(self.preprocessing)(tf.constant(images, tf.string, shape=(len(images),)))
        return pixels.numpy(), [problem.decode() for problem in problems.numpy()]

    def _wanted(self, outputs: Sequence[str]) -> list[str]:
        judged = [name for name in JUDGEMENT if name in self.engine.outputs]
        return list(dict.fromkeys([PROBABILITIES, *outputs, *judged]))

    def _batches(self, images: Iterable[NamedImage]) -> Iterator[list[NamedImage]]:
        size = self.preprocessing
        of_one = 4 * size.height * size.width * size.channels  # bytes of float32
        return in_chunks(images, self.engine.batch_size or min(max(BATCH_BYTES // of_one, 1), MOST_IN_BATCH))

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
        """Each batch with the outputs of the engine, which gives them in any order, in the order of the batches."""
        asked: dict[int, _ReadBatch] = {}
        found: dict[int, Outputs] = {}

        def remembered() -> Iterator[tuple[int, np.ndarray]]:
            for place, batch in enumerate(batches):
                asked[place] = batch._replace(pixels=np.empty(0))  # the engine has them
                yield place, batch.pixels

        following = 0
        for place, outputs in self.engine.predict_batches(remembered()):
            found[place] = outputs
            while following in found:
                yield asked.pop(following), found.pop(following)
                following += 1

    def _of_none(self, outputs: Sequence[str]) -> Predictions:
        found = self.engine.predict(self._black)
        rows = {name: found[name][:0].astype(np.float32) for name in self._wanted(outputs)}
        probabilities = rows.pop(PROBABILITIES)
        return Predictions([], self.class_names, probabilities, [], [], rows, self.multi_label)


class _ReadBatch(NamedTuple):
    """Images that were read: a problem and whether it was transcoded for each; pixels of those without a problem."""

    images: list[NamedImage]
    problems: list[str]
    transcoded: list[bool]
    pixels: np.ndarray


def _likeliest(probabilities: np.ndarray, top: int) -> np.ndarray:
    """The places of the likeliest classes of each image, the likeliest first: (N, top)."""
    if top < probabilities.shape[1]:
        places = np.sort(np.argpartition(-probabilities, top - 1, axis=1)[:, :top], axis=1)
    else:
        places = np.broadcast_to(np.arange(top), probabilities.shape)
    order = np.argsort(-np.take_along_axis(probabilities, places, axis=1), axis=1, kind="stable")
    return np.take_along_axis(places, order, axis=1)


def _in_rows(values: np.ndarray, places: np.ndarray, count: int) -> np.ndarray:
    """Rows (M, ...) at their places of (count, ...), float32, with NaN in the others."""
    if len(values) == count:
        return values.astype(np.float32, copy=False)
    rows = np.full((count, *values.shape[1:]), np.nan, np.float32)
    rows[places] = values
    return rows


def _joined(chunks: list[Predictions]) -> Predictions:
    """All of them in one."""
    return replace(
        chunks[0],
        paths=[path for chunk in chunks for path in chunk.paths],
        probabilities=np.concatenate([chunk.probabilities for chunk in chunks]),
        problems=[problem for chunk in chunks for problem in chunk.problems],
        transcoded=[path for chunk in chunks for path in chunk.transcoded],
        outputs={name: np.concatenate([chunk.outputs[name] for chunk in chunks]) for name in chunks[0].outputs},
    )
