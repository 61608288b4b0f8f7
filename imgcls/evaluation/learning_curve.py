"""The learning curve: how the accuracy grows with the training images, and what twice as many would bring.

A linear head is fitted on features of 10 to 100 % of the training images, several times each, and judged on the
validation images. The error falls like a power of the number of images towards a floor (Hestness et al., Deep Learning
Scaling Is Predictable, Empirically, 2017; Viering and Loog, The Shape of Learning Curves, 2021). What the fitted curve
says beyond the last point is as sure as the points allow: validation images and draws are resampled together, and the
curve has to foretell its own last point from the points up to half of the images; if it does not, nothing is said.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import dacite
import numpy as np
from threadpoolctl import threadpool_limits

from imgcls.evaluation.intervals import resamples
from imgcls.progress import ProgressFunction, no_progress

SHARES = (0.1, 0.15, 0.25, 0.35, 0.5, 0.7, 1.0)  # of the training images
HALF = 0.5  # the share from which the last point has to be foretold, and against which classes are compared
DRAWS, RESAMPLES = 6, 400
LEAST_IMAGES, LEAST_JUDGED = 100, 40  # training and validation images, below which there is too little to say
MOST_SCORES = 200_000  # training images times classes; of more images so many are drawn
DIMENSIONS = 128  # principal components of the features that the head sees
STRENGTHS = (0.1, 1.0, 10.0, 100.0)  # of the head's fit against its penalty, scikit-learn's C
EXPONENTS = np.linspace(0.05, 2.0, 40)  # of the power law
FORETOLD = 0.005  # accuracy by which the last point may lie beside the interval that it was foretold with
WIDEST = 0.05  # accuracy; an interval of the gain that is wider says nothing


@dataclass(frozen=True)
class Features:
    """What a learning curve is computed from.

    Attributes:
        values: (N, F), finite.
        labels: (N,) class indices.
        groups: (N,) integers, the same for images that belong together; None where all stand by themselves.
    """

    values: np.ndarray
    labels: np.ndarray
    groups: np.ndarray | None = None

    @property
    def units(self) -> np.ndarray:
        """(N,) from 0, the same for images that belong together."""
        if self.groups is None:
            return np.arange(len(self.labels))
        return np.asarray(np.unique(self.groups, return_inverse=True)[1])


@dataclass(frozen=True)
class Point:
    """The accuracy with some of the training images.

    Attributes:
        images: Number of training images.
        accuracy: On the validation images, the mean of the draws.
        low: Lower end of its 95 % interval.
        high: Upper end of it.
    """

    images: int
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True)
class Gain:
    """What more training images bring, in accuracy or recall, 0 to 1.

    Attributes:
        name: Of the class; empty for all.
        value: The gain.
        low: Lower end of its 95 % interval.
        high: Upper end of it.
    """

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class LearningCurve:
    """How the accuracy grows with the training images.

    Attributes:
        images: Number of training images that there are.
        points: From the fewest images to the most; empty if there is too little to say.
        curve: (images, accuracy) of the fitted power law up to twice the images; empty if it does not hold.
        doubling: What twice the images would bring to the accuracy; None if that cannot be said.
        classes: What the second half of the images has brought to the recall of each class, the most first.
        reason: Why something is not said, as a sentence; empty if nothing is missing.
        features: Whose features these are, as a part of a sentence.
    """

    images: int
    points: tuple[Point, ...]
    curve: tuple[tuple[int, float], ...] = ()
    doubling: Gain | None = None
    classes: tuple[Gain, ...] = ()
    reason: str = ""
    features: str = "the frozen features of the network"

    def to_dict(self) -> dict[str, Any]:
        """The learning curve as JSON has it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "LearningCurve":
        """The learning curve that `to_dict` gave.

        Raises:
            ValueError: If a part is missing or of another kind.
        """
        try:
            return dacite.from_dict(cls, values, dacite.Config(cast=[tuple]))
        except dacite.DaciteError as error:
            raise ValueError(f"This is no learning curve: {error}.") from error


