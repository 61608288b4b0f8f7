"""How often the 95 % intervals of `imgcls.evaluation.intervals` hold the true value.

A test split is drawn many times from a population whose metrics are known from a million images: ten classes, normal
scores. For comparison, the same draws of the bootstrap give percentile intervals, and with all images left out one at
a time those of BCa (Efron, Better Bootstrap Confidence Intervals, 1987).

It needs nothing but NumPy and SciPy. A thousand splits take about six minutes on one core:

    python benchmarks/interval_coverage.py --images 200 --shift 2.5
    python benchmarks/interval_coverage.py --images 200 --shift 3.2 --bca
    python benchmarks/interval_coverage.py --images 200 --groups 50
"""

import argparse

import numpy as np
from scipy.stats import norm

from imgcls.evaluation.intervals import OF_CLASSES, figures, intervals, resamples
from imgcls.metrics import Predictions, metrics_of

CLASSES = 10
METRICS = metrics_of("single_label")


def drawn(images: int, groups: int, shift: float, generator: np.random.Generator) -> tuple[Predictions, np.ndarray]:
    """Images with their groups. What the images of a group have in common is half of the scores' variance."""
    labels = generator.integers(0, CLASSES, images)
    noise, units = generator.normal(size=(images, CLASSES)), np.arange(images)
    if groups:
        units = generator.integers(0, groups, images)
        noise = np.sqrt(0.5) * (noise + generator.normal(size=(groups, CLASSES))[units])
    return Predictions.from_logits(labels, 1.5 * (noise + shift * np.eye(CLASSES)[labels])), units


def percentile(values: np.ndarray, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ends of percentile intervals. values: (metrics,); draws: (draws, metrics)."""
    low, high = np.percentile(draws, [2.5, 97.5], axis=0)
    return low, high


def bca(values: np.ndarray, draws: np.ndarray, left_out: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ends of BCa intervals. left_out: (images, metrics), without each image once."""
    influence = left_out.mean(0) - left_out
    squares = np.maximum((influence**2).sum(0), 1e-30)
    acceleration = (influence**3).sum(0) / (6 * squares**1.5)
    below = ((draws < values).mean(0) + (draws <= values).mean(0)) / 2
    bias = norm.ppf(np.clip(below, 1 / (2 * len(draws)), 1 - 1 / (2 * len(draws))))
    ends = []
    for quantile in (0.025, 0.975):
        z = bias + norm.ppf(quantile)
        places = norm.cdf(bias + z / (1 - acceleration * z))
        ends.append(np.array([np.quantile(draws[:, i], place) for i, place in enumerate(places)]))
    return ends[0], ends[1]


def main() -> None:
    """Print the coverage of each metric, in percent."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--groups", type=int, default=0, help="0: all images are independent")
    parser.add_argument("--shift", type=float, default=2.5, help="of the true class's score; 2.5: 81 percent are right")
    parser.add_argument("--splits", type=int, default=1000)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--bca", action="store_true", help="also measure percentile intervals and BCa; takes longer")
    options = parser.parse_args()
    generator = np.random.default_rng(0)
    population = [drawn(100_000, 20_000 * bool(options.groups), options.shift, generator)[0] for _ in range(10)]
    truth = np.mean([figures(each, METRICS) for each in population], axis=0)
    found: dict[str, list[np.ndarray]] = {"ours": [], "unsaid": [], "percentile": [], "BCa": []}
    for split in range(options.splits):
        predictions, units = drawn(options.images, options.groups, options.shift, generator)
        ours = intervals(predictions, units if options.groups else None, options.draws, seed=split)
        every = [*ours.metrics.values(), *(each for name in OF_CLASSES for each in ours.classes[name])]
        found["unsaid"].append(np.array([interval is None for interval in every]))
        found["ours"].append(
            np.array([i is not None and i.low <= value <= i.high for i, value in zip(every, truth, strict=True)])
        )
        if options.bca:
            for name, (low, high) in others(predictions, options.draws, split).items():
                found[name].append((low <= truth[: len(METRICS)]) & (truth[: len(METRICS)] <= high))
    show(options, truth, found)


def others(predictions: Predictions, draws: int, seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The ends of the other intervals of all metrics."""
    everyone, count = np.arange(len(predictions)), len(METRICS)

    def of(places: np.ndarray) -> np.ndarray:
        return figures(predictions.take(places), METRICS)[:count]

    values, drawn = of(everyone), np.stack([of(places) for places in resamples(everyone, draws, seed)])
    left_out = np.stack([of(np.delete(everyone, i)) for i in everyone])
    return {"percentile": percentile(values, drawn), "BCa": bca(values, drawn, left_out)}


def show(options: argparse.Namespace, truth: np.ndarray, found: dict[str, list[np.ndarray]]) -> None:
    """Print the coverage where an interval is given, and where none is, how often that was."""
    said = 1 - np.mean(found["unsaid"], axis=0)
    ours = np.mean(found["ours"], axis=0) / np.maximum(said, 1e-9)
    print(f"{options}\n{'metric':32} {'true':>7} {'ours':>6}" + "  percentile   BCa" * options.bca)
    for i, metric in enumerate(METRICS):
        rest = "".join(f"{100 * np.mean(found[n], axis=0)[i]:9.1f}" for n in ("percentile", "BCa") if found[n])
        note = f"  (said of {100 * said[i]:.1f} %)" if said[i] < 1 else ""
        print(f"{metric.title:32} {truth[i]:7.3f} {100 * ours[i]:6.1f}{rest}{note}")
    for i, name in enumerate(OF_CLASSES):
        part = slice(len(METRICS) + i * CLASSES, len(METRICS) + (i + 1) * CLASSES)
        rate = 100 * np.sum(ours[part] * said[part]) / said[part].sum()
        note = f"  (said of {100 * said[part].mean():.1f} %)"
        print(f"{'of one class: ' + name:32} {truth[part].mean():7.3f} {rate:6.1f}{note}")


if __name__ == "__main__":
    main()
