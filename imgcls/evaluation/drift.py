"""Whether images are still like those that a model was made for: each figure's test, its effect, and a verdict."""

from dataclasses import asdict, dataclass, replace

import numpy as np
from scipy import stats

from imgcls.counted import counted
from imgcls.evaluation.drift_observations import FIGURES, Figure, Observations
from imgcls.evaluation.drift_reference import Coordinates, Distribution, DriftReference
from imgcls.evaluation.significance import LEVEL, holm

LEAST_IMAGES = 30  # with fewer, today or in the reference, nothing is said
LEAST_EFFECT = 0.1  # share of the images that would have to move; less is no drift, however sure it is
LEAST_SHIFT = 0.3  # standard deviations that the mean of the embeddings has to move
BINS = 10  # of the population stability index, with as many images of the reference in each
LEAST_EXPECTED = 5  # images in a cell of a chi-square test; rarer classes are counted together
CLASSES, EMBEDDINGS = "classes", "embeddings"
MOST_NAMED = 3  # figures in the verdict


@dataclass(frozen=True)
class FigureDrift:
    """One figure, today and in the reference.

    Attributes:
        name: Of the figure; `CLASSES` and `EMBEDDINGS` have no number an image.
        title: In sentences.
        p_value: Corrected for the number of figures.
        effect: In [0, 1]: the largest difference of the two distribution functions; of the classes, the share of
            images that would have to change class; of the embeddings, standard deviations that their mean moved.
        stability: The population stability index; below 0.1 is usually called stable and above 0.25 a shift. NaN for
            the embeddings.
        words: What is different, such as "they are darker: 21.0 % in the mean, 29.3 % in the reference".
    """

    name: str
    title: str
    p_value: float
    effect: float
    stability: float
    words: str

    @property
    def differs(self) -> bool:
        """Whether the difference is both sure and large enough to matter."""
        return self.p_value < LEVEL and self.effect >= (LEAST_SHIFT if self.name == EMBEDDINGS else LEAST_EFFECT)


@dataclass(frozen=True)
class Drift:
    """Images compared with a reference.

    Attributes:
        images: How many there are today.
        reference_images: How many there are in the reference.
        figures: What was compared, the largest drift first.
        of_log: Whether only predictions are known, and no image.
    """

    images: int
    reference_images: int
    figures: tuple[FigureDrift, ...]
    of_log: bool = False

    @property
    def is_enough(self) -> bool:
        """Whether there are enough images to say anything."""
        return min(self.images, self.reference_images) >= LEAST_IMAGES

    @property
    def found(self) -> bool:
        """Whether the images differ from those of the reference."""
        return self.is_enough and any(each.differs for each in self.figures)

    def verdict(self) -> str:
        """What was found, in words."""
        if not self.is_enough:
            return self._too_few()
        differing = [each for each in self.figures if each.differs]
        compared = ", ".join(each.title for each in self.figures)
        ending = " A log has no images: only confidence and classes were compared." if self.of_log else ""
        if not differing:
            return (
                f"Today's images are like those it was trained for: in {counted(self.images, 'image')}, no difference "
                f"to the {self.reference_images:,} of the reference is seen in {compared}.{ending}"
            )
        named = "; ".join(f"{each.title}: {each.words}" for each in differing[:MOST_NAMED])
        named = named[0].upper() + named[1:]
        more = f"; and {counted(len(differing) - MOST_NAMED, 'figure')} more" if len(differing) > MOST_NAMED else ""
        return f"Today's {counted(self.images, 'image')} are not like those it was trained for. {named}{more}.{ending}"

    def _too_few(self) -> str:
        if self.images < LEAST_IMAGES:
            return f"There are only {counted(self.images, 'image')}: too few to say. Take at least {LEAST_IMAGES}."
        return (
            f"The reference has only {counted(self.reference_images, 'image')}: too few to say. Train with at least "
            f"{LEAST_IMAGES} validation images."
        )

    def to_dict(self) -> dict[str, object]:
        """The figures as JSON has them."""
        return {
            "images": self.images,
            "reference_images": self.reference_images,
            "drift": self.found,
            "verdict": self.verdict(),
            "figures": [{**_plain(asdict(each)), "differs": each.differs} for each in self.figures],
        }


def compare_with_reference(reference: DriftReference, observed: Observations, of_log: bool = False) -> Drift:
    """Compare images with the reference.

    A figure differs if its p-value, corrected for the number of figures (Holm), is below 0.05 and its effect is large
    enough to matter. So one false alarm in twenty is the most, and the smallest of many differences is none.

    Args:
        reference: What the bundle holds.
        observed: What was observed of today's images, with the reference's `summary`.
        of_log: Whether only predictions are known.
    """
    found = [
        _number_drift(FIGURES[name], reference, observed.values[name])
        for name in reference.distributions
        if name in observed.values and _are_enough(reference.distributions[name], observed.values[name])
    ]
    if observed.images:
        found.append(_class_drift(reference, observed.predicted))
    if reference.coordinates is not None and observed.coordinates is not None:
        there = reference.coordinates
        if min(there.count, len(observed.coordinates)) >= LEAST_IMAGES:
            found.append(_embedding_drift(there, observed.coordinates, reference.share_independent))
    corrected = holm([each.p_value for each in found])
    found = [replace(each, p_value=p_value) for each, p_value in zip(found, corrected, strict=True)]
    found.sort(key=lambda each: (not each.differs, -each.effect))
    return Drift(observed.images, reference.images, tuple(found), of_log)