def learning_curve(
    training: Features,
    validation: Features,
    class_names: Sequence[str],
    seed: int = 0,
    on_progress: ProgressFunction = no_progress,
) -> LearningCurve:
    """Compute the learning curve of a linear head on given features.

    Args:
        training: The training images; groups are drawn whole.
        validation: The images that it is judged on; they have no part in any fit.
        class_names: The names of the classes, in the order of their indices.
        seed: Of the draws.
        on_progress: Receives how many heads are fitted, and of how many.

    Reference:
        Hestness et al., Deep Learning Scaling Is Predictable, Empirically, 2017.
    """
    too_little = _too_little(training, validation)
    if too_little:
        return LearningCurve(len(training.labels), (), reason=too_little)
    with threadpool_limits(1):  # many small fits, in which threads would only wait for each other
        sizes, right = _judged(training, validation, seed, on_progress)
    resampled = _resampled(right, validation.units, seed)
    points = tuple(
        Point(int(size), float(accuracy), *_ends(accuracies))
        for size, accuracy, accuracies in zip(sizes, right.mean(axis=(1, 2)), resampled.T, strict=True)
    )
    doubling, curve, reason = _extrapolated(sizes, right.mean(axis=(1, 2)), resampled, len(training.labels))
    classes = _class_gains(right, validation, class_names, seed)
    return LearningCurve(len(training.labels), points, curve, doubling, classes, reason)


def _too_little(training: Features, validation: Features) -> str:
    """Why nothing can be said, as a sentence; empty if it can."""
    if len(np.unique(training.labels)) < 2:
        return "There is one class only, so that every answer is right."
    for some, least, named in ((training, LEAST_IMAGES, "training"), (validation, LEAST_JUDGED, "validation")):
        if len(some.labels) < least:
            return f"There are {len(some.labels)} {named} images, and {least} is the least that says something."
        if len(np.unique(some.units)) < 10:
            return f"The {named} images come in {len(np.unique(some.units))} groups, and 10 is the least."
    return ""


def _judged(
    training: Features, validation: Features, seed: int, on_progress: ProgressFunction
) -> tuple[np.ndarray, np.ndarray]:
    """(shares,) the mean numbers of images, and (shares, draws, validation images) whether each image is right."""
    x, y = _reduced(training.values, validation.values)
    strength = _strength(x, training, seed)
    sizes = np.zeros((len(SHARES), DRAWS))
    right = np.zeros((len(SHARES), DRAWS, len(y)), bool)
    most = min(1.0, MOST_SCORES / (len(np.unique(training.labels)) * len(x)))
    for draw in range(DRAWS):
        places = _places(training, seed + draw)
        for i, share in enumerate(SHARES):
            if most == 1 == share and draw:  # all images: there is nothing to draw
                sizes[i, draw], right[i, draw] = sizes[i, 0], right[i, 0]
                continue
            taken = places < share * most
            sizes[i, draw] = taken.sum()
            right[i, draw] = _fitted(x[taken], training.labels[taken], strength)(y) == validation.labels
            on_progress(draw * len(SHARES) + i + 1, DRAWS * len(SHARES))
    return sizes.mean(axis=1), right


