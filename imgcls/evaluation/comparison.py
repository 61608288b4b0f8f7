"""Classifiers compared on the same images: which one is better, by how much, and whether that may be chance."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np

from imgcls.counted import counted
from imgcls.evaluation.alignment import Aligned, align
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.evaluation.resampling import Figure, resample
from imgcls.evaluation.significance import LEVEL, holm, p_value_text, paired_p_value
from imgcls.metrics import Metric, right

LEAST_IMAGES = 30  # with fewer, nothing is said
LEAST_GROUPS = 10  # the same, of groups of images
LEAST_OF_CLASS = 10  # images of a class with fewer of which nothing is said
OFTEN = 2.8  # standard errors of a difference that is found four times of five: 1.96 of the test, and 0.84


@dataclass(frozen=True)
class MetricDifference:
    """A metric of two classifiers.

    Attributes:
        metric: Which one.
        first: Of the first classifier.
        second: Of the second one.
        difference: Of the second less the first.
    """

    metric: Metric
    first: float
    second: float
    difference: Figure


@dataclass(frozen=True)
class ClassDifference:
    """The images of one class.

    Attributes:
        name: Of the class.
        images: That are of it.
        first: How many of them the first classifier gets right.
        second: How many the second one gets right.
        gained: How many only the second one gets right.
        lost: How many only the first one gets right.
        p_value: Corrected for the number of classes; None where there are too few images to say.
    """

    name: str
    images: int
    first: int
    second: int
    gained: int
    lost: int
    p_value: float | None

    @property
    def differs(self) -> bool:
        """Whether the difference is seen."""
        return self.p_value is not None and self.p_value < LEVEL


@dataclass(frozen=True)
class Comparison:
    """Two classifiers on the same N images.

    Attributes:
        names: Of the two.
        images: N.
        groups: How many groups of images there are; None where each image is one by itself.
        gained: Places of the images that only the second one gets right, the clearest first.
        lost: Places of those that only the first one gets right.
        p_value: Of the difference in right answers; see `imgcls.evaluation.significance.paired_p_value`.
        metrics: Each metric; the accuracy is the first one.
        classes: Each class, the largest difference first.
        smallest_seen: A difference in accuracy, in [0, 1], that is found four times of five with so many images.
        sentences: What was left out.
    """

    names: tuple[str, str]
    images: int
    groups: int | None
    gained: tuple[int, ...]
    lost: tuple[int, ...]
    p_value: float
    metrics: tuple[MetricDifference, ...]
    classes: tuple[ClassDifference, ...]
    smallest_seen: float
    sentences: tuple[str, ...] = ()

    @property
    def accuracy(self) -> MetricDifference:
        """The accuracy of the two."""
        return self.metrics[0]

    @property
    def is_enough(self) -> bool:
        """Whether there are enough images to say anything."""
        return self.images >= LEAST_IMAGES and (self.groups is None or self.groups >= LEAST_GROUPS)

    @property
    def differs(self) -> bool:
        """Whether one of the two is better: the test and the interval must both say so."""
        return self.is_enough and self.p_value < LEVEL and self.accuracy.difference.is_not_zero

    @property
    def better(self) -> str:
        """The name of the better one; empty if no difference is seen."""
        if not self.differs:
            return ""
        return self.names[int(self.accuracy.difference.value > 0)]

    def verdict(self) -> str:
        """What the comparison says, in words."""
        if not self.is_enough:
            return self._too_few()
        if self.differs:
            return self._is_better()
        return self._no_difference()

    def _too_few(self) -> str:
        if self.images < LEAST_IMAGES:
            return f"There are only {counted(self.images, 'image')}: too few images to say which one is better."
        groups = counted(self.groups or 0, "group")
        return f"The {self.images:,} images are of only {groups}: too few to say which one is better."

    def _is_better(self) -> str:
        ahead = int(self.accuracy.difference.value > 0)
        difference, sign = self.accuracy.difference, 1 if ahead else -1
        low, high = sorted((sign * difference.low, sign * difference.high))
        more, fewer = (len(self.gained), len(self.lost))[:: 1 if ahead else -1]
        return (
            f"{self.names[ahead]} is better than {self.names[1 - ahead]} by {points(abs(difference.value))} points of "
            f"accuracy ({points(low)} to {points(high)}): of {counted(self.images, 'image')} it alone gets {more:,} "
            f"right, and the other alone {fewer:,} ({self._test}, {p_value_text(self.p_value)})."
        )

    def _no_difference(self) -> str:
        first, second = self.names
        if not self.gained and not self.lost:
            return (
                f"No difference can be seen: {first} and {second} are right and wrong on the same images, all "
                f"{self.images:,} of them."
            )
        difference = self.accuracy.difference
        return (
            f"No difference can be seen with {counted(self.images, 'image')}: {second} has "
            f"{points(difference.value, signed=True)} points of accuracy against {first} "
            f"({points(difference.low, signed=True)} to {points(difference.high, signed=True)}; {self._test}, "
            f"{p_value_text(self.p_value)}). A difference below about {points(self.smallest_seen)} points would often "
            "not show."
        )

    @property
    def _test(self) -> str:
        return "McNemar's exact test" if self.groups is None else "a permutation test of whole groups"

    def to_dict(self) -> dict[str, object]:
        """The figures as JSON has them; places of images are left out."""
        return {
            "runs": list(self.names),
            "images": self.images,
            "groups": self.groups,
            "verdict": self.verdict(),
            "better": self.better,
            "gained": len(self.gained),
            "lost": len(self.lost),
            "p_value": self.p_value,
            "smallest_seen": self.smallest_seen,
            "metrics": {
                each.metric.name: {"first": each.first, "second": each.second, "difference": asdict(each.difference)}
                for each in self.metrics
            },
            "classes": [asdict(each) for each in self.classes],
        }


@dataclass(frozen=True)
class Ranked:
    """One of several classifiers.

    Attributes:
        name: Of the classifier.
        figures: Of each metric, in the order of `Ranking.metrics`.
        to_best: Its accuracy less that of the best one.
        p_value: That it is as good as the best one, corrected for all pairs that there are; 1 for the best one.
    """

    name: str
    figures: tuple[Figure, ...]
    to_best: Figure
    p_value: float


@dataclass(frozen=True)
class Ranking:
    """Several classifiers on the same images, the most accurate first.

    Attributes:
        images: How many.
        groups: How many groups of images there are; None where each image is one by itself.
        metrics: What was measured; the accuracy is the first one.
        runs: The classifiers.
        sentences: What was left out.
    """

    images: int
    groups: int | None
    metrics: tuple[Metric, ...]
    runs: tuple[Ranked, ...]
    sentences: tuple[str, ...] = ()

    @property
    def is_enough(self) -> bool:
        """Whether there are enough images to say anything."""
        return self.images >= LEAST_IMAGES and (self.groups is None or self.groups >= LEAST_GROUPS)

    def is_worse(self, run: Ranked) -> bool:
        """Whether one of the classifiers is seen to be worse than the best one."""
        return self.is_enough and run.p_value < LEVEL and run.to_best.is_not_zero

    def verdict(self) -> str:
        """What the ranking says, in words."""
        best, *others = self.runs
        if not self.is_enough:
            images = counted(self.images, "image") + (f" of {counted(self.groups, 'group')}" if self.groups else "")
            return f"There are only {images}: too few to say which one is best."
        worse = [run.name for run in others if self.is_worse(run)]
        equal = [run.name for run in others if not self.is_worse(run)]
        shown = self.metrics[0].shown(best.figures[0].value)
        begin = f"{best.name} has the highest accuracy, {shown} of {counted(self.images, 'image')}."
        if not worse:
            return f"{begin} No difference to the others can be seen with so many images."
        if not equal:
            return f"{begin} It is better than each of the others, corrected for the number of comparisons."
        return f"{begin} It is better than {_listed(worse)}; no difference to {_listed(equal)} can be seen."

    def to_dict(self) -> dict[str, object]:
        """The figures as JSON has them."""
        return {
            "images": self.images,
            "groups": self.groups,
            "verdict": self.verdict(),
            "runs": [
                {
                    "run": run.name,
                    "metrics": {m.name: asdict(f) for m, f in zip(self.metrics, run.figures, strict=True)},
                    "to_best": asdict(run.to_best),
                    "p_value": run.p_value,
                    "is_worse": self.is_worse(run),
                }
                for run in self.runs
            ],
        }


def compare(names: Sequence[str], tables: Sequence[PredictionTable]) -> Comparison:
    """Compare two classifiers on the same images.

    Args:
        names: Of the two.
        tables: The predictions of each one for the same images.

    Raises:
        ValueError: If the classes or the images differ, or there is no image.
    """
    return compare_aligned(align(names, tables))


def compare_aligned(aligned: Aligned) -> Comparison:
    """Compare two classifiers whose tables were brought to the same images."""
    _check_some(aligned)
    first, second = (right(table.predictions) for table in aligned.tables)
    groups = aligned.first.groups
    found = resample(aligned.tables)
    metrics = [
        MetricDifference(
            metric, found.figure(0, place).value, found.figure(1, place).value, found.difference(0, 1, place)
        )
        for place, metric in enumerate(found.metrics)
    ]
    clearest = np.argsort(-np.abs(_true_share(aligned.tables[1]) - _true_share(aligned.first)), kind="stable")
    return Comparison(
        names=(aligned.names[0], aligned.names[1]),
        images=len(first),
        groups=None if groups is None else int(groups.max()) + 1,
        gained=tuple(int(place) for place in clearest if second[place] and not first[place]),
        lost=tuple(int(place) for place in clearest if first[place] and not second[place]),
        p_value=paired_p_value(first, second, groups),
        metrics=tuple(metrics),
        classes=_class_differences(aligned),
        smallest_seen=_smallest_seen(first, second, found.draws[:, 1, 0] - found.draws[:, 0, 0]),
        sentences=aligned.sentences,
    )


def rank(names: Sequence[str], tables: Sequence[PredictionTable]) -> Ranking:
    """Compare several classifiers on the same images with the most accurate of them; arguments as for `compare`."""
    return rank_aligned(align(names, tables))


def rank_aligned(aligned: Aligned) -> Ranking:
    """Compare several classifiers whose tables were brought to the same images.

    The best one is chosen by what is compared, so a difference to it is the largest of all pairs by chance alone. The
    p-values are therefore corrected for all pairs, and not only for those with the best one.
    """
    _check_some(aligned)
    answers, groups = [right(table.predictions) for table in aligned.tables], aligned.first.groups
    pairs = list(combinations(range(len(answers)), 2))
    corrected = dict(zip(pairs, holm([paired_p_value(answers[a], answers[b], groups) for a, b in pairs]), strict=True))
    found = resample(aligned.tables)
    order = sorted(range(len(answers)), key=lambda run: -found.values[run, 0])
    best = order[0]
    runs = [
        Ranked(
            aligned.names[run],
            tuple(found.figure(run, place) for place in range(len(found.metrics))),
            found.difference(best, run, 0),
            corrected.get((min(best, run), max(best, run)), 1.0),
        )
        for run in order
    ]
    count = None if groups is None else int(groups.max()) + 1
    return Ranking(len(aligned.first), count, found.metrics, tuple(runs), aligned.sentences)


def points(share: float, signed: bool = False) -> str:
    """A difference of shares in percentage points.

    Example:
        >>> points(0.024), points(0.024, signed=True), points(-0.0001, signed=True)
        ('2.4', '+2.4', '0.0')
    """
    text = f"{100 * share:+.1f}" if signed else f"{100 * share:.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text


def _check_some(aligned: Aligned) -> None:
    if not len(aligned.first):
        raise ValueError(f"{_listed(aligned.names)} have no image in common that all of them could read.")


def _true_share(table: PredictionTable) -> np.ndarray:
    """The mean probability of each image's own classes: (N,)."""
    counts = np.maximum(table.targets.sum(axis=1), 1)
    share: np.ndarray = (table.probabilities * table.targets).sum(axis=1) / counts
    return share


