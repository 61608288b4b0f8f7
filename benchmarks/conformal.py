"""How often prediction sets hold the class, and how large they are beside TorchCP's.

At a coverage of 90 %, in 100 random divisions of each table into calibration and held-out images:
- coverage: in how many divisions the number of held-out images that are covered lies in its 95 % interval
  (beta-binomial: the chance of calibration and that of the held-out images are in it), and the mean coverage;
- size: the mean size of the sets of `fit_sets(method="auto")`, which chooses method and penalty on a part of the
  calibration images, beside TorchCP's `RAPS(penalty=0.1, kreg=1)` with `SplitPredictor` on the same images and logits:
  randomised, as is its default, and not. TorchCP leaves sets empty and ours have one class at the least, so its size is
  given too with the likeliest class in place of an empty set.

The tables: --tables (folders with validation.parquet and test.parquet, which are put together); and small networks of
scikit-learn on few images of digits and Fashion-MNIST (see calibration.py). The temperature is fitted to the
calibration images of each division, as a run does.

It needs torch and torchcp, of which only the scores are used: what else torchcp imports may be absent. The exit code is
1 if the mean over the tables is below 95 divisions, or if a mean size is above TorchCP's without empty sets.

  python benchmarks/conformal.py --tables runs/photos-1/predictions
"""

import argparse
import statistics
import sys
import types
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from calibration import Logits, networks, of_runs
from scipy.special import softmax

from imgcls.evaluation.calibration import fit_temperature
from imgcls.evaluation.conformal import ConformalSets, fit_sets, measure_sets
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.processor import describe

for absent, names in {
    "torchsort": ("soft_rank", "soft_sort"),
    "transformers": ("set_seed", "StoppingCriteria", "StoppingCriteriaList"),
    "torch_geometric": (),
    "torch_geometric.nn": ("GCNConv",),
    "torch_geometric.loader": ("NeighborLoader",),
    "torch_geometric.utils": (),
    "torch_geometric.utils.convert": ("to_networkx",),
    "networkx": (),
}.items():  # torchcp imports them for what is not measured here
    stub = types.ModuleType(absent)
    vars(stub).update({name: type(name, (), {}) for name in names})
    sys.modules.setdefault(absent, stub)

from torchcp.classification.predictor import SplitPredictor  # noqa: E402
from torchcp.classification.score import RAPS  # noqa: E402

COVERAGE, DIVISIONS = 0.9, 100


class Outcome(NamedTuple):
    """Of one division. sizes: by whose sets they are."""

    covered: float
    within: bool
    method: str
    sizes: dict[str, float]


def table_of(logits: np.ndarray, labels: np.ndarray) -> PredictionTable:
    names = [str(place) for place in range(logits.shape[1])]
    rows = pd.DataFrame({"image": [str(place) for place in range(len(labels))], "label": [names[k] for k in labels]})
    return PredictionTable(rows, names, softmax(logits, axis=1))


def torchcp_sets(calibration: tuple[np.ndarray, np.ndarray], logits: np.ndarray, randomized: bool) -> np.ndarray:
    """(N, K) bool."""
    predictor = SplitPredictor(RAPS(penalty=0.1, kreg=1, randomized=randomized), alpha=1 - COVERAGE)
    own, labels = (torch.as_tensor(each) for each in calibration)
    predictor.calculate_threshold(own.float(), labels, 1 - COVERAGE)
    return predictor.predict_with_logits(torch.as_tensor(logits).float()).numpy().astype(bool)


def filled(sets: np.ndarray, logits: np.ndarray) -> np.ndarray:
    found = sets.copy()
    empty = np.flatnonzero(~found.any(axis=1))
    found[empty, logits[empty].argmax(axis=1)] = True
    return found


def divided(logits: np.ndarray, labels: np.ndarray, seed: int) -> Outcome:
    order = np.random.default_rng(seed).permutation(len(labels))
    torch.manual_seed(seed)
    own, held = np.split(order, 2) if len(order) % 2 == 0 else np.split(order[:-1], 2)
    scaled = logits / fit_temperature(logits[own], labels[own])
    sets: ConformalSets = fit_sets(table_of(scaled[own], labels[own]), COVERAGE)
    table = table_of(scaled[held], labels[held])
    figures = measure_sets(table, sets)
    low, high = figures.expected
    sizes = {"ours": figures.size}
    for name, randomized in (("randomised", True), ("not randomised", False)):
        theirs = torchcp_sets((scaled[own], labels[own]), scaled[held], randomized)
        sizes |= {name: theirs.sum(axis=1).mean(), f"{name}, filled": filled(theirs, scaled[held]).sum(axis=1).mean()}
    return Outcome(figures.coverage, low <= figures.coverage <= high, sets.method, sizes)


def main(folders: list[Path]) -> int:
    print(describe(), flush=True)
    failed, divisions = False, []
    for table in [*of_runs(folders), *networks({"digits": 100, "Fashion-MNIST": 300})]:
        logits, labels = pooled(table)
        found = [divided(logits, labels, seed) for seed in range(DIVISIONS)]
        within = sum(each.within for each in found)
        sizes = {name: statistics.mean(each.sizes[name] for each in found) for name in found[0].sizes}
        covered = statistics.mean(each.covered for each in found)
        methods = ", ".join(sorted({each.method for each in found}))
        print(f"{table.name[-40:]}: {len(labels)} images, accuracy {100 * (logits.argmax(1) == labels).mean():.1f} %, "
              f"within {within} of {DIVISIONS}, mean coverage {100 * covered:.1f} %, {methods}; size "
              + ", ".join(f"{name} {size:.3f}" for name, size in sizes.items()), flush=True)  # fmt: skip
        smallest = min(sizes["randomised, filled"], sizes["not randomised, filled"])
        failed |= sizes["ours"] > smallest
        divisions.append(within)
    print(f"divisions within, mean of the tables: {statistics.mean(divisions):.1f} of {DIVISIONS}")
    return int(failed or statistics.mean(divisions) < 95)


def pooled(table: Logits) -> tuple[np.ndarray, np.ndarray]:
    return (
        np.concatenate([table.validation, table.test]).astype(np.float64),
        np.concatenate([table.validation_labels, table.test_labels]),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=Path, nargs="*", default=[], help="folders with validation and test tables")
    sys.exit(main(parser.parse_args().tables))
