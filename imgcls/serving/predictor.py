"""Names for image files, from a model or a bundle."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import Outcome, read_images
from imgcls.image_files import shown_name

BATCH = 32  # images; also bounds the memory, however many files there are


@dataclass(frozen=True)
class Predictions:
    """What was predicted for each file.

    probabilities: (files, classes), in the order of `class_names`; a row of NaN where there is a problem.
    problems: a reason for each file that could not be read, "" for the others.
    transcoded: the files of which a PNG was read, as `imgcls.data.images.transcoding` makes it.
    """

    paths: list[Path]
    class_names: list[str]
    probabilities: np.ndarray
    problems: list[str]
    transcoded: list[Path] = field(default_factory=list)

    @property
    def readable(self) -> np.ndarray:
        """(files,) bool."""
        return np.array([not problem for problem in self.problems], bool)

    def table(self, top: int = 3) -> pd.DataFrame:
        """A row a file: image, then `top` times class and probability, the likeliest first, then problem."""
        top = min(top, len(self.class_names))
        order = np.argsort(-self.probabilities, axis=1)[:, :top]
        columns: dict[str, list] = {"image": [shown_name(path) for path in self.paths]}
        for place in range(top):
            ending = f"_{place + 1}" if place else ""
            names = [self.class_names[i] for i in order[:, place]]
            values = np.take_along_axis(self.probabilities, order[:, place : place + 1], axis=1)[:, 0]
            columns[f"class{ending}"] = [name if ok else "" for name, ok in zip(names, self.readable, strict=True)]
            columns[f"probability{ending}"] = list(values)
        return pd.DataFrame({**columns, "problem": self.problems})


class Predictor:
    """Predicts image files in batches.

    predict: pixels (B, height, width, channels), float32 in [0, 255], to probabilities (B, classes).
    class_names: the names of the outputs, in order.
    preprocessing: how files become those pixels.
    """

    def __init__(
        self, predict: Callable[[np.ndarray], np.ndarray], class_names: list[str], preprocessing: Preprocessing
    ):
        self._predict = predict
        self.class_names = class_names
        self.preprocessing = preprocessing

    def predict_files(
        self,
        paths: Iterable[str | Path],
        on_progress: Callable[[int], None] = lambda done: None,
        boxes: np.ndarray | None = None,
    ) -> Predictions:
        """Predict every file; what cannot be read gets its reason. `on_progress` gets the number of files done.

        boxes: (files, 4), the part of each image that is predicted, as `Manifest.boxes` gives them; None for all of it.
        """
        outcomes = read_images(paths, self.preprocessing, boxes)
        read: list[Path] = []
        problems: list[str] = []
        transcoded: list[Path] = []
        rows: list[np.ndarray] = [np.empty((0, len(self.class_names)), np.float32)]
        while chunk := list(islice(outcomes, BATCH)):
            read += [outcome.path for outcome in chunk]
            problems += [outcome.problem for outcome in chunk]
            transcoded += [outcome.path for outcome in chunk if outcome.transcoded]
            rows.append(self._rows(chunk))
            on_progress(len(read))
        return Predictions(read, self.class_names, np.concatenate(rows), problems, transcoded)

    def _rows(self, chunk: list[Outcome]) -> np.ndarray:
        rows = np.full((len(chunk), len(self.class_names)), np.nan, np.float32)
        good = [i for i, outcome in enumerate(chunk) if not outcome.problem]
        if good:
            rows[good] = self._predict(np.stack([chunk[i].result for i in good]))
        return rows
