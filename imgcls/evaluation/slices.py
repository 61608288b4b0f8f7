"""Slices: the parts of the images on which a classifier is worse than on the rest.

Parts are the values of each column that says something about an image (folder, group, format, what the annotation adds,
...), quarters by what was measured of it (size, brightness, sharpness, ...), and clusters of the embeddings.

Each part is compared with all other images. Among many comparisons some differ by chance; the correction is that of
Benjamini and Hochberg, which bounds the share of false alarms among the parts that are called worse. Holm's bounds the
chance of a single one, and finds less for it. Parts overlap, which makes their tests depend on each other positively,
and then the bound holds (Benjamini and Yekutieli, 2001).
"""

import json
import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from imgcls.evaluation.intervals import LEAST_UNITS, wilson_interval
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.metrics import cross_entropies, right

LEAST_IMAGES = 20  # of a part, below which nothing is said about it
QUARTERS = 4  # parts by a number
MOST_VALUES = 40  # of a column that are looked at, the most frequent ones
FALSE_ALARMS = 0.05  # share of them among the parts that are called worse
IMAGES_A_CLUSTER, MOST_CLUSTERS = 50, 20
COLUMNS = ("group", "source", "format", "grayscale", "traits", "annotators")  # with values that many images share
NUMBERS = {  # column: what it is called, with its unit
    "size": "size in pixels (root of the area)",
    "aspect": "width divided by height",
    "box_size": "size of the box in pixels (root of the area)",
    "box_share": "share of the image that the box covers",
    "brightness_5": "brightness of the darkest parts (0 to 1)",
    "brightness_99": "brightness of the brightest parts (0 to 1)",
    "sharpness": "sharpness of the edges (0 to 1)",
    "entropy": "entropy of the pixels in bits",
}


@dataclass(frozen=True)
class Slice:
    """A part of the images.

    Attributes:
        column: What divides the images, such as "format" or "sharpness".
        value: Which part it is, such as "JPEG" or "0.25 to 0.61".
        images: Number of its images.
        accuracy: Share of them that are right: of several labels, all of them.
        low: Lower end of the 95 % interval of the accuracy.
        high: Upper end of it.
        log_loss: Mean of -ln(probability of the true class).
        difference: Its accuracy less that of all other images.
        p_value: How often a difference like this, or a larger one, would be seen by chance, corrected for the number of
            parts; None where there is too little to say.
        members: (images,) their places in the table.
    """

    column: str
    value: str
    images: int
    accuracy: float
    low: float
    high: float
    log_loss: float
    difference: float
    p_value: float | None
    members: np.ndarray = field(compare=False, repr=False)

    @property
    def is_worse(self) -> bool:
        """Whether it is worse than the rest, and not by chance."""
        return self.p_value is not None and self.p_value <= FALSE_ALARMS and self.difference < 0

    @property
    def title(self) -> str:
        """What it is, such as "format: JPEG"."""
        return f"{NUMBERS.get(self.column, self.column)}: {self.value}"

    def to_dict(self) -> dict[str, Any]:
        """The slice as evaluation.json holds it, without its members."""
        return {name: value for name, value in vars(self).items() if name != "members"}


@dataclass(frozen=True)
class Slices:
    """What was found about the parts of the images.

    Attributes:
        accuracy: Of all images.
        images: Number of all images.
        slices: The parts: first those that are surely worse than the rest, then the others; the lowest accuracy first.
            Parts with too few images stand at the end.
    """

    accuracy: float
    images: int
    slices: tuple[Slice, ...]

    @property
    def worse(self) -> tuple[Slice, ...]:
        """The parts that are worse than the rest, and not by chance; the worst first."""
        return tuple(each for each in self.slices if each.is_worse)

    @property
    def tested(self) -> tuple[Slice, ...]:
        """The parts with enough images to say something."""
        return tuple(each for each in self.slices if each.p_value is not None)

    def to_dict(self) -> dict[str, Any]:
        """The slices as evaluation.json holds them."""
        return {"accuracy": self.accuracy, "images": self.images, "slices": [each.to_dict() for each in self.slices]}


