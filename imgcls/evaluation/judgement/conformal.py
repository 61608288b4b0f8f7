"""Prediction sets: the classes that an image may have, so that its own is among them as often as was wished."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
from scipy.stats import betabinom

from imgcls.counted import counted
from imgcls.evaluation.intervals import wilson_interval
from imgcls.evaluation.prediction_table import PredictionTable

Method = Literal["lac", "aps", "raps", "class_conditional", "multi_label"]
Choice = Literal["auto", "lac", "aps", "raps", "class_conditional"]

FEWEST_IMAGES = 50  # on which sets are calibrated
CHOOSING_SHARE = 0.3  # of the validation images, on which a method or a penalty is chosen and nothing is calibrated
PENALTIES = (0.001, 0.01, 0.05, 0.1, 0.2, 0.5)  # among which that of "raps" is chosen
ALL = 1e6  # a quantile that no score exceeds: every class belongs to the set
ROUNDING = 1e-6  # added to quantiles, so that other processors round to the same side


@dataclass(frozen=True, eq=False)
class ConformalSets:
    """How prediction sets are made. The same image always gets the same set.

    A class belongs to the set if its score is not above its quantile. The score is

    - "lac" and "class_conditional": 1 minus the probability of the class;
    - "aps": the sum of the probabilities of all classes that are likelier, which is 0 for the likeliest;
    - "raps": the same, and `penalty` for each rank after the first `free_classes`;
    - "multi_label": 1 minus the probability; the quantiles are those of thresholds, and the set may be empty.

    Attributes:
        method: Of the five.
        coverage: The share of new images whose class is to be in their set; 0 where nothing is promised.
        quantiles: (K,) float32, the largest score with which each class belongs to a set.
        penalty: Of "raps".
        free_classes: Of "raps".
        images: On how many it was calibrated.
        notes: What has to be said about them, in sentences.

    Reference:
        Sadinle et al., Least Ambiguous Set-Valued Classifiers with Bounded Error Levels, 2019; Romano et al.,
        Classification with Valid and Adaptive Coverage, 2020; Angelopoulos et al., Uncertainty Sets for Image
        Classifiers using Conformal Prediction, 2021; Vovk, Conditional Validity of Inductive Conformal Predictors,
        2012, for quantiles of each class.

    Example:
        >>> sets = ConformalSets("lac", 0.9, np.full(3, 0.75, np.float32))
        >>> sets.apply(np.array([[0.7, 0.27, 0.03], [0.98, 0.01, 0.01]])).tolist()
        [[True, True, False], [True, False, False]]
    """

    method: Method
    coverage: float
    quantiles: np.ndarray
    penalty: float = 0.0
    free_classes: int = 0
    images: int = 0
    notes: tuple[str, ...] = ()

    @classmethod
    def full(cls, classes: int, coverage: float, *notes: str) -> "ConformalSets":
        """Sets with all classes, which are right at any rate."""
        return cls("lac", coverage, np.full(classes, ALL, np.float32), notes=notes)

    @classmethod
    def of_thresholds(cls, thresholds: np.ndarray) -> "ConformalSets":
        """Where an image may have several classes: those that reach their thresholds.

        Args:
            thresholds: (K,) in [0, 1].
        """
        return cls("multi_label", 0.0, (1 - np.asarray(thresholds, np.float64)).astype(np.float32))

    def scores(self, probabilities: np.ndarray) -> np.ndarray:
        """The score of each class, (N, K) float32: the lower, the better it fits.

        Args:
            probabilities: (N, K) in [0, 1].
        """
        return _scores(self.method, probabilities, self.penalty, self.free_classes)

    def apply(self, probabilities: np.ndarray) -> np.ndarray:
        """Which classes belong to the set of each image: (N, K) bool.

        An image to which no class would belong gets its likeliest class, unless it may have none.

        Args:
            probabilities: (N, K) in [0, 1].
        """
        found: np.ndarray = self.scores(probabilities) <= self.quantiles
        if self.method != "multi_label":
            empty = np.flatnonzero(~found.any(axis=1))
            found[empty, np.asarray(probabilities)[empty].argmax(axis=1)] = True
        return found

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "method": self.method,
            "coverage": self.coverage,
            "quantiles": [float(value) for value in self.quantiles],
            "penalty": self.penalty,
            "free_classes": self.free_classes,
            "images": self.images,
            "notes": list(self.notes),
        }


def _scores(method: str, probabilities: np.ndarray, penalty: float = 0.0, free_classes: int = 0) -> np.ndarray:
    probabilities = np.asarray(probabilities, np.float32)
    if method not in ("aps", "raps"):
        return np.asarray(1 - probabilities)
    order = np.argsort(-probabilities, axis=1, kind="stable")
    falling = np.take_along_axis(probabilities, order, axis=1)
    sums = np.cumsum(falling, axis=1, dtype=np.float32) - falling
    if method == "raps":
        sums += (penalty * np.maximum(np.arange(1, sums.shape[1] + 1) - free_classes, 0)).astype(np.float32)
    found: np.ndarray = np.empty_like(sums)
    np.put_along_axis(found, order, sums, axis=1)
    return found


def conformal_quantile(scores: np.ndarray, coverage: float) -> float:
    """The largest score with which a class belongs to a set, so that sets hold the class with the wished chance.

    Of N calibration images and a new one, any is equally likely to have the highest score. So the score of the new one
    is at most the one of rank ceil((N + 1) coverage) with at least that chance. Where the rank is above N, it has no
    bound.

    Args:
        scores: (N,), of the true classes.
        coverage: The wished chance.

    Reference:
        Papadopoulos et al., Inductive Confidence Machines for Regression, 2002.

    Example:
        >>> round(conformal_quantile(np.linspace(0.01, 1, 100), 0.9), 2)
        0.91
    """
    rank = int(np.ceil((len(scores) + 1) * coverage - 1e-9))
    return float(np.sort(scores)[rank - 1]) + ROUNDING if rank <= len(scores) else ALL


def fit_sets(table: PredictionTable, coverage: float = 0.9, method: Choice = "auto") -> ConformalSets:
    """Calibrate prediction sets.

    "auto" takes the method whose sets are the smallest on average, of "lac", "aps" and "raps". It is chosen on 30 % of
    the images, as is the penalty of "raps", and calibrated on the others, so that the choice takes nothing from the
    coverage; images of one group stay together. "class_conditional" has the wished coverage for the images of each
    class, and larger sets.

    Args:
        table: Validation images, each with one class, with calibrated probabilities.
        coverage: The share of new images whose class is to be in their set, in (0, 1).
        method: Of the four, or "auto".

    Raises:
        ValueError: If the coverage is no share between 0 and 1, or the method is none.

    Reference:
        Yang and Kuchibhotla, Selection and Aggregation of Conformal Prediction Sets, 2021, for the choice on images
        apart.
    """
    if not 0 < coverage < 1:
        raise ValueError(f"The coverage of prediction sets is {coverage}; expected a share such as 0.9.")
    if method not in get_args(Choice):
        raise ValueError(f"The method of prediction sets is {method!r}; expected one of {', '.join(get_args(Choice))}.")
    least = max(FEWEST_IMAGES, int(np.ceil(1 / (1 - coverage))))
    if len(table) < least:
        why = f"{counted(len(table), 'image')} in validation are too few for prediction sets of {100 * coverage:g} %"
        return ConformalSets.full(len(table.class_names), coverage, f"{why}: each set holds all classes.")
    if method == "class_conditional":
        return _of_each_class(table, coverage)
    if method in ("lac", "aps"):
        return _calibrated(table, _Score(method), coverage)
    choosing = _drawn(table, CHOOSING_SHARE)
    score = _chosen(table.take(choosing), coverage, method)
    return _calibrated(table.take(~choosing), score, coverage)


@dataclass(frozen=True)
class _Score:
    method: Method
    penalty: float = 0.0
    free_classes: int = 0


def _calibrated(table: PredictionTable, score: _Score, coverage: float) -> ConformalSets:
    quantile = conformal_quantile(_true_scores(table, score), coverage)
    quantiles = np.full(len(table.class_names), quantile, np.float32)
    return ConformalSets(score.method, coverage, quantiles, score.penalty, score.free_classes, len(table))


def _true_scores(table: PredictionTable, score: _Score) -> np.ndarray:
    """The scores of the true classes: (N,)."""
    scores = _scores(score.method, table.probabilities, score.penalty, score.free_classes)
    own: np.ndarray = scores[np.arange(len(table)), table.labels]
    return own


def _chosen(table: PredictionTable, coverage: float, method: Choice) -> _Score:
    """The score with the smallest sets on these images; of equals the first, which is the simplest."""
    free = _free_classes(table, coverage)
    raps = [_Score("raps", penalty, free) for penalty in PENALTIES]
    candidates = raps if method == "raps" else [_Score("lac"), _Score("aps"), *raps]
    sizes = [_calibrated(table, score, coverage).apply(table.probabilities).sum() for score in candidates]
    return candidates[int(np.argmin(sizes))]


def _free_classes(table: PredictionTable, coverage: float) -> int:
    """How many classes cost no penalty: as many as the wished share of the images needs to find its own."""
    own = table.probabilities[np.arange(len(table)), table.labels]
    ranks = 1 + (table.probabilities > own[:, None]).sum(axis=1)
    return int(min(conformal_quantile(ranks, coverage), len(table.class_names)))


def _drawn(table: PredictionTable, share: float) -> np.ndarray:
    """About this share of the images, always the same ones, with groups whole: (N,) bool."""
    groups = np.arange(len(table)) if table.groups is None else table.groups
    random = np.random.default_rng(0)
    order = random.permutation(int(groups.max()) + 1)
    position = order[groups]
    shares = np.bincount(position, minlength=len(order)).cumsum() / len(table)
    drawn: np.ndarray = shares[position] <= share
    return drawn if drawn.any() and not drawn.all() else np.arange(len(table)) % 3 == 0


def _of_each_class(table: PredictionTable, coverage: float) -> ConformalSets:
    scores = _true_scores(table, _Score("class_conditional"))
    quantiles = [conformal_quantile(scores[table.labels == k], coverage) for k in range(len(table.class_names))]
    few = [name for name, quantile in zip(table.class_names, quantiles, strict=True) if quantile == ALL]
    notes: tuple[str, ...] = ()
    if few:
        named = ", ".join(map(repr, few))
        notes = (
            f"Of {named} there are too few images in validation to promise {100 * coverage:g} %, so that every "
            "prediction set holds them.",
        )
    found = np.array(quantiles, np.float32)
    return ConformalSets("class_conditional", coverage, found, images=len(table), notes=notes)


@dataclass(frozen=True)
class SetsOfClass:
    """The prediction sets of the images of a class.

    Attributes:
        name: The class.
        images: How many there are of it.
        covered: How many have it in their set.
        size: Mean number of classes in their sets; None without images.
    """

    name: str
    images: int
    covered: int
    size: float | None


@dataclass(frozen=True)
class SetFigures:
    """What prediction sets are worth on some images.

    Attributes:
        images: How many there are.
        wished: The wished coverage; 0 where nothing is promised.
        covered: How many have their class, or all of them, in their set.
        low: Lower end of Wilson's 95 % interval of the share that is covered.
        high: Upper end of it.
        expected: Between which shares chance leaves it in 95 of 100 calibrations, on as many images; None where nothing
            is promised.
        size: Mean number of classes in a set.
        sizes: How many sets hold each number of classes, from 0 on.
        classes: The same for the images of each class.
    """

    images: int
    wished: float
    covered: int
    low: float
    high: float
    expected: tuple[float, float] | None
    size: float
    sizes: tuple[int, ...]
    classes: tuple[SetsOfClass, ...]

    @property
    def coverage(self) -> float:
        """The share of the images whose class is in their set."""
        return self.covered / self.images

    def to_dict(self) -> dict[str, object]:
        """As evaluation.json holds it."""
        return {**asdict(self), "coverage": self.coverage}


def measure_sets(table: PredictionTable, sets: ConformalSets) -> SetFigures | None:
    """Measure prediction sets; None without images.

    Args:
        table: Images that nothing was fitted to, such as the test split, with calibrated probabilities.
        sets: How the sets are made.
    """
    if not len(table):
        return None
    found = sets.apply(table.probabilities)
    missed = (table.targets & ~found).any(axis=1)
    size = found.sum(axis=1)
    low, high = wilson_interval(int((~missed).sum()), len(table))
    return SetFigures(
        images=len(table),
        wished=sets.coverage,
        covered=int((~missed).sum()),
        low=low,
        high=high,
        expected=expected_coverage(sets, len(table)),
        size=float(size.mean()),
        sizes=tuple(int(count) for count in np.bincount(size, minlength=found.shape[1] + 1)),
        classes=tuple(
            _of_class(name, table.targets[:, k], found[:, k], size) for k, name in enumerate(table.class_names)
        ),
    )


def expected_coverage(sets: ConformalSets, images: int) -> tuple[float, float] | None:
    """Between which shares of new images their class is in their set, in 95 of 100 calibrations.

    The chance of calibration is in it, and that of the new images: the number is beta-binomial.

    Args:
        sets: As they were calibrated.
        images: How many new images there are.

    Reference:
        Angelopoulos and Bates, A Gentle Introduction to Conformal Prediction, 2023, appendix C.

    Example:
        >>> expected_coverage(ConformalSets("lac", 0.9, np.ones(2, np.float32), images=300), 500)
        (0.854, 0.94)
    """
    rank = int(np.ceil((sets.images + 1) * sets.coverage - 1e-9))
    if not sets.coverage or rank > sets.images:
        return None
    low, high = betabinom.ppf((0.025, 0.975), images, rank, sets.images + 1 - rank) / images
    return float(low), float(high)


def _of_class(name: str, has_it: np.ndarray, in_set: np.ndarray, size: np.ndarray) -> SetsOfClass:
    mean = float(size[has_it].mean()) if has_it.any() else None
    return SetsOfClass(name, int(has_it.sum()), int((has_it & in_set).sum()), mean)
