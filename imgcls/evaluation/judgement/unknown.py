"""How unlike the images of training an image is, and from where on it is "none of these".

`unknown_fit` fits the scores to embeddings and logits, and chooses the best.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from scipy.special import logsumexp

from imgcls.evaluation.prediction_table import PredictionTable

OF_ONE_LABEL = ("msp", "energy")
OF_SEVERAL_LABELS = ("max_logit", "joint_energy")
OF_EMBEDDINGS = ("mahalanobis", "knn")
LEAST_MISSING = 1e-3  # of an area; what is better counts no more
LEAST_NORM = 1e-12

Score = Callable[[np.ndarray, np.ndarray | None], np.ndarray]


@dataclass(frozen=True)
class Candidate:
    """A score that was tried, and how well it told validation images from strangers.

    Attributes:
        method: As in `UnknownScore`.
        neighbors: Of "knn".
        detail: What tells it from others of its method, in words.
        areas: The area under the ROC curve against each kind of strangers, by its name; 0.5 is chance, 1 is perfect.
            "hidden classes" is the mean over the classes that were hidden.
    """

    method: str
    neighbors: int = 1
    detail: str = ""
    areas: Mapping[str, float] = field(default_factory=dict)

    @property
    def area(self) -> float | None:
        """The area against hidden classes and against corruptions, as one figure; None where there were no strangers.

        What is missing to 1 is averaged as logarithms, so that to halve it counts the same in both. The network has
        seen the hidden classes, so that areas against them are far below those against corruptions.
        """
        hidden = [area for name, area in self.areas.items() if name == HIDDEN]
        corrupted = [area for name, area in self.areas.items() if name != HIDDEN]
        missing = [max(1.0 - float(np.mean(each)), LEAST_MISSING) for each in (hidden, corrupted) if each]
        return 1.0 - float(np.exp(np.mean(np.log(missing)))) if missing else None

    @property
    def title(self) -> str:
        """Its name in words."""
        return TITLES[self.method] + (f", {self.detail}" if self.detail else "")


HIDDEN = "hidden classes"
TITLES = {
    "msp": "probability of the likeliest class (MSP)",
    "energy": "energy of the logits",
    "max_logit": "largest logit",
    "joint_energy": "joint energy of the logits",
    "mahalanobis": "distance to the class means (Mahalanobis)",
    "knn": "distance to training images (nearest neighbors)",
}


@dataclass(frozen=True, eq=False)
class UnknownScore:
    """A score of strangeness: higher is stranger.

    Attributes:
        method: "msp": log((1 - p) / p) of the likeliest class's probability p, without temperature, so that images are
            in the order of 1 - p. "energy": minus the log of the sum of exp(logits). "max_logit" and "joint_energy":
            the same two ideas where an image may have several classes. "mahalanobis": the squared distance to the
            nearest class mean, in the shrunk covariance of the classes. "knn": the cosine distance to one of the
            nearest training embeddings.
        threshold: Above it an image is "none of these".
        arrays: What the method needs, by name, in float32. "mahalanobis": mean (D,), components (R, D), variances (R,),
            residual_variance (), class_means (K, R), along the components and divided by their deviations. "knn": bank
            (M, D), each row of length 1.
        neighbors: Of "knn": which of the nearest counts.
        known: The share of validation images that are below the threshold.
        candidates: The scores that were tried.
        images: On how many validation images the threshold was set.

    Reference:
        Hendrycks and Gimpel, A Baseline for Detecting Misclassified and Out-of-Distribution Examples, 2017; Liu et al.,
        Energy-based Out-of-distribution Detection, 2020; Lee et al., A Simple Unified Framework for Detecting
        Out-of-Distribution Samples, 2018; Sun et al., Out-of-Distribution Detection with Deep Nearest Neighbors, 2022;
        Wang et al., Can Multi-label Classification Networks Know What They Don't Know?, 2021.

    Example:
        >>> score = UnknownScore("energy", threshold=-2.0)
        >>> (score.score(np.array([[9.0, 0.0], [0.5, 0.4]]), None) > score.threshold).tolist()
        [False, True]
    """

    method: str
    threshold: float
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    neighbors: int = 1
    known: float = 0.95
    candidates: tuple[Candidate, ...] = ()
    images: int = 0

    def score(self, logits: np.ndarray, embeddings: np.ndarray | None) -> np.ndarray:
        """The strangeness of images: (N,) float32.

        Args:
            logits: (N, K), before temperature.
            embeddings: (N, D); None is enough for the methods that read logits.

        Raises:
            ValueError: If the method needs embeddings and there are none.
        """
        if self.method in OF_EMBEDDINGS and embeddings is None:
            raise ValueError(f"The score {self.method!r} needs embeddings, which these predictions do not have.")
        return _SCORES[self.method](self)(logits, embeddings).astype(np.float32)

    def scores(self, table: PredictionTable) -> np.ndarray:
        """The strangeness of the images of a table: (N,) float32.

        Raises:
            ValueError: If the table does not have what the method needs.
        """
        if table.logits is None:
            raise ValueError("These predictions have no logits, so nothing can be said about strangeness.")
        return self.score(np.asarray(table.logits), None if table.embeddings is None else np.asarray(table.embeddings))

    def is_unknown(self, table: PredictionTable) -> np.ndarray:
        """Which images of a table are "none of these": (N,) bool."""
        strange: np.ndarray = self.scores(table) > np.float32(self.threshold)
        return strange

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it, without the arrays."""
        return {
            "method": self.method,
            "threshold": self.threshold,
            "neighbors": self.neighbors,
            "known": self.known,
            "images": self.images,
            "candidates": [{**asdict(each), "areas": dict(each.areas), "area": each.area} for each in self.candidates],
        }


