"""What is observed of images for drift: a few figures of each one, and the class that is predicted for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from imgcls.evaluation.alignment import BOX
from imgcls.evaluation.embedding_summary import EmbeddingSummary
from imgcls.evaluation.prediction_table import PredictionTable

DIGITS = 4  # significant, of each number: so that saturated values are equal, whichever engine computed them


@dataclass(frozen=True)
class Figure:
    """A number of each image.

    Attributes:
        name: In the reference.
        title: In sentences.
        higher: What images with a higher one are.
        lower: What images with a lower one are.
        is_share: Whether it is shown in percent.
    """

    name: str
    title: str
    higher: str
    lower: str
    is_share: bool = False

    def shown(self, value: float) -> str:
        """The value as sentences show it."""
        return f"{100 * value:.1f} %" if self.is_share else f"{value:.3g}"


ROWS = (
    Figure("confidence", "confidence", "the model is surer", "the model is less sure", is_share=True),
    Figure("distance", "embedding distance", "they are farther from every class", "they are nearer to a class"),
    Figure("brightness", "brightness", "they are brighter", "they are darker", is_share=True),
    Figure("brightness_99", "brightest parts", "they are brighter", "they are darker", is_share=True),
    Figure("brightness_5", "darkest parts", "they are brighter", "they are darker", is_share=True),
    Figure("sharpness", "sharpness", "they are sharper", "they are more blurred"),
    Figure("size", "size in pixels", "they are larger", "they are smaller"),
    Figure("aspect", "width to height", "they are wider", "they are taller"),
)
FIGURES = {figure.name: figure for figure in ROWS}


@dataclass(frozen=True)
class Observations:
    """What is observed of N images.

    Attributes:
        images: N.
        values: A number for each image by the name of the figure, (N,); NaN where it is not known.
        predicted: (N,), the index of the class that is predicted for each image.
        coordinates: (N, R), of the embeddings; None where they are not known.
    """

    images: int
    values: Mapping[str, np.ndarray]
    predicted: np.ndarray
    coordinates: np.ndarray | None = None

    @classmethod
    def of_table(cls, table: PredictionTable, summary: EmbeddingSummary | None = None) -> "Observations":
        """What a table of predictions says of its images.

        Args:
            table: Labels are not read. The column "brightness" is the mean in [0, 1], where there is one.
            summary: Of the reference's embeddings; without it, embeddings are not looked at.
        """
        values = {"confidence": table.confidence, **_looks(table.rows)}
        coordinates = None
        if summary is not None and table.embeddings is not None and table.embeddings.shape[1] == summary.dimension:
            values["distance"] = summary.distance(table.embeddings)
            coordinates = summary.coordinates(table.embeddings)
        found = {name: rounded(values[name]) for name in FIGURES if name in values}
        return cls(len(table), found, table.predicted, coordinates)

    @classmethod
    def of_log(cls, log: pd.DataFrame, class_names: Sequence[str]) -> "Observations":
        """What a table of predictions by name says, as `python -m imgcls.predict --output` writes it.

        Args:
            log: The columns class and probability; rows with a `problem` are left out.
            class_names: The classes of the model.

        Raises:
            ValueError: If a column is missing, a probability is none, or a class is unknown.
        """
        for column in ("class", "probability"):
            if column not in log:
                raise ValueError(
                    f"The log has no column {column!r}, but {', '.join(map(str, log.columns[:8]))}. Expected a table "
                    "that `python -m imgcls.predict --output` wrote."
                )
        if "problem" in log:
            log = log[log["problem"].fillna("") == ""]
        probabilities = pd.to_numeric(log["probability"], errors="coerce").to_numpy(float)
        if not ((probabilities >= 0) & (probabilities <= 1)).all():
            raise ValueError("The log has probabilities that are no numbers from 0 to 1. Write it again.")
        places = {name: place for place, name in enumerate(class_names)}
        strangers = sorted(set(log["class"].astype(str)) - set(places))
        if strangers:
            raise ValueError(
                f"The log names the class {strangers[0]!r}, which the model does not know. It knows: "
                f"{', '.join(class_names)}."
            )
        predicted = np.array([places[str(name)] for name in log["class"]], int)
        return cls(len(log), {"confidence": rounded(probabilities)}, predicted)


def rounded(values: np.ndarray) -> np.ndarray:
    """Numbers with `DIGITS` significant digits; NaN stays.

    Example:
        >>> rounded(np.array([0.9999997, 0.123456, np.nan]))
        array([1.    , 0.1235,    nan])
    """
    return np.array([float(f"{value:.{DIGITS}g}") for value in np.asarray(values, float)], float)


def _looks(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """What the inspection measured; a part of an image that is an example by itself has the size of its box."""
    found = {name: rows[name].to_numpy(float) for name in FIGURES if name in rows}
    if not {"width", "height"} <= set(rows):
        return found
    width, height = rows["width"].to_numpy(float), rows["height"].to_numpy(float)
    if set(BOX) <= set(rows):
        left, top, right, bottom = rows[BOX].to_numpy(float).T
        width, height = np.where(np.isnan(left), width, right - left), np.where(np.isnan(left), height, bottom - top)
    known = (width > 0) & (height > 0)
    width, height = np.where(known, width, np.nan), np.where(known, height, np.nan)
    return {**found, "size": np.sqrt(width * height), "aspect": width / height}
