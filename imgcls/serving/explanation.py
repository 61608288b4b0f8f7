"""Why an image was answered as it was."""

from typing import NamedTuple

import numpy as np


class Explanation(NamedTuple):
    """The heat map of one image.

    Attributes:
        class_name: The class that it speaks for; "" where the image could not be read or the class is unknown.
        probability: Of that class.
        heat_map: (height, width), float32, as the network sees the image: how much each place speaks for the class,
            0 where it does not; all 0 where there is no class.
        picture: A PNG file: the map over the image in gray; empty where there is no class.
        problem: Why the image could not be read, the class is unknown or the map says nothing; else "".
    """

    class_name: str
    probability: float
    heat_map: np.ndarray
    picture: bytes
    problem: str
