"""Which images without labels are worth labelling: those that the classifier doubts, and that are not all alike.

As BADGE (Ash et al., "Deep Batch Active Learning by Diverse, Uncertain Gradient Lower Bounds", ICLR 2020), it wants
both at once. It draws nothing: the next image is the one whose doubt, times its distance to the nearest image that was
chosen, is largest. So the same images always give the same queue, and a copy of a chosen image comes last.
"""

from dataclasses import dataclass

import numpy as np

from imgcls.evaluation.review.nearest_images import directions


@dataclass(frozen=True)
class LabelQueue:
    """The images to label first.

    Attributes:
        places: (M,) of the images, the most useful one first.
        doubt: (N,) of all images, in [0, 1]: the entropy of the probabilities as a share of the largest one.
        variety: (M,), the distance of each chosen image to those before it, in [0, 2]: one minus the largest cosine.
    """

    places: np.ndarray
    doubt: np.ndarray
    variety: np.ndarray


def entropy_share(probabilities: np.ndarray) -> np.ndarray:
    """How undecided a classifier is.

    Args:
        probabilities: (N, K).

    Returns:
        (N,) in [0, 1]: the entropy by that of K classes that are all as likely; 0 for a single class.

    Example:
        >>> entropy_share(np.array([[0.5, 0.5], [1.0, 0.0]])).tolist()
        [1.0, 0.0]
    """
    surprise = np.abs(np.log(np.clip(probabilities, 1e-30, 1.0)))
    most = np.log(max(2, probabilities.shape[1]))
    share: np.ndarray = np.clip((probabilities * surprise).sum(axis=1) / most, 0.0, 1.0)
    return share


def label_queue(probabilities: np.ndarray, embeddings: np.ndarray | None, most: int) -> LabelQueue:
    """Choose the images to label first.

    Args:
        probabilities: (N, K), calibrated where the classifier is.
        embeddings: (N, D), the features under the classifier; None: the order is that of the doubt alone.
        most: How many are chosen at the most.
    """
    doubt = entropy_share(probabilities)
    most = min(most, len(doubt))
    if embeddings is None or not most:
        places = np.argsort(-doubt, kind="stable")[:most]
        return LabelQueue(places, doubt, np.zeros(most))
    places, variety = _spread(doubt, directions(np.asarray(embeddings, np.float32)), most)
    return LabelQueue(places, doubt, variety)


def _spread(doubt: np.ndarray, unit: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Places, each with the largest doubt times distance to those before it; and these distances."""
    distance = np.full(len(doubt), 2.0)  # opposite directions are no further apart
    places: list[int] = []
    variety: list[float] = []
    for _ in range(most):
        useful = doubt * distance
        useful[places] = -1.0
        chosen = int(useful.argmax())
        places.append(chosen)
        variety.append(max(0.0, float(distance[chosen])))
        distance = np.minimum(distance, np.maximum(1 - unit @ unit[chosen], 0.0))
    return np.array(places), np.array(variety)
