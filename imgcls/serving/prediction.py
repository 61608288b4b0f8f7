"""What is said of one image."""

from collections.abc import Sequence
from typing import NamedTuple


class _Ranked(NamedTuple):
    classes: list[str]
    probabilities: list[float]
    problem: str


class Prediction(_Ranked):
    """The classes of one image, the likeliest first.

    It is a tuple of its first three parts; the others belong to it as attributes.

    Attributes:
        classes: The names; empty where there is a problem.
        probabilities: Of each name.
        problem: Why the image could not be read; "" if it could.
        decision: A class, "not sure" or "none of these"; "" where there is a problem, or nothing was fitted.
        prediction_set: The classes that the image may have, the likeliest first; empty likewise.
        unknown_score: How unlike the images of training it is, higher is stranger; 0 likewise, and NaN where
            too few images were there to fit it.

    Example:
        >>> first = Prediction(["rose", "tulip"], [0.9, 0.1], "", "rose", ["rose"], -3.2)
        >>> first.classes[0], first.decision, len(first)
        ('rose', 'rose', 3)
    """

    decision: str
    prediction_set: list[str]
    unknown_score: float

    def __new__(
        cls,
        classes: list[str],
        probabilities: list[float],
        problem: str,
        decision: str = "",
        prediction_set: Sequence[str] = (),
        unknown_score: float = 0.0,
    ) -> "Prediction":
        """Make the tuple, and keep what belongs to it."""
        self = super().__new__(cls, classes, probabilities, problem)
        self.decision = decision
        self.prediction_set = list(prediction_set)
        self.unknown_score = unknown_score
        return self

    def __repr__(self) -> str:
        judgement = (
            f", decision={self.decision!r}, prediction_set={self.prediction_set!r}, unknown_score={self.unknown_score}"
        )
        return f"{super().__repr__()[:-1]}{judgement if self.decision else ''})"