def kolmogorov_smirnov(reference: Distribution, values: np.ndarray, share_independent: float) -> tuple[float, float]:
    """The largest difference of the two distribution functions, and its p-value.

    Where the reference keeps quantiles, its function is known up to half a step, which the difference is lessened by.

    Args:
        reference: The kept values.
        values: (N,), today's, without NaN.
        share_independent: Independent observations an image of the reference.

    Returns:
        The difference, in [0, 1], and the two-sided p-value. Equal values make the test say less, and never more.
    """
    kept, today = reference.values, np.sort(values)
    points = np.concatenate([kept, today])
    functions = [np.searchsorted(each, points, side="right") / len(each) for each in (kept, today)]
    slack = 0.0 if reference.is_whole else 0.5 / len(kept)
    difference = max(0.0, float(np.abs(functions[0] - functions[1]).max()) - slack)
    independent = max(2.0, reference.count * share_independent)
    size = max(1, round(independent * len(today) / (independent + len(today))))
    return difference, float(np.clip(stats.kstwo.sf(difference, size), 0, 1))


def stability_index(reference: np.ndarray, today: np.ndarray) -> float:
    """The population stability index of two histograms of counts; half an image is added to each bin.

    Example:
        >>> round(stability_index(np.array([50, 50]), np.array([50, 50])), 3)
        0.0
    """
    shares = [(counts + 0.5) / (counts.sum() + 0.5 * len(counts)) for counts in (reference, today)]
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())


def class_shares(reference: DriftReference, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The share of the images for which each class is predicted: (K,) of the reference, and (K,) of today."""
    counts = np.bincount(predicted, minlength=len(reference.class_names))
    return reference.predicted / max(1, reference.predicted.sum()), counts / max(1, counts.sum())


def _are_enough(reference: Distribution, values: np.ndarray) -> bool:
    return min(reference.count, int(np.isfinite(values).sum())) >= LEAST_IMAGES


def _number_drift(figure: Figure, reference: DriftReference, values: np.ndarray) -> FigureDrift:
    there, values = reference.distributions[figure.name], values[np.isfinite(values)]
    effect, p_value = kolmogorov_smirnov(there, values, reference.share_independent)
    edges = np.unique(np.quantile(there.values, np.arange(1, BINS) / BINS))
    binned = [
        np.bincount(np.searchsorted(edges, each, side="left"), minlength=len(edges) + 1)
        for each in (there.values, values)
    ]
    scaled = binned[0] * (there.count / len(there.values))
    stability = stability_index(scaled, binned[1])
    return FigureDrift(figure.name, figure.title, p_value, effect, stability, _words(figure, there, values))


def _words(figure: Figure, reference: Distribution, values: np.ndarray) -> str:
    mean = float(values.mean())
    means = f"{figure.shown(mean)} in the mean, {figure.shown(reference.mean)} in the reference"
    spread = float(reference.values.std())
    if abs(mean - reference.mean) < 0.1 * spread:
        return f"their mean is about the same and their spread another one ({means})"
    return f"{figure.higher if mean > reference.mean else figure.lower} ({means})"


def _class_drift(reference: DriftReference, predicted: np.ndarray) -> FigureDrift:
    today = np.bincount(predicted, minlength=len(reference.class_names))
    there = reference.predicted
    shares = class_shares(reference, predicted)
    effect = float(np.abs(shares[1] - shares[0]).sum() / 2)
    p_value = _chi_square(there * reference.share_independent, today)
    order = np.argsort(-np.abs(shares[1] - shares[0]), kind="stable")[:MOST_NAMED]
    words = ", ".join(
        f"{reference.class_names[i]} {100 * shares[1][i]:.1f} % and {100 * shares[0][i]:.1f} % in the reference"
        for i in order
        if shares[1][i] != shares[0][i]
    )
    title = "predicted classes"
    return FigureDrift(CLASSES, title, p_value, effect, stability_index(there, today), words or "as in the reference")


def _chi_square(reference: np.ndarray, today: np.ndarray) -> float:
    """The p-value of two rows of counts; classes that are too rare for the test are counted together."""
    counts = np.array([reference, today], float)
    rows = counts.sum(axis=1)
    expected = np.minimum(*rows) * counts.sum(axis=0) / max(1, counts.sum())
    rare = expected < LEAST_EXPECTED
    cells = np.concatenate([counts[:, ~rare], counts[:, rare].sum(axis=1, keepdims=True)], axis=1)
    cells = cells[:, cells.sum(axis=0) > 0]
    if cells.shape[1] < 2 or not rows.all():
        return 1.0
    return float(stats.chi2_contingency(cells, correction=False).pvalue)


def _embedding_drift(reference: Coordinates, today: np.ndarray, share_independent: float) -> FigureDrift:
    """Hotelling's test of the mean of the embeddings.

    Reference:
        Hotelling, The Generalization of Student's Ratio, 1931.
    """
    sizes = np.array([max(2.0, reference.count * share_independent), len(today)])
    degrees = sizes - 1
    covariances = (reference.covariance, np.atleast_2d(np.cov(today, rowvar=False)))
    pooled = sum(n * each for n, each in zip(degrees, covariances, strict=True)) / degrees.sum()
    moved = today.mean(axis=0) - reference.mean
    squared = max(0.0, float(moved @ np.linalg.pinv(pooled, hermitian=True) @ moved))
    size, total = len(moved), sizes.sum()
    statistic = squared * sizes.prod() / total * (total - size - 1) / (size * (total - 2))
    p_value = float(stats.f.sf(statistic, size, max(1.0, total - size - 1)))
    shift = float(np.sqrt(squared))
    return FigureDrift(
        EMBEDDINGS, "embeddings", p_value, shift, float("nan"), f"their mean moved by {shift:.2f} standard deviations"
    )


def _plain(values: dict[str, object]) -> dict[str, object]:
    return {name: None if value != value else value for name, value in values.items()}  # NaN, which JSON has not
