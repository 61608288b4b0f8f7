"""Calibration: whether of 100 answers that a classifier is 90 % sure of, 90 are right."""

from dataclasses import asdict, dataclass, replace

import numpy as np
from scipy.special import expit, log_expit, log_softmax, softmax

from imgcls.counted import counted
from imgcls.evaluation.intervals import wilson_interval
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.metrics import LEAST_PROBABILITY

FEWEST_IMAGES = 50  # of which a temperature is fitted
TEMPERATURES = 0.05, 20.0  # among which the best is looked for
MOST_BINS, BIN_IMAGES = 15, 20  # of a reliability diagram; the images that a bin has at the least


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature with the least log loss: probabilities are the softmax, or the sigmoids, of logits / temperature.

    The log loss is convex in 1 / temperature, so one search finds the least. The loss is never higher than with
    temperature 1, which is returned where nothing is better. Where each image is right, only a temperature of 0 would
    be best; 1 is returned then too.

    Args:
        logits: (N, K), any scale.
        labels: (N,) integers, the class of each image; or (N, K) bool where an image has several classes, or none.

    Returns:
        In [0.05, 20]; above 1 where the classifier is too sure of itself.

    Reference:
        Guo et al., On Calibration of Modern Neural Networks, 2017.

    Example:
        >>> logits = np.array([[4.0, 0.0], [4.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
        >>> round(fit_temperature(logits, np.array([0, 0, 1, 1])), 2)  # 98 % sure, and right in 75 %
        3.64
    """
    logits, labels = np.asarray(logits, np.float64), np.asarray(labels)
    if not len(logits) or _all_right(logits, labels):
        return 1.0
    from scipy.optimize import minimize_scalar  # late: who only reads a calibration needs 25 MB less

    bounds = tuple(np.log(TEMPERATURES))
    found = minimize_scalar(
        lambda logarithm: log_loss(logits / np.exp(logarithm), labels),
        bounds=bounds,
        method="bounded",
        options={"xatol": 1e-9},
    )
    temperature = float(np.exp(found.x))
    return temperature if log_loss(logits / temperature, labels) < log_loss(logits, labels) else 1.0


def log_loss(logits: np.ndarray, labels: np.ndarray) -> float:
    """Mean of -ln(probability of what is true), over the images, and over their classes where each stands by itself.

    Args:
        logits: (N, K), already divided by the temperature.
        labels: As for `fit_temperature`.
    """
    if labels.ndim == 2:
        return float(-np.where(labels, log_expit(logits), log_expit(-logits)).mean())
    return float(-log_softmax(logits, axis=1)[np.arange(len(labels)), labels].mean())


def temperature_of(table: PredictionTable) -> tuple[float, str]:
    """The temperature for a table of validation images, and a sentence where it has to stay 1; else an empty one.

    Args:
        table: With logits.

    Raises:
        ValueError: If it has none.
    """
    labels = truth(table)
    if table.logits is None:
        raise ValueError("There are no logits in the table of predictions, and a temperature is fitted to them.")
    if len(table) < FEWEST_IMAGES:
        return 1.0, f"{counted(len(table), 'image')} in validation are too few to fit a temperature; it stays 1."
    if labels.ndim == 1 and len(np.unique(labels)) < 2:
        return 1.0, "All images in validation are of one class, so no temperature is fitted; it stays 1."
    if _all_right(table.logits, labels):
        return 1.0, "Every image in validation is right, so nothing says how sure is too sure; the temperature stays 1."
    return fit_temperature(table.logits, labels), ""


def with_temperature(table: PredictionTable, temperature: float) -> PredictionTable:
    """The table with the probabilities that its logits give at a temperature."""
    if table.logits is None:
        return table
    return replace(table, probabilities=_probabilities(table.logits, temperature, table.is_multi_label))


def truth(table: PredictionTable) -> np.ndarray:
    """What is true of the images: (N,) integers, or (N, K) bool where an image has several classes, or none."""
    return table.targets if table.is_multi_label else table.labels


@dataclass(frozen=True)
class ReliabilityBin:
    """Answers that the classifier is about equally sure of.

    Attributes:
        answers: How many.
        confidence: How sure it is of them, in [0, 1], on average.
        right: The share of them that is right.
        low: Lower end of the 95 % interval of that share.
        high: Upper end of it.
    """

    answers: int
    confidence: float
    right: float
    low: float
    high: float


@dataclass(frozen=True)
class Reliability:
    """How well the probabilities of some images fit what is true.

    Attributes:
        bins: The least sure answers first, about as many in each.
        ece: Expected calibration error: the mean difference of confidence and share right over the bins, in [0, 1].
        ece_by_chance: What a perfectly calibrated classifier would show on average on as many images.
        ece_at_most: What such a classifier would exceed once in twenty times.
        ece_classwise: The mean over the classes of the same for the probability of each class.
        log_loss: Mean of -ln(probability of what is true).
        confidence: How sure it is on average.
        right: The share that is right.
    """

    bins: tuple[ReliabilityBin, ...]
    ece: float
    ece_by_chance: float
    ece_at_most: float
    ece_classwise: float
    log_loss: float
    confidence: float
    right: float

    @property
    def fits(self) -> bool:
        """Whether the difference is no larger than chance would bring."""
        return self.ece <= self.ece_at_most


@dataclass(frozen=True)
class Calibration:
    """How well the probabilities fit what is true, before and after the temperature.

    Attributes:
        images: How many there are.
        temperature: 1 where none was fitted.
        before: With temperature 1; None where the classifier gives no logits, as a bundle.
        after: As the classifier gives them.
        multi_label: Whether an answer is about one class of an image, of which it may have several.
    """

    images: int
    temperature: float
    before: Reliability | None
    after: Reliability
    multi_label: bool = False

    def to_dict(self) -> dict[str, object]:
        """As evaluation.json holds it."""
        return asdict(self)


def measure_calibration(table: PredictionTable, temperature: float = 1.0) -> Calibration | None:
    """Measure how well the probabilities of a table fit what is true.

    Args:
        table: Of images that no temperature was fitted to, such as the test split; its probabilities are those after
            the temperature, its logits those before.
        temperature: What the classifier divides its logits by.

    Returns:
        The figures; None without images.

    Reference:
        Nguyen and O'Connor, Posterior Calibration and Exploratory Analysis for Natural Language Processing Models,
        2015, for bins of equal size; Nixon et al., Measuring Calibration in Deep Learning, 2019, for that of each
        class.
    """
    if not len(table):
        return None
    labels, before = truth(table), None
    if table.logits is not None:
        before = measure_reliability(_probabilities(table.logits, 1.0, table.is_multi_label), labels)
    after = measure_reliability(np.asarray(table.probabilities, np.float64), labels)
    return Calibration(len(table), float(temperature), before, after, table.is_multi_label)


def measure_reliability(probabilities: np.ndarray, labels: np.ndarray) -> Reliability:
    """Measure how well probabilities fit what is true.

    Args:
        probabilities: (N, K) in [0, 1].
        labels: As for `fit_temperature`.
    """
    targets = labels if labels.ndim == 2 else np.arange(probabilities.shape[1]) == labels[:, None]
    if labels.ndim == 2:
        confidence, right = probabilities.ravel(), targets.ravel()
    else:
        likeliest = probabilities.argmax(axis=1)
        confidence, right = probabilities.max(axis=1), likeliest == labels
    expected, deviation = _ece_by_chance(confidence)
    appear = np.flatnonzero(targets.any(axis=0))
    return Reliability(
        bins=_bins(confidence, right),
        ece=expected_calibration_error(confidence, right),
        ece_by_chance=expected,
        ece_at_most=expected + 1.645 * deviation,
        ece_classwise=float(np.mean([expected_calibration_error(probabilities[:, k], targets[:, k]) for k in appear]))
        if len(appear)
        else 0.0,
        log_loss=_log_loss_of_probabilities(probabilities, targets, labels.ndim == 2),
        confidence=float(confidence.mean()),
        right=float(right.mean()),
    )


def expected_calibration_error(confidence: np.ndarray, right: np.ndarray) -> float:
    """The mean difference of confidence and share right, over bins with equally many answers.

    Args:
        confidence: (N,) in [0, 1].
        right: (N,) bool.

    Example:
        >>> expected_calibration_error(np.full(100, 0.9), np.arange(100) % 4 > 0)  # 90 % sure, and right in 75 %
        0.15
    """
    parts = _parts(confidence)
    gaps = [abs(float(confidence[part].sum() - right[part].sum())) for part in parts]
    return round(sum(gaps) / len(confidence), 12)


def _parts(confidence: np.ndarray) -> list[np.ndarray]:
    """The places of the answers of each bin; the answers that it is equally sure of are spread over their bins."""
    count = int(np.clip(len(confidence) // BIN_IMAGES, 1, MOST_BINS))
    return np.array_split(np.argsort(confidence, kind="stable"), count)


def _bins(confidence: np.ndarray, right: np.ndarray) -> tuple[ReliabilityBin, ...]:
    found = []
    for part in _parts(confidence):
        count, correct = len(part), int(right[part].sum())
        low, high = wilson_interval(correct, count)
        found.append(ReliabilityBin(count, float(confidence[part].mean()), correct / count, low, high))
    return tuple(found)


def _ece_by_chance(confidence: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of the error of a perfectly calibrated classifier.

    The number of right answers of a bin is a sum of independent draws, nearly normal, so its distance from the
    expected number is half-normal.
    """
    deviations = np.array([np.sqrt((confidence[part] * (1 - confidence[part])).sum()) for part in _parts(confidence)])
    mean = np.sqrt(2 / np.pi) * deviations.sum() / len(confidence)
    return float(mean), float(np.sqrt((1 - 2 / np.pi) * (deviations**2).sum()) / len(confidence))


def _log_loss_of_probabilities(probabilities: np.ndarray, targets: np.ndarray, multi_label: bool) -> float:
    logarithms = np.log(np.clip(probabilities, LEAST_PROBABILITY, 1.0))
    if multi_label:
        return float(-np.where(targets, logarithms, np.log(np.clip(1 - probabilities, LEAST_PROBABILITY, 1.0))).mean())
    return float(-logarithms[targets].mean())


def _all_right(logits: np.ndarray, labels: np.ndarray) -> bool:
    """Whether nothing is wrong, so that the log loss falls without end as the temperature falls."""
    if labels.ndim == 2:
        return bool(((logits > 0) == labels).all())
    return bool((logits.argmax(axis=1) == labels).all())


def _probabilities(logits: np.ndarray, temperature: float, multi_label: bool) -> np.ndarray:
    scaled = np.asarray(logits, np.float64) / temperature
    found: np.ndarray = expit(scaled) if multi_label else softmax(scaled, axis=1)
    return found