def _reduced(training: np.ndarray, validation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both along the principal components of the training features, which know no label; of mean length 1."""
    from sklearn.decomposition import PCA

    count = min(DIMENSIONS, *training.shape)
    deviation = training.std(axis=0) + 0.1 * training.std() + 1e-12
    scaled = training / deviation
    pca = PCA(count, svd_solver="randomized" if min(training.shape) > 2 * count else "full", random_state=0).fit(scaled)
    x, y = pca.transform(scaled), pca.transform(validation / deviation)
    length = np.sqrt((x**2).sum(axis=1).mean()) + 1e-12
    return x / length, y / length


def _places(training: Features, seed: int) -> np.ndarray:
    """(N,) in (0, 1]: the share of the images at which each is drawn. Classes are drawn alike, and groups whole."""
    generator, units = np.random.default_rng(seed), training.units
    count = int(units.max()) + 1
    first = np.zeros(count, int)
    first[units[::-1]] = training.labels[::-1]  # the class of the first image of each
    order, found = generator.permutation(count), np.zeros(count)
    for kind in np.unique(first):
        members = order[first[order] == kind]
        sizes = np.bincount(units, minlength=count)[members]
        found[members] = (np.cumsum(sizes) - sizes) / sizes.sum()
    return np.asarray(found[units])


def _strength(x: np.ndarray, training: Features, seed: int) -> float:
    """The strength that predicts best, from half of the training images, what the other half of a part is."""
    places = _places(training, seed + 1000) * max(1.0, len(x) / 3000)
    fitted, judged = places < 0.5, (places >= 0.5) & (places < 1)
    if len(np.unique(training.labels[fitted])) < 2 or not judged.any():
        return 10.0
    shares = {
        strength: (_fitted(x[fitted], training.labels[fitted], strength)(x[judged]) == training.labels[judged]).mean()
        for strength in STRENGTHS
    }
    return max(shares, key=lambda strength: shares[strength])


def _fitted(x: np.ndarray, labels: np.ndarray, strength: float) -> Callable[[np.ndarray], np.ndarray]:
    """A fitted head, from features to class indices."""
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(labels)) < 2:
        return lambda y: np.full(len(y), labels[0])
    with warnings.catch_warnings():  # that it could be fitted more exactly
        warnings.simplefilter("ignore")
        head = LogisticRegression(C=strength, max_iter=200, tol=1e-3).fit(x, labels)
    return lambda y: np.asarray(head.predict(y))


def _resampled(right: np.ndarray, units: np.ndarray, seed: int) -> np.ndarray:
    """(RESAMPLES, shares) accuracies of resampled validation images and resampled draws."""
    generator = np.random.default_rng(seed)
    found = np.empty((RESAMPLES, len(right)))
    for i, places in enumerate(resamples(units, RESAMPLES, seed)):
        draws = generator.integers(0, right.shape[1], right.shape[1])
        found[i] = right[:, draws][:, :, places].mean(axis=(1, 2))
    return found


def _ends(values: np.ndarray) -> tuple[float, float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def _extrapolated(
    sizes: np.ndarray, accuracies: np.ndarray, resampled: np.ndarray, images: int
) -> tuple[Gain | None, tuple[tuple[int, float], ...], str]:
    """What twice the images would bring, the fitted curve, and why something is missing."""
    early = np.array(SHARES) <= HALF
    foretold = power_law(sizes[early], 1 - resampled[:, early])(float(sizes[-1]))
    low, high = _ends(1 - foretold - resampled[:, -1])  # of the same validation images
    if low > FORETOLD or high < -FORETOLD:
        return None, (), "The accuracy does not grow like a power of the number of images, so that nothing is foretold."
    error = power_law(sizes, 1 - accuracies[None])
    errors = power_law(sizes, 1 - resampled)
    gains = errors(float(images)) - errors(2.0 * images)
    value = float((error(float(images)) - error(2.0 * images))[0])
    gain = Gain("", value, *_ends(gains))
    grid = np.unique(np.geomspace(sizes[0], 2 * images, 40).astype(int))
    curve = tuple((int(n), float(1 - error(float(n))[0])) for n in grid)
    if gain.high - gain.low > WIDEST:
        return (
            None,
            curve,
            (
                f"What twice the images would bring cannot be said: it is between {100 * gain.low:.1f} and "
                f"{100 * gain.high:.1f} points. More validation images would tell."
            ),
        )
    return gain, curve, ""


def power_law(sizes: np.ndarray, errors: np.ndarray) -> Callable[[float], np.ndarray]:
    """Fit error = floor + factor * images ** -exponent, with a floor and a factor of 0 or more, by least squares.

    Args:
        sizes: (P,) numbers of images.
        errors: (R, P) errors of each of R curves.

    Returns:
        From a number of images to the R errors.

    Example:
        >>> sizes = np.array([100, 200, 400, 800])
        >>> law = power_law(sizes, (0.1 + 2 * sizes**-0.5)[None])
        >>> round(float(law(1600)[0]), 3)
        0.15
    """
    best = np.full(len(errors), np.inf)
    factor, floor, exponent = (np.zeros(len(errors)) for _ in range(3))
    scaled, mean = sizes / sizes[-1], errors.mean(axis=1)
    for power in EXPONENTS:
        x = scaled**-power
        spread = x - x.mean()
        slope = np.maximum((errors - mean[:, None]) @ spread / (spread @ spread), 0.0)
        start = mean - slope * x.mean()
        through_zero = start < 0
        slope = np.where(through_zero, errors @ x / (x @ x), slope)
        start = np.where(through_zero, 0.0, start)
        squares = ((errors - start[:, None] - slope[:, None] * x) ** 2).sum(axis=1)
        better = squares < best
        best = np.where(better, squares, best)
        factor, floor = np.where(better, slope, factor), np.where(better, start, floor)
        exponent = np.where(better, power, exponent)
    return lambda images: floor + factor * (images / sizes[-1]) ** -exponent


def _class_gains(right: np.ndarray, validation: Features, class_names: Sequence[str], seed: int) -> tuple[Gain, ...]:
    """What the second half of the images has brought to the recall of each class that can be judged."""
    steps = right[-1].mean(axis=0) - right[SHARES.index(HALF)].mean(axis=0)  # of each validation image
    drawn = list(resamples(validation.units, RESAMPLES, seed))
    found = []
    for index, name in enumerate(class_names):
        own = validation.labels == index
        if own.sum() < LEAST_JUDGED / 4:
            continue
        means = [steps[places][own[places]].mean() for places in drawn if own[places].any()]
        found.append(Gain(name, float(steps[own].mean()), *_ends(np.array(means))))
    return tuple(sorted(found, key=lambda gain: -gain.value))
