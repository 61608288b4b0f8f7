"""Logistic regression on features: the optimum of a convex loss, its penalty chosen by cross-validation.

It is multinomial where an image has one class, and a binary one for each class, with a penalty of its own, where an
image has any number of them.

The loss is the weighted mean of the cross-entropies, plus half the penalty times the squares of the kernel on
standardised features. L-BFGS (Liu and Nocedal, On the Limited Memory BFGS Method, 1989) minimises it with the exact
gradient in float64. It works along the features' principal components, each divided by the root of its curvature at
the start, so that features which go together do not slow it down. There is one optimum, which neither the processor nor
the number of devices has a say in.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from imgcls.training.transfer.links import Link, Softmax
from imgcls.training.transfer.probe import standardization

PENALTIES = (10.0, 1.0, 0.1, 0.01, 0.001, 0.0001)  # beside a mean cross-entropy
CHUNK = 1 << 21  # scores that are computed at a time
MOST_DOUBLE = 1 << 27  # numbers of all rows that are kept in float64; more of them are kept in float32
MOST_STEPS = 2000
SMALLEST_VARIANCE = 1e-12  # of the largest; below, a direction is only rounding
TOLERANCE, ROUGHLY = 1e-7, 1e-4  # the gradient's largest part at the end, and that while penalties are compared


@dataclass(frozen=True)
class Examples:
    """The examples that a head is fitted on.

    Attributes:
        features: (N, F), finite; a row is a view of an image.
        labels: (N,) class indices; (N, classes) bool where an image has any number of classes.
        weights: (N,) of the loss, above 0.
        plain: (N,) whether a row is the image as it is; the head is validated on these.
        folds: (N,) in which of the folds, from 0, the row's image is left out; -1: it has no part in choosing the
            penalty.
        offsets: (classes,) that are added to the scores, for the loss only.
        smoothing: share of the label that is spread over all classes.
        link: what scores mean; `Sigmoids` where an image has any number of classes.
    """

    features: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    plain: np.ndarray
    folds: np.ndarray
    offsets: np.ndarray
    smoothing: float = 0.0
    link: Link = field(default_factory=Softmax)

    @property
    def several(self) -> bool:
        """Whether an image has any number of classes."""
        return self.labels.ndim == 2

    def take(self, rows: np.ndarray) -> "Examples":
        """The examples of these rows."""
        parts = {name: getattr(self, name)[rows] for name in ("features", "labels", "weights", "plain", "folds")}
        return replace(self, **parts)


@dataclass(frozen=True)
class Head:
    """A linear classifier: scores are features (F,) times kernel (F, classes), plus bias (classes,).

    Attributes:
        kernel: (F, classes).
        bias: (classes,).
        penalty: the best one; of several labels an image, the median of `penalties`.
        tried: number of penalties that were compared.
        left_out_loss: with this penalty, on the images that the folds left out; None without folds.
        left_out_accuracy: the same.
        loss: on the images that it was fitted on.
        accuracy: the same.
        steps: of the optimizer, in the last fit.
        penalties: (classes,) that of each class of several labels an image; None where all have one.
    """

    kernel: np.ndarray
    bias: np.ndarray
    penalty: float
    tried: int
    left_out_loss: float | None
    left_out_accuracy: float | None
    loss: float
    accuracy: float
    steps: int
    penalties: list[float] | None = None


def fit_head(examples: Examples, on_step: Callable[[str], None] = lambda what: None) -> Head:
    """Fit a linear head to its optimum.

    The penalty is chosen by what each fold leaves out, the strongest one first; then the head is fitted on everything.
    Without two folds the penalty is the number of features by that of the rows.

    Args:
        examples: what it is fitted on.
        on_step: receives what is being fitted, at each step of the optimizer; an error that it raises ends the fit.

    Reference:
        Liu and Nocedal, On the Limited Memory BFGS Method, 1989.
    """
    rows, judging = _Rows(examples), examples.folds >= 0
    trials = []
    if examples.folds.max() > 0:
        trials = _trials(rows if judging.all() else _Rows(examples.take(judging)), on_step)
    best = _best_of(trials) if trials else None
    default = np.full(rows.groups, examples.features.shape[1] / len(examples.labels))
    penalties = best.penalties if best else default
    start = best.kernel if best and judging.all() else None  # the components of fewer images are others
    problem = _Problem(rows, examples.weights[:, None], penalties, start)
    kernel, steps = problem.solved(TOLERANCE, lambda: on_step("on all images"))
    losses, accuracy = rows.losses_and_accuracy(kernel, np.zeros(len(examples.labels), int))
    kernel, bias = rows.on_features(kernel[:, 0])
    return Head(
        kernel,
        bias,
        penalty=float(np.median(penalties)),
        penalties=penalties.tolist() if examples.several else None,
        tried=len(trials),
        left_out_loss=float(best.losses.mean()) if best else None,
        left_out_accuracy=best.accuracy if best else None,
        loss=float(losses.mean()),
        accuracy=accuracy,
        steps=steps,
    )


@dataclass(frozen=True)
class LeftOut:
    """Probabilities of images, each from a head that has not seen it.

    Attributes:
        probabilities: (N, classes), of each row from the head that its fold was left out of.
        others: (M, classes), of further images, from the head on all rows.
        penalty: of all these heads; of several labels an image, the median over the classes.
        accuracy: share of the rows that are right: of several labels, those whose classes all are.
    """

    probabilities: np.ndarray
    others: np.ndarray
    penalty: float
    accuracy: float


def predict_left_out(
    examples: Examples, others: np.ndarray, judging: np.ndarray, on_step: Callable[[str], None] = lambda what: None
) -> LeftOut:
    """Predict each image with a head that was fitted without its fold.

    The penalty is chosen on some of the images, by what each of their folds leaves out.

    Args:
        examples: with every row in one of at least two folds.
        others: (M, F) features of further images, none of which any head sees.
        judging: places of the rows that the penalty is chosen on.
        on_step: receives what is being fitted, at each step of the optimizer.
    """
    penalties = _best_of(_trials(_Rows(examples.take(judging)), on_step)).penalties
    rows, folds = _Rows(examples), examples.folds.max() + 1
    seen = examples.folds[:, None] != np.arange(folds + (len(others) > 0))  # the last head, for `others`, sees all
    problem = _Problem(rows, examples.weights[:, None] * seen, penalties)
    # not `ROUGHLY`: where a weak penalty makes the loss flat, heads that begin at zero would end far from the optimum
    kernels, _ = problem.solved(TOLERANCE, lambda: on_step("for each fold"))
    scores = [
        rows.scores(part, kernels)[np.arange(len(examples.folds[part])), examples.folds[part]]
        for part in rows.parts(kernels[0].size)
    ]
    kernel, bias = rows.on_features(kernels[:, -1])
    found, link = np.concatenate(scores), examples.link
    right = link.right(found, examples.labels)
    of_others = link.probabilities(others @ kernel + bias)
    return LeftOut(link.probabilities(found), of_others, float(np.median(penalties)), float(right.mean()))


class _Trial(NamedTuple):
    """Losses and accuracy on what the folds left out, with these penalties.

    losses, penalties: (1,), or (classes,) where each class is a problem by itself. kernel: the mean of the folds'
    kernels.
    """

    losses: np.ndarray
    accuracy: float
    penalties: np.ndarray
    kernel: np.ndarray


def _best_of(trials: list[_Trial]) -> _Trial:
    """The best trial; of several problems, the best one of each, and the accuracy of the best one on average."""
    losses, penalties, kernels = (
        np.stack(every) for every in zip(*((t.losses, t.penalties, t.kernel) for t in trials), strict=True)
    )
    best, classes = losses.argmin(0), np.arange(kernels.shape[-1])
    return _Trial(
        losses.min(0),
        trials[int(losses.mean(1).argmin())].accuracy,
        np.take_along_axis(penalties, best[None], 0)[0],
        np.moveaxis(kernels[np.broadcast_to(best, len(classes)), :, :, classes], 0, -1),
    )


def _trials(rows: "_Rows", on_step: Callable[[str], None]) -> list[_Trial]:
    """One of each penalty, until the loss on what is left out rises: weaker ones would do worse still."""
    examples, kernels = rows.examples, None
    trials: list[_Trial] = []
    weights = examples.weights[:, None] * (examples.folds[:, None] != np.arange(examples.folds.max() + 1))
    for number, penalty in enumerate(PENALTIES, start=1):
        penalties = np.full(rows.groups, penalty)
        problem = _Problem(rows, weights, penalties, kernels)
        kernels, _ = problem.solved(ROUGHLY, partial(on_step, f"with penalty {number} of {len(PENALTIES)}"))
        judged = rows.losses_and_accuracy(kernels, examples.folds)
        trials.append(_Trial(*judged, penalties, kernels.mean(1, keepdims=True)))
        if (trials[-1].losses > np.min([trial.losses for trial in trials], axis=0)).all():
            break
    return trials


class _Rows:
    """Examples along the principal components of their standardised features, with a column of ones for the bias."""

    def __init__(self, examples: Examples) -> None:
        self.examples, self.classes = examples, len(examples.offsets)
        self.groups = self.classes if examples.several else 1  # problems that have nothing to do with each other
        self.mean, self.deviation = standardization(examples.features)
        self.components, self.variances = _principal_components(examples.features, self.mean, self.deviation)
        count, size = len(examples.labels), len(self.variances)
        kind = np.float64 if count * size <= MOST_DOUBLE else np.float32
        self.values = np.empty((count, size + 1), kind)
        self.values[:, -1] = 1.0
        for part in self.parts(examples.features.shape[1]):
            self.values[part, :-1] = (examples.features[part] - self.mean) / self.deviation @ self.components

    def parts(self, width: int) -> Iterator[slice]:
        """Slices of the rows, each of about `CHUNK` numbers where a row has `width`."""
        size = max(1, CHUNK // width)
        return (slice(start, start + size) for start in range(0, len(self.examples.labels), size))

    def targets(self, part: slice) -> np.ndarray:
        """(rows, classes)."""
        return self.examples.link.targets(self.examples.labels[part], self.classes, self.examples.smoothing)

    def losses_and_accuracy(self, kernels: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, float]:
        """Losses (groups,) and accuracy on the images as they are. which: (N,) the kernel that judges each row."""
        examples, losses, right = self.examples, np.zeros(self.classes), 0
        weights = examples.weights * examples.plain
        for part in self.parts(kernels[0].size):
            scores = self.scores(part, kernels)[np.arange(len(which[part])), which[part]]
            each, _ = examples.link.loss_and_slopes(scores + examples.offsets, self.targets(part))
            losses += weights[part] @ each
            right += int((examples.link.right(scores, examples.labels[part]) & examples.plain[part]).sum())
        losses = losses if examples.several else losses.sum(keepdims=True)
        return losses / weights.sum(), right / int(examples.plain.sum())

    def scores(self, part: slice, kernels: np.ndarray) -> np.ndarray:
        """(rows, kernels, classes)."""
        return np.tensordot(self.values[part].astype(np.float64, copy=False), kernels, 1)

    def on_features(self, kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Kernel and bias for features as they come, from a kernel along the components."""
        folded = self.components @ kernel[:-1] / self.deviation[:, None]
        return folded, kernel[-1] - self.mean @ folded


