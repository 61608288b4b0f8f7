"""The linear probe: how good a linear classifier is on given features, by leave-one-out cross-validation.

Ridge regression on the classes as numbers has a closed form in which the prediction for an image that was left out
follows from that with all images, for every penalty from one decomposition: Golub, Heath and Wahba, Generalized
Cross-Validation as a Method for Choosing a Good Ridge Parameter, 1979; Rifkin and Lippert, 2007.
"""

from dataclasses import dataclass

import numpy as np

from imgcls.metrics import Predictions, macro_average_precision

ACCURACY, AVERAGE_PRECISION = "accuracy", "macro average precision"
RESAMPLES = 25  # of the images, from which the error of the average precision is known to about a seventh
PENALTIES = tuple(10.0**power for power in range(-3, 5))  # times the number of features' mean variance, which is 1
LEAST_DEVIATION = 0.1  # of the features' mean deviation, that each is divided by
MOST_IMAGES = 2000  # that a probe looks at; its time grows with the cube


@dataclass(frozen=True)
class Probe:
    """The result of a linear probe.

    Attributes:
        name: of the features.
        score: accuracy, or macro average precision where an image has any number of classes; each image is predicted
            by a classifier that has not seen it.
        error: its standard error.
        penalty: the best one.
        metric: what the score is, in words.
    """

    name: str
    score: float
    error: float
    penalty: float
    metric: str = ACCURACY


def probe(name: str, features: np.ndarray, labels: np.ndarray) -> Probe:
    """Probe features with a ridge classifier, leaving out each image once.

    Args:
        name: of the features.
        features: (N, F), finite.
        labels: (N,) class indices, or (N, classes) bool where an image has any number of classes.

    Reference:
        Golub, Heath and Wahba, Generalized Cross-Validation as a Method for Choosing a Good Ridge Parameter, 1979;
        Rifkin and Lippert, Notes on Regularized Least Squares, 2007.
    """
    x = features.astype(np.float64)
    mean, deviation = standardization(x)
    x = (x - mean) / deviation
    several = labels.ndim == 2
    targets = labels.astype(np.float64) if several else np.eye(labels.max() + 1)[labels]
    offsets = targets.mean(0)
    targets = targets - offsets
    score = _average_precision if several else _accuracy
    values, vectors = np.linalg.eigh(x @ x.T) if len(x) <= x.shape[1] else _by_features(x)
    rotated = vectors.T @ targets
    best, best_predicted = (-1.0, 0.0), targets
    for penalty in PENALTIES:
        shrink = values / (values + penalty * len(x))
        hat = np.einsum("ij,j,ij->i", vectors, shrink, vectors) + 1 / len(x)
        fitted = vectors @ (shrink[:, None] * rotated)
        left_out = targets - (targets - fitted) / np.maximum(1.0 - hat, 1e-9)[:, None]
        found = (score(left_out + offsets, labels), penalty)
        if found > best:
            best, best_predicted = found, left_out + offsets
    value, penalty = best
    error = _bootstrap_error(best_predicted, labels) if several else np.sqrt(max(value * (1 - value), 1e-9) / len(x))
    return Probe(name, value, float(error), penalty, AVERAGE_PRECISION if several else ACCURACY)


def _accuracy(predicted: np.ndarray, labels: np.ndarray) -> float:
    return float((predicted.argmax(1) == labels).mean())


def _average_precision(predicted: np.ndarray, labels: np.ndarray) -> float:
    """Macro average precision; 0 where no image has a class."""
    return macro_average_precision(Predictions.from_logits(labels, predicted)) or 0.0


def _bootstrap_error(predicted: np.ndarray, labels: np.ndarray) -> float:
    """The standard deviation of the macro average precision over images that are drawn anew."""
    generator = np.random.default_rng(0)
    draws = generator.integers(0, len(labels), (RESAMPLES, len(labels)))
    return float(np.std([_average_precision(predicted[places], labels[places]) for places in draws], ddof=1))


def standardization(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of features, the latter not much below that of the others.

    Args:
        features: (N, F).

    Returns:
        Both (F,), in float64. A feature that is hardly ever active is not blown up by dividing it by its deviation.
    """
    mean, deviation = features.mean(0, dtype=np.float64), features.std(0, dtype=np.float64)
    return mean, np.maximum(deviation, LEAST_DEVIATION * deviation.mean() + 1e-12)


def _by_features(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The eigenvalues and eigenvectors of x xᵀ that are not zero, from the smaller xᵀ x."""
    values, vectors = np.linalg.eigh(x.T @ x)
    kept = values > 1e-9 * values.max()
    return values[kept], x @ vectors[:, kept] / np.sqrt(values[kept])


def drawn(count: int, seed: int) -> np.ndarray:
    """The places of the images that a probe looks at."""
    if count <= MOST_IMAGES:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, MOST_IMAGES, replace=False))
