"""Clusters of what is linked: numbers for connected components."""

import numpy as np
import pandas as pd


def connected_components(count: int, links: np.ndarray) -> np.ndarray:
    """Number the clusters of linked things.

    Args:
        count: The number of things.
        links: (L, 2), places of two things that belong together.

    Returns:
        (count,), int64: the cluster of each thing, from 0 on in the order of their first members.

    Example:
        >>> connected_components(4, np.array([[0, 2], [2, 3]])).tolist()
        [0, 1, 0, 0]
    """
    smallest = np.arange(count)
    while True:
        lower = np.minimum(smallest[links[:, 0]], smallest[links[:, 1]])
        before = smallest.copy()
        for side in (0, 1):
            np.minimum.at(smallest, smallest[links[:, side]], lower)
        smallest = smallest[smallest]
        if (smallest == before).all():
            return np.unique(smallest, return_inverse=True)[1]


def links_of_equals(values: pd.Series) -> np.ndarray:
    """Links of each place to the first one with the same text.

    Args:
        values: (N,), texts; empty ones are linked to nothing.

    Returns:
        (L, 2), places.
    """
    places = np.flatnonzero(values != "")
    groups = pd.factorize(values.iloc[places])[0]
    first = np.unique(groups, return_index=True)[1]
    return np.column_stack([places, places[first[groups]]])
