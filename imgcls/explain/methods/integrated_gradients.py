"""Integrated gradients: the score of the image less that of a black one, divided among the pixels."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from imgcls.explain.heatmaps import Heatmaps
from imgcls.explain.methods.input_gradients import explained_score
from imgcls.explain.methods.method import Method, MethodOptions, batches
from imgcls.explain.methods.traced import rows_like, traced
from imgcls.explain.network import Network

COMPLETE = 0.01  # the error from which on no more points are added
AT_ONCE = 8  # points that are computed at once, and intervals that are halved before the error is looked at again
MOST = 8  # times the steps: more points than that are not tried


def integrated_gradients(
    network: Network,
    pixels: np.ndarray,
    coefficients: np.ndarray,
    options: MethodOptions,
    tolerance: float = COMPLETE,
) -> Heatmaps:
    """The gradients on the straight path from a black image to the image, integrated by each pixel; see `Compute`.

    Black is 0 in pixels, whatever the network standardizes it to. The integral is that of the trapezoidal rule, at
    first with `options.steps` points at equal distances. While the map's sum differs from the difference of the scores
    by more than the tolerance, the intervals that differ the most are halved: scores jump near black, where most points
    are needed.

    Args:
        network: The classifier.
        pixels: (B, H, W, C), float32 in [0, 255].
        coefficients: (B, K).
        options: Of these, the steps, the batch size and the progress.
        tolerance: Of the completeness error; infinity for points at equal distances.

    Figures:
        image_score: The score of the image.
        baseline_score: That of the black one.
        completeness_error: How far the map's sum is from the difference of both, as a share of it.
        points: Where on the path gradients were taken.

    Reference:
        Sundararajan, Taly and Yan, Axiomatic Attribution for Deep Networks, 2017, sections 3 and 5.
    """
    paths = []
    follow = _follower(network, pixels, coefficients, min(options.batch_size, AT_ONCE))
    for index in range(len(pixels)):
        one = slice(index, index + 1)
        path = follow(np.linspace(0, 1, options.steps), pixels[one], coefficients[one])
        while path.error > tolerance and len(path.places) < MOST * options.steps:
            path = path.joined(follow(path.worst_middles(), pixels[one], coefficients[one]))
        paths.append((path.integral(), path.figures()))
        options.on_progress(index + 1)
    figures = {name: np.array([each[name] for _, each in paths]) for name in paths[0][1]}
    return Heatmaps(np.stack([values for values, _ in paths]), figures=figures)


@dataclass(frozen=True)
class Path:
    """Points on the way from the baseline to one image.

    Attributes:
        places: From 0, the baseline, to 1, the image; (n,), rising.
        scores: (n,).
        terms: Each pixel times its gradient there, (n, H, W).
    """

    places: np.ndarray
    scores: np.ndarray
    terms: np.ndarray

    def integral(self) -> np.ndarray:
        """The map, (H, W), by the trapezoidal rule."""
        halves = np.diff(self.places) / 2
        weights = np.append(halves, 0) + np.insert(halves, 0, 0)
        values: np.ndarray = np.einsum("n,nhw->hw", weights, self.terms).astype(np.float32)
        return values

    def differences(self) -> np.ndarray:
        """By how much each interval's part of the map differs from what the score rises by on it, (n - 1,)."""
        slopes = self.terms.sum((1, 2), dtype=np.float64)
        differences: np.ndarray = (slopes[1:] + slopes[:-1]) / 2 * np.diff(self.places) - np.diff(self.scores)
        return differences

    @property
    def error(self) -> float:
        """How far the sum of the map is from the difference of the scores, as a share of it."""
        return float(abs(self.differences().sum()) / max(abs(self.scores[-1] - self.scores[0]), 1e-12))

    def worst_middles(self) -> np.ndarray:
        """The middles of the intervals that differ the most, without those that hardly do."""
        differing = np.abs(self.differences())
        worst = np.sort(np.argsort(-differing)[:AT_ONCE])
        worst = worst[differing[worst] >= differing.max() / 10]
        middles: np.ndarray = (self.places[worst] + self.places[worst + 1]) / 2
        return middles

    def joined(self, other: "Path") -> "Path":
        """The points of both."""
        places = np.concatenate([self.places, other.places])
        order = np.argsort(places)
        scores, terms = np.concatenate([self.scores, other.scores]), np.concatenate([self.terms, other.terms])
        return Path(places[order], scores[order], terms[order])

    def figures(self) -> dict[str, float]:
        """What integrated gradients say of themselves."""
        first, last = float(self.scores[0]), float(self.scores[-1])
        return {
            "image_score": last,
            "baseline_score": first,
            "completeness_error": self.error,
            "points": float(len(self.places)),
        }


def _follower(
    network: Network, pixels: np.ndarray, coefficients: np.ndarray, at_once: int
) -> Callable[[np.ndarray, np.ndarray, np.ndarray], Path]:
    """A function of places, one image (1, H, W, C) and its coefficients (1, K) to the points of its path."""

    def scores_and_terms(places: tf.Tensor, image: tf.Tensor, row: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        points = places[:, None, None, None] * image
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(points)
            score = explained_score(network.run(points), row)
        return score, tf.reduce_sum(image * tape.gradient(score, points), axis=3)

    graph = traced(scores_and_terms, np.zeros(at_once, np.float32), rows_like(pixels, 1), rows_like(coefficients, 1))

    def follow(places: np.ndarray, image: np.ndarray, row: np.ndarray) -> Path:
        found = [graph(places[part].astype(np.float32), image, row) for part in batches(len(places), at_once)]
        scores, terms = zip(*found, strict=True)
        return Path(places, np.concatenate(scores).astype(np.float64), np.concatenate(terms))

    return follow


METHOD = Method(
    "integrated_gradients",
    "Integrated gradients",
    integrated_gradients,
    "pixels",
    signed=True,
    paper="Sundararajan et al., 2017",
)
