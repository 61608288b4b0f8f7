"""The training images that are most like an image, by what the network sees in them."""

from typing import NamedTuple

import numpy as np

from imgcls.evaluation.prediction_table import PredictionTable

AT_ONCE = 4096  # training images that are compared at a time, which bounds the memory


class Neighbours(NamedTuple):
    """The nearest training images of M images, the nearest first.

    Attributes:
        places: (M, count), rows of the training table.
        similarities: (M, count), the cosine of the two embeddings, in [-1, 1].
    """

    places: np.ndarray
    similarities: np.ndarray


def nearest_training_images(images: PredictionTable, training: PredictionTable, count: int) -> Neighbours:
    """Find the training images whose embeddings have the highest cosine with those of some images.

    Args:
        images: M images with embeddings.
        training: T images with embeddings of the same model.
        count: How many for each image; fewer where there are fewer.

    Raises:
        ValueError: If one of the tables has no embeddings, or they are of different lengths.

    Example:
        >>> import pandas as pd
        >>> def table(embeddings):
        ...     rows = pd.DataFrame({"image": ["a.png"] * len(embeddings), "label": "a"})
        ...     vectors = np.array(embeddings, np.float32)
        ...     return PredictionTable(rows, ["a"], np.ones((len(rows), 1)), embeddings=vectors)
        >>> nearest_training_images(table([[0, 2]]), table([[1, 0], [1, 1], [0, 1]]), 2).places.tolist()
        [[2, 1]]
    """
    mine, theirs = images.embeddings, training.embeddings
    if mine is None or theirs is None or mine.shape[1] != theirs.shape[1]:
        raise ValueError(
            "The nearest training images need embeddings of one model for both. Evaluate both splits again."
        )
    count = min(count, len(theirs))
    unit = _unit(mine)
    places, similarities = np.zeros((len(mine), 0), int), np.zeros((len(mine), 0), np.float32)
    for first in range(0, len(theirs), AT_ONCE):
        some = unit @ _unit(theirs[first : first + AT_ONCE]).T
        similarities = np.hstack([similarities, some])
        places = np.hstack([places, np.broadcast_to(first + np.arange(some.shape[1]), some.shape)])
        best = np.argsort(-similarities, axis=1, kind="stable")[:, :count]
        places, similarities = np.take_along_axis(places, best, 1), np.take_along_axis(similarities, best, 1)
    return Neighbours(places, similarities)


def _unit(vectors: np.ndarray) -> np.ndarray:
    """The vectors with length 1; zero stays zero."""
    vectors = np.asarray(vectors, np.float32)
    unit: np.ndarray = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return unit
