"""What either way of going over a photo gives."""

from typing import NamedTuple

import numpy as np


class Classified(NamedTuple):
    """The answers about all windows of some pixels.

    Attributes:
        maps: (rows, columns, K), float32: the probabilities of the window at the pixel (row, column) x stride.
        computed_pixels: That went through the network, each as often as it did.
    """

    maps: np.ndarray
    computed_pixels: int