def _class_differences(aligned: Aligned) -> tuple[ClassDifference, ...]:
    groups, names = aligned.first.groups, aligned.first.class_names
    every = [_finds(table) for table in aligned.tables]
    found: list[tuple[str, np.ndarray, np.ndarray, float | None]] = []
    for place, name in enumerate(names):
        own = aligned.first.targets[:, place]
        first, second = (finds[own, place] for finds in every)
        enough = own.sum() >= LEAST_OF_CLASS
        p_value = paired_p_value(first, second, None if groups is None else groups[own]) if enough else None
        found.append((name, first, second, p_value))
    corrected = iter(holm([p_value for *_, p_value in found if p_value is not None]))
    rows = [
        ClassDifference(
            name=name,
            images=len(first),
            first=int(first.sum()),
            second=int(second.sum()),
            gained=int((second & ~first).sum()),
            lost=int((first & ~second).sum()),
            p_value=None if p_value is None else next(corrected),
        )
        for name, first, second, p_value in found
    ]
    return tuple(sorted(rows, key=lambda each: -abs(each.second - each.first) / max(1, each.images)))


def _finds(table: PredictionTable) -> np.ndarray:
    """Whether each class is predicted for each image: (N, K) bool."""
    predicted = table.predictions.predicted
    if table.is_multi_label:
        return predicted
    one: np.ndarray = predicted[:, None] == np.arange(len(table.class_names))
    return one


def _smallest_seen(first: np.ndarray, second: np.ndarray, draws: np.ndarray) -> float:
    """By the spread of the draws; at least by that of one image more on which the two differ."""
    share = ((first != second).sum() + 1) / len(first)
    return float(min(1, OFTEN * max(float(np.std(draws)), float(np.sqrt(share / len(first))))))


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
