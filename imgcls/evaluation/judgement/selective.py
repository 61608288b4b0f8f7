"""Answering only when sure enough: how many images get an answer, how many answers are right, and from where on."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.special import bdtrc, betaincinv

from imgcls.counted import counted
from imgcls.evaluation.intervals import wilson_interval
from imgcls.evaluation.prediction_table import PredictionTable

Wish = Literal["none", "likelier_than_not", "precision", "coverage", "f1"]

FEWEST_IMAGES = 50  # of which thresholds are fitted
FEWEST_OF_CLASS = 10  # images of a class, where each class has a threshold of its own
EVEN = 0.5  # above it an answer is likelier right than wrong
DOUBT = 0.05  # chance that a promised precision is not kept on new images
STARTS = 4  # of the sequence of tests
STEPS = 50  # points at which a threshold may lie


@dataclass(frozen=True)
class AnsweredImages:
    """How many images are answered, and how many answers are right.

    Attributes:
        images: How many there are; of a class, those that it is the likeliest class of.
        answered: How many of them get an answer.
        right: How many answers are right.
    """

    images: int
    answered: int
    right: int

    @property
    def coverage(self) -> float | None:
        """The share of the images that is answered; None without images."""
        return self.answered / self.images if self.images else None

    @property
    def precision(self) -> float | None:
        """The share of the answers that is right; None without answers."""
        return self.right / self.answered if self.answered else None

    @property
    def precision_interval(self) -> tuple[float, float] | None:
        """Wilson's 95 % interval of it."""
        return wilson_interval(self.right, self.answered) if self.answered else None

    def to_dict(self) -> dict[str, object]:
        """The counts and the shares."""
        own: dict[str, object] = {"images": self.images, "answered": self.answered, "right": self.right}
        return {**own, "coverage": self.coverage, "precision": self.precision, "interval": self.precision_interval}

    def __str__(self) -> str:
        if self.precision_interval is None or self.precision is None or self.coverage is None:
            return f"none of {counted(self.images, 'image')} is answered"
        low, high = self.precision_interval
        return (
            f"{100 * self.coverage:.1f} % of the images are answered, and {100 * self.precision:.1f} % of the answers "
            f"are right (95 % interval {100 * low:.1f} to {100 * high:.1f} %)"
        )


