"""How unlike the images of training an image is, and from where on it is "none of these".

Several scores are fitted to embeddings and logits. The best is chosen on validation images against strangers that are
made of them: each class in turn is hidden from the score, and corrupted images, if there are any. The test split is
never looked at.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from scipy.special import logsumexp
from sklearn.covariance import oas
from sklearn.metrics import roc_auc_score

from imgcls.evaluation.prediction_table import PredictionTable

OF_ONE_LABEL = ("msp", "energy")
OF_SEVERAL_LABELS = ("max_logit", "joint_energy")
OF_EMBEDDINGS = ("mahalanobis", "knn")
FEWEST_IMAGES = 20  # in validation, for a threshold
FEWEST_TRAINING_IMAGES = 10  # for a score of embeddings
FEWEST_STRANGERS = 5  # images of a class that is hidden, and of a corruption
MOST_TRAINING_IMAGES = 5_000  # that a score is fitted to
MOST_COMPARED = 2_000  # validation images on which a score is chosen
MOST_HIDDEN = 20  # classes, one after the other
BANK = 2_000  # training embeddings that "knn" keeps
NUMBERS = 1_000_000  # in an array that travels with the model: 4 MB
NEIGHBORS = (1, 10)  # among which the rank of the neighbor is chosen
LEAST_MISSING = 1e-3  # of an area; what is better counts no more
ENOUGH = 20  # images a dimension, from where on a covariance needs no shrinkage
LEAST_NORM = 1e-12
LEAST_SHARE = 1e-6  # of the largest variance; what is less is rounding
TINY = 1e-12  # the least variance
NOTHING_LEFT = 1e30  # variance across all components, where all are kept: what is left by rounding counts for nothing
ROUNDING = 1e-5  # of a score, added to the threshold, so that other processors round to the same side

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
        >>> score.score(np.array([[9.0, 0.0], [0.5, 0.4]]), None).round(2).tolist()
        [-9.0, -1.14]
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


def fit_unknown_score(
    training: PredictionTable,
    validation: PredictionTable,
    corrupted: Mapping[str, PredictionTable] | None = None,
    known: float = 0.95,
) -> UnknownScore | None:
    """Fit every score, choose the one that finds strangers best, and set its threshold.

    The strangers are validation images of a class that is hidden from the score, one class after the other, and
    corrupted validation images. A class cannot be hidden where there are two, or where an image may have several.
    Without any stranger, the distance to the class means is taken.

    Args:
        training: Images that the network was trained on; at most 5,000 of them, drawn, are read.
        validation: Images that it was not trained on.
        corrupted: Validation images that are spoilt so much that nothing is to be seen, by the name of what was done.
        known: The share of validation images that must not be called "none of these".

    Returns:
        The score; None where there are no logits or fewer than 20 validation images.

    Raises:
        ValueError: If `known` is no share.
    """
    if not 0 < known <= 1:
        raise ValueError(f"The share of known images is {known}; expected a share such as 0.95.")
    if len(validation) < FEWEST_IMAGES or validation.logits is None:
        return None
    training = drawn(training, MOST_TRAINING_IMAGES)
    compared = drawn(validation, MOST_COMPARED)
    spoilt = {name: table for name, table in (corrupted or {}).items() if len(table) >= FEWEST_STRANGERS}
    tried = [
        (score, Candidate(score.method, score.neighbors, detail, _areas(score, compared, spoilt, training)))
        for detail, score in _fitted(training, validation)
    ]
    best, _ = max(tried, key=lambda each: -1.0 if each[1].area is None else each[1].area)
    return replace(
        best,
        threshold=known_threshold(best.scores(validation), known),
        known=known,
        candidates=tuple(candidate for _, candidate in tried),
        images=len(validation),
    )


def known_threshold(scores: np.ndarray, known: float) -> float:
    """The threshold that at least this share of images does not exceed.

    Args:
        scores: (N,), of validation images.
        known: The share. Of new images, at least so many are expected below it where N is large enough.

    Example:
        >>> round(known_threshold(np.arange(1.0, 101.0), 0.95), 2)
        96.0
    """
    rank = min(int(np.ceil((len(scores) + 1) * known - 1e-9)), len(scores))
    value = float(np.sort(scores)[rank - 1])
    return value + ROUNDING * max(1.0, abs(value))


def drawn(table: PredictionTable, most: int) -> PredictionTable:
    """At most so many images of a table, always the same ones, each class with its share."""
    if len(table) <= most:
        return table
    labels = np.zeros(len(table), int) if table.is_multi_label else table.labels
    return table.take(np.sort(_stratified(labels, most)))


def _stratified(labels: np.ndarray, most: int) -> np.ndarray:
    """Places of images, of each class as evenly as there are images: (most,)."""
    random = np.random.default_rng(0)
    order = random.permutation(len(labels))
    turn = np.empty(len(labels), int)  # the how-manieth of its class each image is
    for label in np.unique(labels):
        own = order[labels[order] == label]
        turn[own] = np.arange(len(own))
    return order[np.argsort(turn[order], kind="stable")][:most]


def _fitted(training: PredictionTable, validation: PredictionTable) -> list[tuple[str, UnknownScore]]:
    """Every score, without a threshold, and what tells it from others of its method; of equals, the first is taken."""
    of_logits = [("", UnknownScore(name, np.inf)) for name in _of_logits(validation)]
    there = training.embeddings is not None and validation.embeddings is not None
    if not there or len(training) < FEWEST_TRAINING_IMAGES:
        return of_logits
    return [("", _fit_mahalanobis(training)), *_fit_neighbors(training), *of_logits]


def _of_logits(table: PredictionTable) -> tuple[str, ...]:
    return OF_SEVERAL_LABELS if table.is_multi_label else OF_ONE_LABEL


def _fit_mahalanobis(training: PredictionTable) -> UnknownScore:
    """The covariance within the classes, as its strongest directions and the mean variance of the others."""
    embeddings = np.asarray(training.embeddings, np.float64)
    labels = np.zeros(len(training), int) if training.is_multi_label else training.labels
    place = np.unique(labels, return_inverse=True)[1]
    mean = embeddings.mean(axis=0)
    means = np.stack([embeddings[place == k].mean(axis=0) for k in range(place.max() + 1)])
    variances, vectors = np.linalg.eigh(_covariance(embeddings - means[place]))  # rising
    variances = np.maximum(variances, max(float(variances[-1]) * LEAST_SHARE, TINY))
    size = len(variances)
    kept = slice(max(0, size - max(1, NUMBERS // size)), size)
    weak = variances[: kept.start]
    components, strong = vectors[:, kept].T, variances[kept]
    arrays = {
        "mean": mean,
        "components": components,
        "variances": strong,
        "residual_variance": np.array(weak.mean() if len(weak) else NOTHING_LEFT),
        "class_means": (means - mean) @ components.T / np.sqrt(strong),
    }
    return UnknownScore("mahalanobis", np.inf, {name: values.astype(np.float32) for name, values in arrays.items()})


def _covariance(centered: np.ndarray) -> np.ndarray:
    """The covariance (D, D); shrunk by OAS (Chen et al., 2010) where there are few images for so many dimensions."""
    images, size = centered.shape
    if images >= ENOUGH * size:
        return centered.T @ centered / images
    shrunk: np.ndarray = oas(centered, assume_centered=True)[0]
    return shrunk


def _fit_neighbors(training: PredictionTable) -> list[tuple[str, UnknownScore]]:
    """A bank of training embeddings, and each rank that is tried."""
    size = np.asarray(training.embeddings).shape[1]
    bank = _unit(np.asarray(drawn(training, min(BANK, max(1, NUMBERS // size))).embeddings)).astype(np.float32)
    ranks = [rank for rank in NEIGHBORS if rank < len(bank)]
    return [(f"rank {rank}", UnknownScore("knn", np.inf, {"bank": bank}, rank)) for rank in ranks]


def _areas(
    score: UnknownScore,
    validation: PredictionTable,
    corrupted: Mapping[str, PredictionTable],
    training: PredictionTable,
) -> dict[str, float]:
    """The ROC area of a score against each kind of strangers."""
    known = score.scores(validation)
    areas = {name: _area(known, score.scores(table)) for name, table in corrupted.items()}
    hidden = _hidden_area(score, validation, training)
    return areas if hidden is None else {HIDDEN: hidden, **areas}


def _hidden_area(score: UnknownScore, validation: PredictionTable, training: PredictionTable) -> float | None:
    """The mean ROC area over classes that are hidden from the score; None where none can be."""
    if validation.is_multi_label:
        return None
    labels = validation.labels
    counts = np.bincount(labels, minlength=len(validation.class_names))
    classes = np.flatnonzero((counts >= FEWEST_STRANGERS) & (counts <= len(labels) - FEWEST_STRANGERS))
    if len(validation.class_names) < 3 or not len(classes):
        return None
    chosen = np.random.default_rng(0).permutation(classes)[:MOST_HIDDEN]
    areas = []
    for hidden in chosen:
        found = _score_without(score, validation, training, int(hidden))
        if found is not None:
            areas.append(_area(found[labels != hidden], found[labels == hidden]))
    return float(np.mean(areas)) if areas else None


def _score_without(
    score: UnknownScore, table: PredictionTable, training: PredictionTable, hidden: int
) -> np.ndarray | None:
    """The score of each image where one class is taken out of logits, class means and bank: (N,); None if it is all."""
    logits = np.delete(np.asarray(table.logits), hidden, axis=1)
    if score.method not in OF_EMBEDDINGS:
        return score.score(logits, None)
    name = "class_means" if score.method == "mahalanobis" else "bank"
    labels = np.unique(training.labels) if score.method == "mahalanobis" else _bank_labels(training, score)
    rest = score.arrays[name][labels != hidden]
    if len(rest) < score.neighbors:
        return None
    return replace(score, arrays={**score.arrays, name: rest}).score(logits, np.asarray(table.embeddings))


def _bank_labels(training: PredictionTable, score: UnknownScore) -> np.ndarray:
    return drawn(training, len(score.arrays["bank"])).labels


def _area(known: np.ndarray, strangers: np.ndarray) -> float:
    is_stranger = np.concatenate([np.zeros(len(known)), np.ones(len(strangers))])
    return float(roc_auc_score(is_stranger, np.concatenate([known, strangers])))


def _unit(embeddings: np.ndarray) -> np.ndarray:
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
        nearest: np.ndarray = np.maximum(squares.min(axis=1), 0.0)
        return nearest + across / parts["residual_variance"]

    return distance


def _nearest(score: UnknownScore) -> Score:
    bank, rank = score.arrays["bank"], score.neighbors

    def distance(logits: np.ndarray, embeddings: np.ndarray | None) -> np.ndarray:
        unit = _unit(np.asarray(embeddings, np.float32))
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
