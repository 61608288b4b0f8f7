"""Fitting the scores of strangeness, choosing the best one, and setting its threshold.

The best is chosen on validation images against strangers that are made of them: each class in turn is hidden from the
score, and corrupted images, if there are any. The test split is never looked at.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from sklearn.covariance import oas
from sklearn.metrics import roc_auc_score

from imgcls.evaluation.judgement.unknown import (
    HIDDEN,
    OF_EMBEDDINGS,
    OF_ONE_LABEL,
    OF_SEVERAL_LABELS,
    Candidate,
    UnknownScore,
    unit_length,
)
from imgcls.evaluation.prediction_table import PredictionTable

FEWEST_IMAGES = 20  # in validation, for a threshold
FEWEST_TRAINING_IMAGES = 10  # for a score of embeddings
FEWEST_STRANGERS = 5  # images of a class that is hidden, and of a corruption
MOST_TRAINING_IMAGES = 5_000  # that a score is fitted to
MOST_COMPARED = 2_000  # validation images on which a score is chosen
MOST_HIDDEN = 20  # classes, one after the other
BANK = 2_000  # training embeddings that "knn" keeps
NUMBERS = 1_000_000  # in an array that travels with the model: 4 MB
NEIGHBORS = (1, 10)  # among which the rank of the neighbor is chosen
ENOUGH = 20  # images a dimension, from where on a covariance needs no shrinkage
LEAST_SHARE = 1e-6  # of the largest variance; what is less is rounding
TINY = 1e-12  # the least variance
NOTHING_LEFT = 1e30  # variance across all components, where all are kept: what is left by rounding counts for nothing
ROUNDING = 1e-5  # of a score, added to the threshold, so that other processors round to the same side


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
    is_enough = images >= ENOUGH * size
    found: np.ndarray = centered.T @ centered / images if is_enough else oas(centered, assume_centered=True)[0]
    return found


def _fit_neighbors(training: PredictionTable) -> list[tuple[str, UnknownScore]]:
    """A bank of training embeddings, and each rank that is tried."""
    size = np.asarray(training.embeddings).shape[1]
    bank = unit_length(np.asarray(drawn(training, min(BANK, max(1, NUMBERS // size))).embeddings)).astype(np.float32)
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
