"""Names for images, from whatever engine computes the network."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from imgcls.counted import counted
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import ReadResult, read_images
from imgcls.engines.engine import (
    DECISION,
    EMBEDDING,
    JUDGEMENT,
    LOGITS,
    PREDICTION_SET,
    PROBABILITIES,
    UNKNOWN_SCORE,
    Engine,
    Outputs,
)
from imgcls.image_files import shown_name
from imgcls.progress import ProgressFunction, no_progress
from imgcls.serving.given_images import Image, without_arrays
from imgcls.serving.prediction import Prediction
from imgcls.serving.signatures import NONE_OF_THESE, NOT_SURE

LIKELY = 0.5  # probability from which on an image that has any number of the classes has one
OF_CLASSES = (PROBABILITIES, LOGITS, PREDICTION_SET)  # outputs with a column for each class
BATCH = 32  # images; also bounds the memory, however many files there are


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
        judgement = zip(self.decisions, self.prediction_sets, scores, strict=True)
        return [
            Prediction([], [], problem)
            if problem
            else Prediction(names[places].tolist(), self.probabilities[row, places].tolist(), "", *rest, float(score))
            for row, (places, problem, (*rest, score)) in enumerate(
                zip(self._order(), self.problems, judgement, strict=True)
            )
        ]

    def _order(self) -> np.ndarray:
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
        return np.nan_to_num(self.probabilities) >= LIKELY

    def table(self, top: int = 3) -> pd.DataFrame:
        """A row for each image.

        Args:
            top: How many classes are named.

        Returns:
            The columns image, class, probability, class_2, probability_2, ..., the likeliest first, and problem. Where
            an image has any number of the classes, labels comes after image, with "; " between the names. In front of
            problem, if the classifier decides: decision, unknown_score, and prediction_set, whose names have " | "
            between them.
        """
        top = min(top, len(self.class_names))
        order = np.argsort(-self.probabilities, axis=1)[:, :top]
        columns: dict[str, list[object]] = {"image": [shown_name(path) for path in self.paths]}
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
        outputs = [*dict.fromkeys([*outputs, *(name for name in JUDGEMENT if name in self.engine.outputs)])]
        outcomes = read_images(images, self.preprocessing, boxes)
        read: list[Path] = []
        problems: list[str] = []
        transcoded: list[Path] = []
        chunks: list[Outputs] = []
        while chunk := list(islice(outcomes, BATCH)):
            read += [outcome.path for outcome in chunk]
            problems += [outcome.problem for outcome in chunk]
            transcoded += [outcome.path for outcome in chunk if outcome.transcoded]
            chunks.append(self._rows(chunk, outputs))
            on_progress(len(read))
        found = {name: np.concatenate([rows[name] for rows in chunks]) for name in (chunks[0] if chunks else ())}
        found = found or self._rows([], outputs)
        probabilities = found.pop(PROBABILITIES)
        return Predictions(read, self.class_names, probabilities, problems, transcoded, found, self.multi_label)

    def _rows(self, chunk: list[ReadResult], outputs: Sequence[str]) -> Outputs:
        """The probabilities and further outputs of the engine for each image; NaN where there are no pixels."""
        good = [i for i, outcome in enumerate(chunk) if not outcome.problem]
        shape = (self.preprocessing.height, self.preprocessing.width, self.preprocessing.channels)
        pixels = np.stack([np.asarray(chunk[i].result) for i in good]) if good else np.empty((0, *shape), np.float32)
        sizes = dict.fromkeys((DECISION, UNKNOWN_SCORE), ()) | {name: (len(self.class_names),) for name in OF_CLASSES}
        if not good and set(outputs) <= set(sizes):  # the network has nothing to do
            return {name: _missing(len(chunk), sizes[name]) for name in (PROBABILITIES, *outputs)}
        found = self.engine.predict(pixels)
        rows = {name: _missing(len(chunk), found[name].shape[1:]) for name in (PROBABILITIES, *outputs)}
        for name, values in rows.items():
            values[good] = found[name]
        return rows


def _missing(count: int, shape: tuple[int, ...]) -> np.ndarray:
    return np.full((count, *shape), np.nan, np.float32)
