"""The reference of drift: what is observed of validation images, small enough to travel with a bundle."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from imgcls.evaluation.drift_observations import FIGURES, Observations
from imgcls.evaluation.embedding_summary import EmbeddingSummary
from imgcls.evaluation.prediction_table import PredictionTable

VERSION = 1
MOST_VALUES = 1024  # of a figure that are kept; of more images, so many quantiles


@dataclass(frozen=True)
class Distribution:
    """The values of one figure.

    Attributes:
        count: How many images had one.
        mean: Of all of them.
        values: Sorted; all of them, or the quantiles (i + 0.5) / `MOST_VALUES`.
    """

    count: int
    mean: float
    values: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> "Distribution":
        """The distribution of values; NaN are left out."""
        known = np.sort(values[np.isfinite(values)])
        kept = known
        if len(known) > MOST_VALUES:
            kept = known[((np.arange(MOST_VALUES) + 0.5) / MOST_VALUES * len(known)).astype(int)]
        return cls(len(known), float(known.mean()) if len(known) else 0.0, kept)

    @property
    def is_whole(self) -> bool:
        """Whether all values are kept."""
        return self.count == len(self.values)


@dataclass(frozen=True)
class Coordinates:
    """Where embeddings lie along R directions.

    Attributes:
        count: How many.
        mean: (R,).
        covariance: (R, R).
    """

    count: int
    mean: np.ndarray
    covariance: np.ndarray


@dataclass(frozen=True)
class DriftReference:
    """What is observed of the images that a model was validated on.

    Attributes:
        images: How many there were.
        independent: How many observations they are: the groups, where there are groups of images; else the images.
        class_names: The K classes of the model.
        predicted: (K,), how often each class was predicted.
        distributions: Of each figure, by its name.
        summary: Of the embeddings; None where the model gives none.
        coordinates: Of embeddings along the summary's directions; None as well.

    Example:
        ::

            reference = DriftReference.from_table(predictions_of(run, "validation"))
    """

    images: int
    independent: int
    class_names: tuple[str, ...]
    predicted: np.ndarray
    distributions: Mapping[str, Distribution]
    summary: EmbeddingSummary | None = None
    coordinates: Coordinates | None = None

    @classmethod
    def from_table(cls, table: PredictionTable) -> "DriftReference":
        """The reference of validation images.

        The embeddings are summarised on one half of the images and observed on the other one: a middle is always
        nearer to the images that it is the middle of.

        Args:
            table: The predictions for them, with their labels.
        """
        summary, observed = None, Observations.of_table(table)
        values, coordinates = dict(observed.values), None
        if table.embeddings is not None and len(table) >= 4:
            half = np.random.default_rng(0).permutation(len(table)) % 2 == 0
            summary = EmbeddingSummary.of(table.embeddings[half], table.targets[half])
            other = Observations.of_table(table.take(~half), summary)
            values["distance"] = other.values["distance"]
            coordinates = _coordinates(other.coordinates) if other.coordinates is not None else None
        groups = table.groups
        return cls(
            len(table),
            len(table) if groups is None else int(groups.max()) + 1,
            tuple(table.class_names),
            np.bincount(table.predicted, minlength=len(table.class_names)),
            {name: Distribution.of(values[name]) for name in FIGURES if name in values},
            summary,
            coordinates,
        )

    @property
    def share_independent(self) -> float:
        """Observations an image: 1 without groups."""
        return self.independent / max(1, self.images)

    def to_dict(self) -> dict[str, Any]:
        """The reference as JSON has it."""
        return {
            "version": VERSION,
            "images": self.images,
            "independent": self.independent,
            "class_names": list(self.class_names),
            "predicted": self.predicted.tolist(),
            "distributions": {
                name: {"count": each.count, "mean": each.mean, "values": each.values.tolist()}
                for name, each in self.distributions.items()
            },
            "summary": None if self.summary is None else self.summary.to_dict(),
            "coordinates": None
            if self.coordinates is None
            else {
                "count": self.coordinates.count,
                "mean": self.coordinates.mean.tolist(),
                "covariance": self.coordinates.covariance.tolist(),
            },
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "DriftReference":
        """The reference of what `to_dict` gave.

        Raises:
            ValueError: If it is of another version, or damaged.
        """
        try:
            if values["version"] != VERSION:
                raise ValueError(f"its version is {values['version']}, and this imgcls reads {VERSION}")
            return cls(
                int(values["images"]),
                int(values["independent"]),
                tuple(values["class_names"]),
                np.asarray(values["predicted"], int),
                {
                    name: Distribution(int(each["count"]), float(each["mean"]), np.asarray(each["values"], float))
                    for name, each in values["distributions"].items()
                },
                EmbeddingSummary.from_dict(values["summary"]) if values["summary"] else None,
                _read_coordinates(values["coordinates"]) if values["coordinates"] else None,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"The reference of drift cannot be read ({error}). Export the run again.") from error


def _coordinates(found: np.ndarray) -> Coordinates:
    return Coordinates(len(found), found.mean(axis=0), np.atleast_2d(np.cov(found, rowvar=False)))


def _read_coordinates(values: Mapping[str, Any]) -> Coordinates:
    mean, covariance = (np.asarray(values[name], float) for name in ("mean", "covariance"))
    return Coordinates(int(values["count"]), mean, covariance)
