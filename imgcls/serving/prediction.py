"""What is said of one image."""

from typing import NamedTuple


class Prediction(NamedTuple):
    """The classes of one image, the likeliest first.

    classes, probabilities: as long as each other; empty where there is a problem.
    problem: why the image could not be read; "" if it could.
    """

    classes: list[str]
    probabilities: list[float]
    problem: str