class _Problem:
    """Several fits at once, of the same penalties and with weights of their own: their losses are added up.

    weights: (N, fits) of the rows. penalties: (1,) or (classes,). start: kernels (components and one, fits, classes)
    to begin with; zeros if None.
    """

    def __init__(
        self, rows: _Rows, weights: np.ndarray, penalties: np.ndarray, start: np.ndarray | None = None
    ) -> None:
        self.rows, self.weights, self.penalties = rows, weights / weights.sum(0), penalties
        self.shape = (rows.values.shape[1], weights.shape[1], rows.classes)
        self.start = np.zeros(self.shape) if start is None else start
        self.scale = 1 / np.sqrt(self._curvatures() + penalties)

    def solved(self, tolerance: float, on_step: Callable[[], None]) -> tuple[np.ndarray, int]:
        """The kernels, and the steps that it took to find them."""
        options = {"maxiter": MOST_STEPS, "maxfun": 2 * MOST_STEPS, "gtol": tolerance, "ftol": 1e-15}
        first = (self.start / self.scale).ravel()
        end = minimize(self._loss, first, jac=True, method="L-BFGS-B", options=options, callback=lambda _: on_step())
        return end.x.reshape(self.shape) * self.scale, end.nit

    def _curvatures(self) -> np.ndarray:
        """(components and one, fits, 1) of the loss at the start, the mean over the classes."""
        found, link = np.zeros(self.shape[:2]), self.rows.examples.link
        for part in self.rows.parts(self.start[0].size):
            curvatures = link.curvatures(self.rows.scores(part, self.start) + self.rows.examples.offsets)
            spread = self.weights[part] * curvatures.mean(2)
            found += np.square(self.rows.values[part].astype(np.float64, copy=False)).T @ spread
        return found[:, :, None]

    def _loss(self, flat: np.ndarray) -> tuple[float, np.ndarray]:
        rows, kernels = self.rows, flat.reshape(self.shape) * self.scale
        slopes = self.penalties * kernels
        slopes[-1] = 0.0  # the bias is free
        loss = float((slopes * kernels).sum() / 2)
        for part in rows.parts(kernels[0].size):
            scores, weights = rows.scores(part, kernels) + rows.examples.offsets, self.weights[part, :, None]
            each, of_scores = rows.examples.link.loss_and_slopes(scores, rows.targets(part)[:, None])
            loss += float((weights * each).sum())
            slopes += np.tensordot(rows.values[part].T, weights * of_scores, 1)
        return loss, (slopes * self.scale).ravel()


def _principal_components(
    features: np.ndarray, mean: np.ndarray, deviation: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The directions (F, R) in which the standardised features vary, and their variances (R,) over the rows."""
    count, size = features.shape
    if count <= size:
        x = (features - mean) / deviation
        values, vectors = np.linalg.eigh(x @ x.T / count)
        kept = values > SMALLEST_VARIANCE * values[-1]
        return x.T @ vectors[:, kept] / np.sqrt(values[kept] * count), values[kept]
    products = np.zeros((size, size))
    for first in range(0, count, size):
        x = (features[first : first + size] - mean) / deviation
        products += x.T @ x
    values, vectors = np.linalg.eigh(products / count)
    kept = values > SMALLEST_VARIANCE * values[-1]
    return vectors[:, kept], values[kept]
