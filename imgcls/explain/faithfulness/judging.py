"""From heat maps to verdicts: each map is held against a centered blob, a random map, and random weights."""

from dataclasses import replace
from functools import cached_property

import numpy as np

from imgcls.explain.faithfulness.deletion import STEPS, Curves, deletion_and_insertion, explained_scores, pixel_order
from imgcls.explain.faithfulness.faithfulness import Areas, Faithfulness
from imgcls.explain.faithfulness.randomization import likeness
from imgcls.explain.faithfulness.references import centered_blob, scrambled
from imgcls.explain.heatmaps import Heatmaps
from imgcls.explain.methods.method import Method, MethodOptions
from imgcls.explain.network import Network
from imgcls.progress import no_progress

FEWER = 4  # times fewer steps on the path for the network with random weights


def judge_heatmaps(
    network: Network,
    pixels: np.ndarray,
    coefficients: np.ndarray,
    method: Method,
    heatmaps: Heatmaps,
    options: MethodOptions,
    random_network: Network | None = None,
    steps: int = STEPS,
) -> list[Faithfulness]:
    """Judge the heat maps of one method; `HeatmapJudge` does it for several methods on the same images.

    Args:
        network: That the maps explain.
        pixels: (B, H, W, C), float32 in [0, 255].
        coefficients: (B, K), of `imgcls.explain.target.class_scores`.
        method: That gave the maps.
        heatmaps: Of these images.
        options: As the method had them. Of these, the seed, the batch size and the progress serve here too.
        random_network: Of `random_network`, made once for a network; None leaves the check with random weights out.
        steps: Parts in which the pixels are covered. An image takes 6 * steps forward passes.

    Returns:
        A judgement for each image.
    """
    return HeatmapJudge(network, pixels, coefficients, random_network, steps).judge(method, heatmaps, options)


class HeatmapJudge:
    """Judges maps of the same images by several methods, and computes once what does not depend on the method.

    Args:
        network: That is explained.
        pixels: (B, H, W, C), float32 in [0, 255].
        coefficients: (B, K), of `imgcls.explain.target.class_scores`.
        random_network: Of `random_network`; None leaves the check with random weights out.
        steps: Parts in which the pixels are covered.
    """

    def __init__(
        self,
        network: Network,
        pixels: np.ndarray,
        coefficients: np.ndarray,
        random_network: Network | None = None,
        steps: int = STEPS,
    ) -> None:
        self.pixels, self.coefficients = pixels, coefficients
        self.random_network, self.steps = random_network, steps
        self._scores = explained_scores(network)

    def judge(self, method: Method, heatmaps: Heatmaps, options: MethodOptions) -> list[Faithfulness]:
        """Judge the maps of one method; arguments as of `judge_heatmaps`."""
        rng = np.random.default_rng(options.seed)
        values = np.nan_to_num(heatmaps.values, posinf=0.0, neginf=0.0)
        chance = np.stack([scrambled(each, rng) for each in values])
        curves = self._curves(np.stack([values, chance]), rng, options)
        alike = self._likenesses(method, heatmaps, options)
        return [
            Faithfulness(
                Areas(*_three(curves.deletion_areas, self._blob.deletion_areas, image)),
                Areas(*_three(curves.insertion_areas, self._blob.insertion_areas, image)),
                score_range=_score_range(image, curves, self._blob),
                likeness=alike[image],
                problem=problem,
            )
            for image, problem in enumerate(heatmaps.problems)
        ]

    @cached_property
    def _blob(self) -> Curves:
        blob = centered_blob((self.pixels.shape[1], self.pixels.shape[2]))
        maps = np.broadcast_to(blob, (1, *self.pixels.shape[:3]))
        return self._curves(maps, np.random.default_rng(0), MethodOptions())

    def _curves(self, maps: np.ndarray, rng: np.random.Generator, options: MethodOptions) -> Curves:
        orders = np.stack([[pixel_order(each, rng) for each in some] for some in maps])
        return deletion_and_insertion(
            self._scores, self.pixels, self.coefficients, orders, self.steps, options.batch_size, options.on_progress
        )

    def _likenesses(self, method: Method, heatmaps: Heatmaps, options: MethodOptions) -> list[float | None]:
        if self.random_network is None:
            return [None] * len(heatmaps.values)
        few = max(2, options.steps // FEWER)  # integrated gradients would look for a sum that random scores never reach
        quiet = replace(options, steps=few, on_progress=no_progress)
        others = method.compute(self.random_network, self.pixels, self.coefficients, quiet).values
        return [likeness(*pair, signed=method.signed) for pair in zip(heatmaps.values, others, strict=True)]


def _three(areas: np.ndarray, blob: np.ndarray, image: int) -> tuple[float, float, float]:
    return float(areas[0, image]), float(blob[0, image]), float(areas[1, image])


def _score_range(image: int, *curves: Curves) -> float:
    every = np.concatenate([part[:, image].ravel() for each in curves for part in (each.deletion, each.insertion)])
    return float(np.ptp(every))
