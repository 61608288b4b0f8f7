"""How often the verdicts of `compare` and `drift` are wrong, and how often a real difference is found.

For compare, pairs of classifiers are drawn whose true difference is known. For drift, the predictions of a run for its
own test images are divided at random, 400 times: one part is the reference, the other one today, as it is and with its
brightness lowered by 20 %. Takes a table with embeddings that `python -m imgcls.evaluate` wrote, of 500 images or more.
The exit code is 1 if a difference is said of alike ones in more than 5 % of the draws, and 2 standard deviations more.

  python benchmarks/verdicts.py runs/fashion_mini-resnet20-1/predictions/test.parquet
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from imgcls.evaluation.drift import compare_with_reference
from imgcls.evaluation.drift_observations import Observations
from imgcls.evaluation.drift_reference import DriftReference
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.evaluation.significance import LEVEL, paired_p_value
from imgcls.processor import describe

DRAWS = 1000
DIVISIONS = 400
DARKER = 0.8


def compare_draws(images: int, first: float, second: float) -> tuple[float, float]:
    """The share of draws with a verdict, and the share of intervals that hold the true difference.

    first, second: the share of the images that each of the two alone answers right; both answer 80 % right.
    """
    random = np.random.default_rng(images)
    said = held = 0
    for _ in range(DRAWS):
        counts = random.multinomial(images, [0.8, first, second, 0.2 - first - second])
        differences = np.repeat([0, -1, 1, 0], counts)
        means = random.multinomial(images, counts / images, 1000)
        low, high = np.percentile((means[:, 2] - means[:, 1]) / images, (2.5, 97.5))
        held += low <= second - first <= high
        p_value = paired_p_value(differences < 0, differences > 0)
        said += p_value < LEVEL and (low > 0 or high < 0)
    return said / DRAWS, held / DRAWS


def drift_draws(table: PredictionTable, today: int, darker: bool) -> float:
    """The share of divisions in which drift is said."""
    random, said = np.random.default_rng(today), 0
    for _ in range(DIVISIONS):
        order = random.permutation(len(table))
        reference = DriftReference.from_table(table.take(order[today:]))
        images = table.take(order[:today])
        if darker:
            images.rows["brightness_99"] *= DARKER
        said += compare_with_reference(reference, Observations.of_table(images, reference.summary)).found
    return said / DIVISIONS


def main() -> int:
    """Draw, and print the shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    table = PredictionTable.load(parser.parse_args().table)
    print(describe())
    alarms = []
    for images, first, second in ((200, 0.05, 0.05), (500, 0.05, 0.05), (500, 0.03, 0.08), (2000, 0.04, 0.06)):
        said, held = compare_draws(images, first, second)
        print(f"compare, {images} images, true difference {second - first:.2f}: said in {said:.1%}, held in {held:.1%}")
        alarms += [(said, DRAWS)] if first == second else []
    for today in (30, 100, 200):
        alike, darker = (drift_draws(table, today, each) for each in (False, True))
        print(f"drift, {today} images: said in {alike:.1%} of those alike, in {darker:.1%} of those 20 % darker")
        alarms.append((alike, DIVISIONS))
    most = [LEVEL + 2 * np.sqrt(LEVEL * (1 - LEVEL) / draws) for _, draws in alarms]
    return int(any(said > limit for (said, _), limit in zip(alarms, most, strict=True)))


if __name__ == "__main__":
    sys.exit(main())
