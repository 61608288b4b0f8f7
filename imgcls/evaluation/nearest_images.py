"""The images of a class that are most like another image, by the features of a network."""

import numpy as np


def directions(features: np.ndarray) -> np.ndarray:
    """Features as directions from their mean, whose products are cosines.

    Args:
        features: (N, D), finite.

    Returns:
        (N, D) float32, each of length 1; of length 0 for an image that is the mean itself.
    """
    centred = features - features.mean(axis=0, dtype=np.float64).astype(np.float32)
    unit: np.ndarray = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12)
    return unit


def nearest_places(unit: np.ndarray, place: int, allowed: np.ndarray, count: int) -> list[int]:
    """The images that are most like one of them.

    Args:
        unit: (N, D), as `directions` gives them.
        place: Of the image.
        allowed: (N,) bool, those that may be named.
        count: How many are named at the most.

    Returns:
        Their places, the nearest first.
    """
    places = np.flatnonzero(allowed)
    likeness = unit[places] @ unit[place]
    return [int(near) for near in places[np.argsort(-likeness, kind="stable")[:count]]]
