"""Several labels an image: our head on frozen features against scikit-learn's OneVsRestClassifier on the same features.

    python benchmarks/multi_label.py make fashion-mnist collages 6000
    python -m imgcls.train --data collages/manifest.parquet --model efficientnet_lite0 --image-size 64 --plan head
    python benchmarks/multi_label.py compare runs/manifest-efficientnet_lite0-1 1500

`make` needs Fashion-MNIST as IDX files (.gz) in the folder named first. An image is a collage of up to three items in
random quarters; its labels are the set of their classes, or none. `compare` fits heads on so many training images,
which are drawn anew in each of three rounds, and prints macro average precision on the validation images, and the
seconds.
"""

import gzip
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
import PIL.Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from imgcls.data.manifest.table import Manifest, targets_of
from imgcls.training.transfer.links import Sigmoids
from imgcls.training.transfer.logistic_regression import Examples, fit_head

ROUNDS, FOLDS, SIDE = 3, 3, 28
ITEMS = (0.05, 0.15, 0.4, 0.4)  # probabilities of 0 to 3 items in a collage
STRENGTHS = (1.0, 0.01, 0.001)  # C of scikit-learn, whose default is 1
CLASSES = ["t_shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle_boot"]


def make(source: Path, folder: Path, count: int) -> None:
    """Write collages and their manifest."""
    pixels, labels = (
        np.frombuffer(gzip.decompress((source / f"train-{what}-ubyte.gz").read_bytes()), np.uint8, offset=offset)
        for what, offset in (("images-idx3", 16), ("labels-idx1", 8))
    )
    items, random, rows = pixels.reshape(-1, SIDE, SIDE), np.random.default_rng(0), []
    folder.mkdir(parents=True)
    for number in range(count):
        image = np.zeros((2 * SIDE, 2 * SIDE), np.uint8)
        image[tuple(random.integers(2 * SIDE, size=2))] = random.integers(1, 255)  # no two empty ones are alike
        chosen = random.choice(len(items), random.choice(len(ITEMS), p=ITEMS))
        for quarter, item in zip(random.permutation(4), chosen, strict=False):
            top, left = SIDE * (quarter // 2), SIDE * (quarter % 2)
            image[top : top + SIDE, left : left + SIDE] = items[item]
        PIL.Image.fromarray(image).save(folder / f"{number:05d}.png")
        rows.append({"image": f"{number:05d}.png", "labels": sorted({CLASSES[labels[item]] for item in chosen})})
    Manifest.from_records(pd.DataFrame(rows), folder, boxes="multi_label").save(folder / "manifest.parquet")


def compare(run: Path, count: int) -> None:
    """Fit heads on the features of a run's training images, and judge them on its validation images."""
    from imgcls import load_predictor

    manifest, predictor = Manifest.load(run / "manifest.parquet"), load_predictor(run)
    (x, y), (unseen, truth) = (
        (predictor.embed(manifest.paths(rows))[0], targets_of(rows, manifest.class_names))
        for rows in (manifest.split("train"), manifest.split("validation"))
    )
    found: dict[str, list[tuple[float, float]]] = {}
    for seed in range(ROUNDS):
        drawn = np.random.default_rng(seed).choice(len(x), count, replace=False)
        ways = {"imgcls, a penalty for each class": our_scores}
        ways |= {f"OneVsRest, LogisticRegression(C={c:g})": one_vs_rest(c) for c in STRENGTHS}
        for name, scores_of in ways.items():
            began = time.perf_counter()
            scores = scores_of(x[drawn], y[drawn], unseen)
            seconds = time.perf_counter() - began
            found.setdefault(name, []).append((average_precision_score(truth, scores, average="macro"), seconds))
    for name, rounds in found.items():
        precision, seconds = zip(*rounds, strict=True)
        spread = f"{min(precision):.3f} to {max(precision):.3f}"
        print(f"{name:38}{median(precision):.3f} ({spread})  {median(seconds):.1f} s")


def our_scores(x: np.ndarray, y: np.ndarray, unseen: np.ndarray) -> np.ndarray:
    """Each class with a penalty of its own, chosen by cross-validation, which is in the time."""
    ones, folds = np.ones(len(x)), np.arange(len(x)) % FOLDS
    examples = Examples(x, y, weights=ones, plain=ones > 0, folds=folds, offsets=np.zeros(y.shape[1]), link=Sigmoids())
    head = fit_head(examples)
    return unseen @ head.kernel + head.bias


def one_vs_rest(strength: float):
    """A fit of scikit-learn with one C for all classes."""

    def scores(x: np.ndarray, y: np.ndarray, unseen: np.ndarray) -> np.ndarray:
        classifier = OneVsRestClassifier(LogisticRegression(C=strength, max_iter=1000))
        return make_pipeline(StandardScaler(), classifier).fit(x, y.astype(int)).decision_function(unseen)

    return scores


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
    else:
        compare(Path(sys.argv[2]), int(sys.argv[3]))