def find_slices(table: PredictionTable, seed: int = 0) -> Slices:
    """Find the parts of the images on which a classifier is worse than on the rest.

    Args:
        table: Its predictions, of one image at the least. Groups count as a whole where there are some.
        seed: Of the clusters.

    Reference:
        Benjamini and Hochberg, Controlling the False Discovery Rate, 1995.

    Example:
        >>> files = {"image": [f"{i}.png" for i in range(80)], "format": ["PNG", "BMP"] * 40}
        >>> rows = pd.DataFrame({**files, "label": "cat"})
        >>> probabilities = np.array([[0.9, 0.1], [0.2, 0.8]] * 40)
        >>> found = find_slices(PredictionTable(rows, ["cat", "dog"], probabilities))
        >>> [(each.title, each.accuracy, each.is_worse) for each in found.slices]
        [('format: BMP', 0.0, True), ('format: PNG', 1.0, False)]
    """
    if not len(table):
        raise ValueError("There are no predictions to look at. Check that the split has readable images.")
    facts = _Facts(right(table.predictions), cross_entropies(table.predictions), table.groups)
    within = replace(facts, groups=None)  # one group against the others is a question about its images
    found = [
        (within if column == "group" else facts).slice(column, value, members)
        for column, values in _columns(table, seed)
        for value, members in _parts(values)
        if len(members) < len(table)
    ]
    found = _corrected(found)
    found.sort(key=lambda each: (each.p_value is None, not each.is_worse, each.accuracy, -each.images))
    return Slices(float(facts.right.mean()), len(table), tuple(found))


@dataclass(frozen=True)
class _Facts:
    """What is known of each image: right (N,) bool, loss (N,), groups (N,) or None."""

    right: np.ndarray
    loss: np.ndarray
    groups: np.ndarray | None

    def slice(self, column: str, value: str, members: np.ndarray) -> Slice:
        """The slice of these images; its p-value is not corrected yet."""
        inside = np.zeros(len(self.right), bool)
        inside[members] = True
        share = float(self.right[inside].mean())
        low, high = self._interval(inside, share)
        return Slice(
            column,
            value,
            len(members),
            share,
            low,
            high,
            log_loss=float(self.loss[inside].mean()),
            difference=share - float(self.right[~inside].mean()),
            p_value=self._p_value(inside),
            members=members,
        )

    def _interval(self, inside: np.ndarray, share: float) -> tuple[float, float]:
        """Wilson's; with groups, of as many independent images as would have the same standard error."""
        count = float(inside.sum())
        if self.groups is not None:
            units = len(np.unique(self.groups[inside]))
            variance = self._variance(np.where(inside, self.right - share, 0) / count)
            count = min(count, max(units, share * (1 - share) / variance)) if variance > 0 else units
        return wilson_interval(share * count, count)

    def _p_value(self, inside: np.ndarray) -> float | None:
        """Of the difference to the other images, without a correction; None if there are too few."""
        sizes = np.array([inside.sum(), (~inside).sum()])
        if sizes.min() < LEAST_IMAGES:
            return None
        hits = np.array([self.right[inside].sum(), self.right[~inside].sum()])
        if self.groups is None:
            from scipy.stats import fisher_exact  # late: who only reads slices needs 25 MB less

            return float(fisher_exact([hits, sizes - hits]).pvalue)
        if min(len(np.unique(self.groups[part])) for part in (inside, ~inside)) < LEAST_UNITS:
            return None
        shares = hits / sizes
        parts = np.where(inside, (self.right - shares[0]) / sizes[0], (shares[1] - self.right) / sizes[1])
        variance = self._variance(parts)
        return math.erfc(abs(shares[0] - shares[1]) / math.sqrt(2 * variance)) if variance > 0 else 1.0

    def _variance(self, parts: np.ndarray) -> float:
        """The variance of a sum over images, of which those of one group belong together."""
        sums = np.bincount(self.groups, weights=parts) if self.groups is not None else parts
        count = len(sums)
        return float((sums**2).sum() * count / (count - 1)) if count > 1 else 0.0


def _corrected(found: list[Slice]) -> list[Slice]:
    """The slices with their p-values corrected for their number."""
    tested = [each for each in found if each.p_value is not None]
    if not tested:
        return found
    from scipy.stats import false_discovery_control  # late, as above

    corrected = iter(false_discovery_control([each.p_value for each in tested], method="bh"))
    return [each if each.p_value is None else replace(each, p_value=float(next(corrected))) for each in found]


