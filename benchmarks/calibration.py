"""How well probabilities fit what is true after temperature scaling, beside scikit-learn.

On several tables of logits: a temperature is fitted to validation, by imgcls and by
`CalibratedClassifierCV(method="temperature")` around a frozen classifier, and the expected calibration error (15 bins
of equal size) is measured on the test images before and after. The tables:
- --tables: folders with validation.parquet and test.parquet, as a run's `predictions/` has them;
- networks that are too sure of themselves: small networks of scikit-learn, trained without a bound on 8 x 8 digits and
  on 2,000 images of Fashion-MNIST (Debian's dataset-fashion-mnist, left out where it is not there), three seeds each.

The exit code is 1 if the error after is above half of that before, where before is above 4 points and above what
chance would bring to a perfectly calibrated classifier in 19 of 20 cases; or if it differs from scikit-learn's by more
than 0.2 points.

  python benchmarks/calibration.py --tables runs/photos-1/predictions
"""

import argparse
import gzip
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.neural_network import MLPClassifier

from imgcls.evaluation.calibration import expected_calibration_error, fit_temperature, measure_reliability
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.processor import describe

FASHION = Path("/usr/share/datasets/fashion-mnist")
SEEDS = 3
LARGE, MOST_APART = 4.0, 0.2  # percentage points


class Logits(NamedTuple):
    """The logits of a classifier for validation and test images, and their labels."""

    name: str
    validation: np.ndarray
    validation_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray


class Given(ClassifierMixin, BaseEstimator):
    """A classifier whose input is its own logits."""

    def fit(self, logits, labels):
        self.classes_ = np.arange(logits.shape[1])
        return self

    def decision_function(self, logits):
        return logits

    def predict(self, logits):
        return logits.argmax(axis=1)


def of_runs(folders: list[Path]) -> Iterator[Logits]:
    for folder in folders:
        validation, test = (PredictionTable.load(folder / f"{split}.parquet") for split in ("validation", "test"))
        yield Logits(str(folder), validation.logits, validation.labels, test.logits, test.labels)


def digits() -> tuple[np.ndarray, np.ndarray]:
    found = load_digits()
    return found.data / 16, found.target


def fashion() -> tuple[np.ndarray, np.ndarray]:
    """Its test images are enough."""
    read = {part: gzip.decompress((FASHION / f"t10k-{part}-ubyte.gz").read_bytes()) for part in
            ("images-idx3", "labels-idx1")}  # fmt: skip
    pixels = np.frombuffer(read["images-idx3"], np.uint8, offset=16).reshape(-1, 784)
    return pixels / 255, np.frombuffer(read["labels-idx1"], np.uint8, offset=8).astype(int)


def networks(training: dict[str, int]) -> Iterator[Logits]:
    """training: images that each network is trained on, by the name of its data."""
    sources = {"digits": digits}
    if FASHION.is_dir():
        sources["Fashion-MNIST"] = fashion
    for name, read in sources.items():
        pixels, labels = read()
        for seed in range(SEEDS):
            order = np.random.default_rng(seed).permutation(len(labels))
            own, rest = np.split(order, [training[name]])
            validation, test = np.split(rest, [len(rest) // 2])
            network = MLPClassifier((128,), alpha=0, max_iter=150, tol=0, n_iter_no_change=1000, random_state=seed)
            fitted = quiet(network, pixels[own], labels[own])
            logits = logits_of(fitted, pixels)
            yield Logits(f"{name}, {training[name]}, {seed}", logits[validation], labels[validation], logits[test],
                         labels[test])  # fmt: skip


def quiet(network: MLPClassifier, pixels: np.ndarray, labels: np.ndarray) -> MLPClassifier:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it could go on
        return network.fit(pixels, labels)


def logits_of(network: MLPClassifier, pixels: np.ndarray) -> np.ndarray:
    """The numbers before the softmax, which scikit-learn does not give."""
    hidden = np.maximum(pixels @ network.coefs_[0] + network.intercepts_[0], 0)
    return hidden @ network.coefs_[1] + network.intercepts_[1]


def error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    return 100 * expected_calibration_error(probabilities.max(axis=1), probabilities.argmax(axis=1) == labels)


class Outcome(NamedTuple):
    """Errors in percentage points. at_most: what a perfectly calibrated classifier exceeds once in twenty times."""

    before: float
    at_most: float
    after: float
    theirs: float


def measured(table: Logits) -> Outcome:
    temperature = fit_temperature(table.validation, table.validation_labels)
    theirs = CalibratedClassifierCV(
        FrozenEstimator(Given().fit(table.validation, table.validation_labels)), method="temperature"
    ).fit(table.validation, table.validation_labels)
    before, after = (softmax(np.asarray(table.test, np.float64) / each, axis=1) for each in (1.0, temperature))
    chance = 100 * measure_reliability(before, table.test_labels).ece_at_most
    ours = [error(each, table.test_labels) for each in (before, after)]
    return Outcome(ours[0], chance, ours[1], error(theirs.predict_proba(table.test), table.test_labels))


def main(folders: list[Path]) -> int:
    print(describe(), flush=True)
    ratios, apart = [], []
    print("logits                                   before  by chance up to   after   scikit-learn (percentage points)")
    for table in [*of_runs(folders), *networks({"digits": 300, "Fashion-MNIST": 2000})]:
        found = measured(table)
        errors = f"{found.before:6.2f}  {found.at_most:15.2f}  {found.after:6.2f}  {found.theirs:6.2f}"
        print(f"{table.name[-40:]:40} {errors}", flush=True)
        apart.append(abs(found.after - found.theirs))
        if found.before > max(LARGE, found.at_most):
            ratios.append(found.after / found.before)
    print(f"after / before, where before is above {LARGE:g} points and chance: median {statistics.median(ratios):.2f}, "
          f"largest {max(ratios):.2f} of {len(ratios)}")  # fmt: skip
    print(f"largest difference to scikit-learn: {max(apart):.3f} points")
    return int(max(ratios) > 0.5 or max(apart) > MOST_APART)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=Path, nargs="*", default=[], help="folders with validation and test tables")
    sys.exit(main(parser.parse_args().tables))