def candidates_of(found: Sequence[Mapping[str, Any]]) -> tuple[Candidate, ...]:
    """The candidates that `UnknownScore.to_dict` wrote."""
    return tuple(Candidate(each["method"], each["neighbors"], each["detail"], dict(each["areas"])) for each in found)


def unit_length(embeddings: np.ndarray) -> np.ndarray:
    """Each row with length 1."""
    unit: np.ndarray = embeddings / np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), LEAST_NORM)
    return unit


def _msp(logits: np.ndarray) -> np.ndarray:
    falling = -np.sort(-logits.astype(np.float64), axis=1)
    others: np.ndarray = logsumexp(falling[:, 1:] - falling[:, :1], axis=1)
    return others


def _of_logits_alone(function: Callable[[np.ndarray], np.ndarray]) -> Callable[[UnknownScore], Score]:
    return lambda score: lambda logits, embeddings: function(np.asarray(logits, np.float64))


def _mahalanobis(score: UnknownScore) -> Score:
    parts = {name: np.asarray(values, np.float64) for name, values in score.arrays.items()}

    def distance(logits: np.ndarray, embeddings: np.ndarray | None) -> np.ndarray:
        centered = np.asarray(embeddings, np.float64) - parts["mean"]
        along = centered @ parts["components"].T
        across = np.maximum((centered**2).sum(axis=1) - (along**2).sum(axis=1), 0.0)
        white, means = along / np.sqrt(parts["variances"]), parts["class_means"]
        squares = (white**2).sum(axis=1, keepdims=True) + (means**2).sum(axis=1) - 2 * white @ means.T
        found: np.ndarray = np.maximum(squares.min(axis=1), 0.0) + across / parts["residual_variance"]
        return found

    return distance


def _nearest(score: UnknownScore) -> Score:
    bank, rank = score.arrays["bank"], score.neighbors

    def distance(logits: np.ndarray, embeddings: np.ndarray | None) -> np.ndarray:
        unit = unit_length(np.asarray(embeddings, np.float32))
        parts = [unit[start : start + 1024] @ bank.T for start in range(0, max(1, len(unit)), 1024)]
        similar = [np.partition(part, -rank, axis=1)[:, -rank] for part in parts]
        found: np.ndarray = 1.0 - np.concatenate(similar)
        return found

    return distance


_SCORES: dict[str, Callable[[UnknownScore], Score]] = {
    "msp": _of_logits_alone(_msp),
    "energy": _of_logits_alone(lambda logits: -logsumexp(logits, axis=1)),
    "max_logit": _of_logits_alone(lambda logits: -logits.max(axis=1)),
    "joint_energy": _of_logits_alone(lambda logits: -np.logaddexp(0, logits).sum(axis=1)),
    "mahalanobis": _mahalanobis,
    "knn": _nearest,
}
