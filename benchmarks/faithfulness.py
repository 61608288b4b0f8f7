"""Whether the most salient pixels are those that the answer needs: foolbox's 20 photos of ImageNet, EfficientNet-Lite0.

Each method's map covers the most salient tenth of each photo, filled from what is around it. Held against it is a
random tenth, the mean of `SEEDS` of each kind: single pixels, blocks of a seventh of the side (the cells of Grad-CAM),
and random maps as smooth as the method's own. To reach: the score falls more than for a random tenth on at least 90 %
of the photos, for Grad-CAM and for integrated gradients. Then the verdicts of `imgcls.explain.faithfulness`: how many
maps beat a centered blob and a random map, and how like they are to those of the network with random weights.

Needs foolbox (`--no-deps`) for the photos. Usage: python benchmarks/faithfulness.py [METHOD ...]
"""

import importlib.util
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import read_images
from imgcls.explain.faithfulness import HeatmapJudge, explained_scores, pixel_order, random_network, scrambled
from imgcls.explain.faithfulness.deletion import DELETION
from imgcls.explain.faithfulness.faithfulness import BELIEVABLE, LIKE_BLOB
from imgcls.explain.methods import METHODS, MethodOptions
from imgcls.explain.network import Network
from imgcls.explain.target import class_scores
from imgcls.models import build_model

TENTH, BLOCKS, SEEDS = 0.1, 7, 5


def photos() -> list[Path]:
    return sorted((Path(importlib.util.find_spec("foolbox").origin).parent / "data").glob("imagenet_*"))


def blocks(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    side = -(-len(values) // BLOCKS)
    return np.kron(rng.random((BLOCKS, BLOCKS)), np.ones((side, side)))[: values.shape[0], : values.shape[1]]


def scores_without(scores: Callable, pixels: np.ndarray, coefficients: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """(B,): the score of each image without the highest tenth of its map."""
    rng = np.random.default_rng(0)
    orders = np.stack([pixel_order(each, rng) for each in maps])
    share, deletion = np.full(len(pixels), TENTH, np.float32), np.full(len(pixels), DELETION)
    return scores(pixels, pixels, orders, share, deletion, coefficients).numpy()


def main() -> None:
    network = Network(build_model("efficientnet_lite0", weights="imagenet"))
    files = photos()
    pixels = np.stack([each.result for each in read_images(files, Preprocessing(**network.preprocessing))])
    logits = network.run(pixels).logits.numpy()
    names = [network.class_names[place] for place in logits.argmax(1)]
    right = sum(place == int(file.stem.rsplit("_", 1)[1]) for place, file in zip(logits.argmax(1), files, strict=True))
    print(f"{len(files)} photos, {right} named right; explained is the class that the network names")
    coefficients = class_scores(network, names)
    scores = explained_scores(network)
    judge = HeatmapJudge(network, pixels, coefficients, random_network(network))
    chosen = sys.argv[1:] or [*METHODS]

    def without(maps: np.ndarray) -> np.ndarray:
        return scores_without(scores, pixels, coefficients, maps)

    def random_tenth(drawn: Callable[[np.ndarray, np.random.Generator], np.ndarray], like: np.ndarray) -> np.ndarray:
        rngs = [np.random.default_rng(seed) for seed in range(SEEDS)]
        return np.mean([without(np.stack([drawn(each, rng) for each in like])) for rng in rngs], axis=0)

    by_pixel = random_tenth(lambda values, rng: rng.random(values.shape), pixels[..., 0])
    by_block = random_tenth(blocks, pixels[..., 0])
    columns = "falls more than for: pixels  blocks  as smooth | beats chance  beats both | likeness (most)  seconds"
    print(f"{'method':22}{columns}")
    for name in chosen:
        method, began = METHODS[name], time.perf_counter()
        heatmaps = method.compute(network, pixels, coefficients, MethodOptions())
        took = time.perf_counter() - began
        found = without(heatmaps.values)
        wins = [
            float((found < other).mean())
            for other in (by_pixel, by_block, random_tenth(scrambled, np.nan_to_num(heatmaps.values)))
        ]
        judged = judge.judge(method, heatmaps, MethodOptions())
        chance = np.mean([each.verdict in (BELIEVABLE, LIKE_BLOB) for each in judged])
        both = np.mean([each.verdict == BELIEVABLE for each in judged])
        alike = [each.likeness for each in judged]
        shares = "".join(f"{100 * win:8.0f} %" for win in (*wins, chance, both))
        print(f"{name:22}{shares}   {np.median(alike):.2f} ({max(alike):.2f})  {took:.0f}", flush=True)


if __name__ == "__main__":
    main()