def _columns(table: PredictionTable, seed: int) -> Iterator[tuple[str, pd.Series]]:
    """What divides the images: a name, and a text for each image; empty where it is not known."""
    rows = table.rows.reset_index(drop=True)
    yield "folder", _folders(rows)
    for column in COLUMNS:
        if column in rows:
            yield column, rows[column].fillna("").astype(str).replace({"True": "yes", "False": "no"})
    yield from _attributes(rows)
    for column, values in _numbers(rows):
        yield column, _quarters(values)
    if table.embeddings is not None:
        yield "cluster", _clusters(table, seed)


def _parts(values: pd.Series) -> Iterator[tuple[str, np.ndarray]]:
    """The most frequent texts and the places of their images; nothing where each image has its own, or all the same."""
    known = values[values != ""]
    counts = known.value_counts()
    if len(counts) > len(known) / 2:
        return
    for value in counts.index[:MOST_VALUES]:
        yield str(value), np.flatnonzero(values == value)


def _folders(rows: pd.DataFrame) -> pd.Series:
    """The folder of each image, without the names of splits and of its own class: those are no news."""
    own = {"train", "validation", "val", "test"}
    found = [
        "/".join(part for part in PurePosixPath(image).parts[:-1] if part not in own and part != label)
        for image, label in zip(rows["image"], rows["label"], strict=True)
    ]
    return pd.Series(found, dtype=object)


def _attributes(rows: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
    """What the annotations say besides, such as camera, a column each."""
    if "attributes" not in rows or not (rows["attributes"] != "").any():
        return
    every = [json.loads(text) if text else {} for text in rows["attributes"]]
    names = sorted({name for facts in every for name in facts})
    for name in names:
        texts = [facts.get(name, "") for facts in every]
        yield name, pd.Series(["" if isinstance(text, list | dict) else str(text) for text in texts], dtype=object)


def _numbers(rows: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
    """What was measured of each image; NaN where it was not."""
    rows = rows.copy()
    if {"width", "height"} <= set(rows):
        width, height = (rows[name].where(rows[name] > 0).astype(float) for name in ("width", "height"))
        rows["size"], rows["aspect"] = np.sqrt(width * height), width / height
        if "x_min" in rows:
            area = (rows["x_max"] - rows["x_min"]) * (rows["y_max"] - rows["y_min"])
            rows["box_size"], rows["box_share"] = np.sqrt(area.clip(lower=0)), area / (width * height)
    for name in NUMBERS:
        if name in rows:
            yield name, rows[name].astype(float)


def _quarters(values: pd.Series) -> pd.Series:
    """In which quarter each number is, as a text such as "0.25 to 0.61"; of few different numbers, the number."""
    known = values.dropna()
    texts = pd.Series("", index=values.index, dtype=object)
    if known.nunique() <= QUARTERS:
        texts[known.index] = known.map(_short)
        return texts
    edges = np.unique(np.quantile(known, np.linspace(0, 1, QUARTERS + 1)))
    places = np.clip(np.searchsorted(edges, known, side="right") - 1, 0, len(edges) - 2)
    names = [f"{_short(low)} to {_short(high)}" for low, high in pairwise(edges)]
    texts[known.index] = np.array(names, object)[places]
    return texts


def _short(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _clusters(table: PredictionTable, seed: int) -> pd.Series:
    """In which cluster of similar images each one is, named after its most frequent classes."""
    from sklearn.cluster import MiniBatchKMeans

    vectors = np.asarray(table.embeddings, np.float32)
    readable = np.isfinite(vectors).all(axis=1)
    names = pd.Series("", index=range(len(table)), dtype=object)
    count = min(int(readable.sum()) // IMAGES_A_CLUSTER, MOST_CLUSTERS)
    if count < 2:
        return names
    vectors = vectors[readable] / np.maximum(np.linalg.norm(vectors[readable], axis=1, keepdims=True), 1e-12)
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")  # that there are fewer different images than clusters: some stay empty
        found = MiniBatchKMeans(count, random_state=seed, n_init=3, batch_size=4096).fit_predict(vectors)
    labels = np.asarray(table.rows["label"])[readable]
    places = np.flatnonzero(readable)
    for cluster in range(count):
        inside = found == cluster
        names.iloc[places[inside]] = f"{cluster + 1}, {_described(labels[inside])}"
    return names


def _described(labels: np.ndarray) -> str:
    """The most frequent classes, such as "shirt 61 %, coat 24 %"."""
    shares = pd.Series(labels).value_counts(normalize=True).head(3)
    return ", ".join(f"{name} {100 * share:.0f} %" for name, share in shares.items() if share >= 0.1)