@dataclass(frozen=True, eq=False)
class Thresholds:
    """From which probability on each class is answered; below it the answer is "not sure".

    Attributes:
        values: (K,) float32, the least calibrated probability at which each class is answered.
        wish: What they were fitted for. "none": everything is answered. "likelier_than_not": answers that are likelier
            right than wrong. "precision": a share of the answers that is right. "coverage": a share of the images that
            is answered. "f1": the best F1 of each class, where an image may have several.
        wished: The share that was wished; 0 without one.
        promised: The precision that holds on new images, with 95 % confidence; None where none is promised.
        each_class: Whether each class has a threshold of its own.
        reached: On the validation images that they were fitted to.
        reached_of_class: The same for the answers of each class.
        notes: What has to be said about them, in sentences.
    """

    values: np.ndarray
    wish: Wish = "none"
    wished: float = 0.0
    promised: float | None = None
    each_class: bool = False
    reached: AnsweredImages | None = None
    reached_of_class: tuple[AnsweredImages, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def none(cls, classes: int, *notes: str) -> "Thresholds":
        """Those with which everything is answered."""
        return cls(np.zeros(classes, np.float32), notes=notes)

    def chosen(self, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The class that would be answered for each image, and whether it is sure enough: (N,) integers, (N,) bool.

        Args:
            probabilities: (N, K) in [0, 1].
        """
        probabilities = np.asarray(probabilities, np.float32)
        likeliest = probabilities.argmax(axis=1)
        sure: np.ndarray = probabilities[np.arange(len(likeliest)), likeliest] >= self.values[likeliest]
        return likeliest, sure

    def chosen_of_several(self, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same where an image may have several classes: the likeliest one of those that are sure enough."""
        probabilities = np.asarray(probabilities, np.float32)
        enough = np.asarray(probabilities >= self.values)
        chosen: np.ndarray = np.where(enough, probabilities, -1).argmax(axis=1)
        return chosen, np.asarray(enough.any(axis=1))

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "values": [float(value) for value in self.values],
            "wish": self.wish,
            "wished": self.wished,
            "promised": self.promised,
            "each_class": self.each_class,
            "reached": self.reached.to_dict() if self.reached else None,
            "reached_of_class": [each.to_dict() for each in self.reached_of_class],
            "notes": list(self.notes),
        }


def answers(table: PredictionTable, thresholds: Thresholds) -> AnsweredImages:
    """How many images of a table get an answer, and how many answers are right."""
    chosen, sure = _chosen(table, thresholds)
    right = table.targets[np.arange(len(table)), chosen]
    return AnsweredImages(len(table), int(sure.sum()), int((right & sure).sum()))


def answers_of_class(table: PredictionTable, thresholds: Thresholds) -> tuple[AnsweredImages, ...]:
    """The same for the answers of each class: of the images that it is the likeliest class of, or of all images where
    an image may have several classes."""
    if table.is_multi_label:
        said = np.asarray(table.probabilities, np.float32) >= thresholds.values
        right = said & table.targets
        counts = zip(said.sum(axis=0), right.sum(axis=0), strict=True)
        return tuple(AnsweredImages(len(table), int(answered), int(good)) for answered, good in counts)
    chosen, sure = _chosen(table, thresholds)
    right = table.targets[np.arange(len(table)), chosen]
    return tuple(
        AnsweredImages(
            int((chosen == k).sum()), int((sure & (chosen == k)).sum()), int((right & sure & (chosen == k)).sum())
        )
        for k in range(len(table.class_names))
    )


def _chosen(table: PredictionTable, thresholds: Thresholds) -> tuple[np.ndarray, np.ndarray]:
    choose = thresholds.chosen_of_several if table.is_multi_label else thresholds.chosen
    return choose(table.probabilities)


def fit_thresholds(
    table: PredictionTable, precision: float = 0.0, coverage: float = 0.0, each_class: bool = False
) -> Thresholds:
    """Fit from which probability on an answer is given.

    Without a wish, an answer is given where it is likelier right than wrong. Where an image may have several classes,
    each class has a threshold of its own, without a wish that of its best F1.

    A wished precision is promised for new images of the same kind with 95 % confidence: thresholds are tested one
    after the other with the exact binomial test, from few answers to many, and of those that pass the one with the most
    answers is taken. Where none passes, the threshold is that with the best precision that can be promised, and a note
    says so.

    Args:
        table: Validation images, with calibrated probabilities.
        precision: The wished share of the answers that is right, in (0, 1); 0: no such wish.
        coverage: The wished share of the images that is answered, in (0, 1]; where an image may have several classes,
            the share of the images of each class that is found. 0: no such wish.
        each_class: Whether the wish is for the answers of each class, with a threshold of its own.

    Raises:
        ValueError: For two wishes, or one that is no share.

    Reference:
        Angelopoulos et al., Learn then Test, 2021, for thresholds by tests in a fixed sequence; Geifman and
        El-Yaniv, Selective Classification for Deep Neural Networks, 2017, for the promise.
    """
    _check_wishes(precision, coverage)
    classes = len(table.class_names)
    if len(table) < FEWEST_IMAGES or len(np.unique(np.flatnonzero(table.targets.any(axis=0)))) < 2:
        too_few = f"{counted(len(table), 'image')} in validation are too few to say when it is sure enough"
        why = too_few if len(table) < FEWEST_IMAGES else "All images in validation are of one class"
        return _measured(Thresholds.none(classes, f"{why}, so that every image is answered."), table)
    wish = _Wish(precision, coverage, each_class or table.is_multi_label)
    found = _of_several(table, wish) if table.is_multi_label else _of_one(table, wish)
    return _measured(found, table)


@dataclass(frozen=True)
class _Wish:
    precision: float
    coverage: float
    each_class: bool

    @property
    def share(self) -> float:
        return self.precision or self.coverage


@dataclass(frozen=True)
class _Fitted:
    """A threshold. promised: the precision that holds on new images; None where none was asked for, or none holds."""

    value: float
    promised: float | None = None


def _check_wishes(precision: float, coverage: float) -> None:
    if precision and coverage:
        raise ValueError("A precision and a coverage are both wished; one follows from the other, so wish one of them.")
    if not 0 <= precision < 1:
        raise ValueError(f"The wished precision is {precision}; expected a share below 1, such as 0.98.")
    if not 0 <= coverage <= 1:
        raise ValueError(f"The wished coverage is {coverage}; expected a share, such as 0.9.")


def _measured(thresholds: Thresholds, table: PredictionTable) -> Thresholds:
    if not len(table):
        return thresholds
    own = vars(thresholds)
    return Thresholds(
        **{**own, "reached": answers(table, thresholds), "reached_of_class": answers_of_class(table, thresholds)}
    )


def _of_one(table: PredictionTable, wish: _Wish) -> Thresholds:
    """Thresholds where an image has one class."""
    classes = len(table.class_names)
    if not wish.share:
        return Thresholds(np.full(classes, EVEN, np.float32), "likelier_than_not")
    common = _fitted(table.confidence, table.correct, wish)
    values, promised, notes = np.full(classes, common.value), [common.promised], _notes(common, wish, len(table))
    if wish.each_class:
        own, few = {}, []
        for k in range(classes):
            of_class = table.predicted == k
            if of_class.sum() < FEWEST_OF_CLASS:
                few.append(table.class_names[k])
            else:
                own[k] = _fitted(table.confidence[of_class], table.correct[of_class], wish)
                values[k] = own[k].value
        promised, notes = [each.promised for each in own.values()], _notes_of_classes(table, own, few, wish)
    kind: Wish = "precision" if wish.precision else "coverage"
    least = None if not promised or None in promised else min(each for each in promised if each is not None)
    return Thresholds(values.astype(np.float32), kind, wish.share, least, wish.each_class, notes=tuple(notes))


def _of_several(table: PredictionTable, wish: _Wish) -> Thresholds:
    """A threshold for each class, where an image may have several or none."""
    values = np.full(len(table.class_names), EVEN)
    own, few = {}, []
    for k, name in enumerate(table.class_names):
        probabilities, has_it = table.probabilities[:, k], table.targets[:, k]
        if has_it.sum() < FEWEST_OF_CLASS:
            few.append(name)
            continue
        if wish.precision:
            own[k] = _fitted(probabilities, has_it, wish)
        elif wish.coverage:
            own[k] = _Fitted(_at_coverage(probabilities[has_it], wish.coverage))
        else:
            own[k] = _Fitted(_best_f1(probabilities, has_it))
        values[k] = own[k].value
    kind: Wish = "precision" if wish.precision else "coverage" if wish.coverage else "f1"
    promised = [each.promised for each in own.values()]
    least = None if not promised or None in promised else min(each for each in promised if each is not None)
    notes = _notes_of_classes(table, own, few, wish)
    return Thresholds(values.astype(np.float32), kind, wish.share, least, True, notes=tuple(notes))


def _fitted(confidence: np.ndarray, right: np.ndarray, wish: _Wish) -> _Fitted:
    if wish.coverage:
        return _Fitted(_at_coverage(confidence, wish.coverage))
    return _at_precision(confidence, right, wish.precision)


def _at_coverage(confidence: np.ndarray, coverage: float) -> float:
    """The threshold at which at least this share of the images is answered."""
    falling = np.sort(confidence)[::-1]
    return _between(falling, int(np.ceil(coverage * len(falling) - 1e-9)))


def _at_precision(confidence: np.ndarray, right: np.ndarray, precision: float) -> _Fitted:
    """The threshold with the most answers of which the precision can be promised, or else with the best that can be."""
    order = np.argsort(-confidence, kind="stable")
    falling, good = confidence[order], np.cumsum(right[order])
    counts = _steps(falling)
    passed = _passed(counts, good[counts - 1], precision)
    if passed:
        return _Fitted(_between(falling, max(passed)), precision)
    lows = _least_precision(good[counts - 1], counts, DOUBT / len(counts))
    best = int(lows.argmax())
    return _Fitted(_between(falling, int(counts[best])), float(lows[best]))


def _steps(falling: np.ndarray) -> np.ndarray:
    """How many images may be answered: about `STEPS` numbers, none of which parts images with equal confidence."""
    total = len(falling)
    counts = np.unique(np.ceil(np.linspace(0, 1, STEPS + 1)[1:] * total).astype(int))
    apart = np.append(falling[:-1] > falling[1:], True)
    found: np.ndarray = counts[apart[counts - 1]]
    return found


def _passed(counts: np.ndarray, good: np.ndarray, precision: float) -> list[int]:
    """The numbers of answers, of those in `counts`, for which the precision can be promised.

    The exact test of each has a part of the doubt; if it passes, it hands its part on to the next one.

    Args:
        counts: (M,), rising.
        good: (M,), how many of so many answers are right.
        precision: The wished one.

    Reference:
        Wiens, A Fixed Sequence Bonferroni Procedure for Testing Multiple Endpoints, 2003.
    """
    chances = bdtrc(good - 1, counts, precision)  # of so many right answers, if no more than the wished share is
    starts, doubt, found = _starts(counts, precision), 0.0, []
    for place, (count, chance) in enumerate(zip(counts, chances, strict=True)):
        doubt += DOUBT / STARTS * (place in starts)
        if chance <= doubt:
            found.append(int(count))
        else:
            doubt = 0.0
    return found


def _starts(counts: np.ndarray, precision: float) -> set[int]:
    """The places at which a sequence begins: evenly from the least number that can pass, if all are right, to all."""
    least = min(np.log(DOUBT / STARTS) / np.log(precision), counts[-1])
    wanted = least + (counts[-1] - least) * np.arange(1, STARTS + 1) / STARTS
    return {int(np.searchsorted(counts, min(count, counts[-1]))) for count in wanted}


def _least_precision(good: np.ndarray, counts: np.ndarray, doubt: float) -> np.ndarray:
    """The lower ends of the exact one-sided intervals of shares, by Clopper and Pearson, 1934."""
    lows: np.ndarray = np.where(good > 0, betaincinv(np.maximum(good, 1), counts - good + 1, doubt), 0.0)
    return lows


def _between(falling: np.ndarray, count: int) -> float:
    """The threshold at which so many are answered: in the middle between the last that is and the first that is not."""
    if count >= len(falling):
        return 0.0
    return float(falling[count - 1] + falling[count]) / 2


def _best_f1(probabilities: np.ndarray, has_it: np.ndarray) -> float:
    """The threshold with the best F1."""
    order = np.argsort(-probabilities, kind="stable")
    falling, good = probabilities[order], np.cumsum(has_it[order])
    f1 = 2 * good / (np.arange(1, len(falling) + 1) + has_it.sum())
    f1[:-1][falling[:-1] == falling[1:]] = 0  # images with equal probability are not parted
    return _between(falling, int(f1.argmax()) + 1)


def _notes(fitted: _Fitted, wish: _Wish, images: int) -> list[str]:
    if not wish.precision or fitted.promised is None or fitted.promised >= wish.precision:
        return []
    return [
        f"{counted(images, 'image')} in validation cannot promise that {100 * wish.precision:g} % of the answers are "
        f"right, at any threshold. The most that they can promise is {100 * fitted.promised:.1f} %, and its threshold "
        "is taken."
    ]


def _notes_of_classes(table: PredictionTable, own: dict[int, _Fitted], few: list[str], wish: _Wish) -> list[str]:
    notes = []
    short = [k for k, fitted in own.items() if wish.precision and (fitted.promised or 0) < wish.precision]
    if short:
        named = ", ".join(f"{table.class_names[k]!r} ({100 * (own[k].promised or 0):.1f} %)" for k in short)
        notes.append(
            f"Validation cannot promise that {100 * wish.precision:g} % of the answers of each class are right. The "
            f"most that it can promise of these classes is: {named}."
        )
    if few:
        least = f"{0.5:g}" if table.is_multi_label else "that of all"
        notes.append(
            f"Of {', '.join(map(repr, few))} there are fewer than {FEWEST_OF_CLASS} images in validation, so that "
            f"the threshold is {least}."
        )
    return notes
