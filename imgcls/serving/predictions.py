"""What was predicted for some images: probabilities, decisions, and tables of both."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from imgcls.engines.engine import DECISION, PREDICTION_SET, UNKNOWN_SCORE, Outputs
from imgcls.image_files import shown_name
from imgcls.serving.prediction import Prediction
from imgcls.serving.signatures import NONE_OF_THESE, NOT_SURE

LIKELY = 0.5  # probability from which on an image that has any number of the classes has one


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
        return DECISION in self.outputs

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


def joined(chunks: Sequence[Predictions]) -> Predictions:
    """All of them in one. `chunks` are at least one, and of the same predictor."""
    return replace(
        chunks[0],
        paths=[path for chunk in chunks for path in chunk.paths],
        probabilities=np.concatenate([chunk.probabilities for chunk in chunks]),
        problems=[problem for chunk in chunks for problem in chunk.problems],
        transcoded=[path for chunk in chunks for path in chunk.transcoded],
        outputs={name: np.concatenate([chunk.outputs[name] for chunk in chunks]) for name in chunks[0].outputs},
    )


def _likeliest(probabilities: np.ndarray, top: int) -> np.ndarray:
    """The places of the likeliest classes of each image, the likeliest first: (N, top)."""
    if top < probabilities.shape[1]:
        places = np.sort(np.argpartition(-probabilities, top - 1, axis=1)[:, :top], axis=1)
    else:
        places = np.broadcast_to(np.arange(top), probabilities.shape)
    order = np.argsort(-np.take_along_axis(probabilities, places, axis=1), axis=1, kind="stable")
    return np.take_along_axis(places, order, axis=1)
