"""The review of a run's labels: a queue of those that look wrong, with the images that speak for another class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from imgcls.evaluation.label_errors import LabelErrors
from imgcls.evaluation.nearest_images import directions, nearest_places

BOX = ["x_min", "y_min", "x_max", "y_max"]  # columns of the manifest; NaN where the example is the whole image
NEIGHBOURS = 3  # images of each class that are shown beside one
KEPT_SPLIT = "test"  # whose labels are changed by nobody but the user
LOOKS_WRONG, IS_DOUBTFUL = "looks wrong", "doubtful"


@dataclass(frozen=True)
class Candidate:
    """An image whose label should be looked at.

    Attributes:
        place: Of its row among those that were reviewed.
        row: Its row of the manifest.
        given: Its label.
        suggested: The class that it looks like.
        probability: Of the suggested class, without the image's label.
        given_probability: Of the label.
        why: "looks wrong", "doubtful", or how its copies are labelled.
        neighbours: Places of the nearest training images, by class: those of the label, and of the suggested class.
    """

    place: int
    row: "pd.Series[Any]"
    given: str
    suggested: str
    probability: float
    given_probability: float
    why: str
    neighbours: Mapping[str, Sequence[int]]

    @property
    def is_copy(self) -> bool:
        """Whether it is here because its copies have other labels."""
        return self.why not in (LOOKS_WRONG, IS_DOUBTFUL)

    def accepted(self, above: float | None) -> bool:
        """Whether the suggestion is taken unseen: it is at least so probable, and no label of the test is changed."""
        if above is None or self.row["split"] == KEPT_SPLIT:
            return False
        return self.probability >= above and self.suggested != self.given

    def decision(self, above: float | None) -> dict[str, object]:
        """Its line of corrections.csv: the label as it is, if the suggestion is not taken unseen."""
        box = {} if self.row[BOX].isna().any() else {name: float(self.row[name]) for name in BOX}
        return {
            "image": self.row["image"],
            "label": self.suggested if self.accepted(above) else self.given,
            **box,
            "suggested": self.suggested,
            "probability": round(self.probability, 4),
            "given": self.given,
            "given_probability": round(self.given_probability, 4),
            "split": self.row["split"],
            "why": self.why,
        }


def candidates(
    errors: LabelErrors, rows: pd.DataFrame, features: np.ndarray, apart: Mapping[int, str], units: np.ndarray
) -> list[Candidate]:
    """The images to look at: first copies with different labels, then the most doubtful labels.

    Args:
        errors: Of N images.
        rows: (N) rows of the manifest.
        features: (N, D), by which images are alike.
        apart: By place, how the copies of an image are labelled, where they contradict it.
        units: (N,), what belongs together; no image is shown as the neighbour of its own copy.
    """
    other = errors.suggested != errors.labels
    queue = [*apart, *(int(place) for place in errors.order if other[place] and int(place) not in apart)]
    unit = directions(features)
    training = (rows["split"] == "train").to_numpy()
    found = []
    for place in queue:
        given, suggested = int(errors.labels[place]), int(errors.suggested[place])
        allowed = training & (units != units[place])
        near = {
            errors.class_names[label]: nearest_places(unit, place, allowed & (errors.labels == label), NEIGHBOURS)
            for label in dict.fromkeys((given, suggested))
        }
        found.append(
            Candidate(
                place,
                rows.iloc[place],
                errors.class_names[given],
                errors.class_names[suggested],
                float(errors.probabilities[place, suggested]),
                float(errors.quality[place]),
                apart.get(place) or (LOOKS_WRONG if errors.looks_wrong[place] else IS_DOUBTFUL),
                near,
            )
        )
    return found
