"""What is said of one image."""

from typing import NamedTuple


class Prediction(NamedTuple):
    """The classes of one image, the likeliest first.

    Attributes:
        classes: The names; empty where there is a problem.
        probabilities: Of each name.
        problem: Why the image could not be read; "" if it could.

    Example:
        >>> Prediction(["rose", "tulip"], [0.9, 0.1], "").classes[0]
        'rose'
    """

    classes: list[str]
    probabilities: list[float]
    problem: str
