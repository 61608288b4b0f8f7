"""Several labels an image: our head on frozen features against scikit-learn's OneVsRestClassifier on the same features.

    python benchmarks/multi_label.py fashion-mnist 1500 1500

Needs Fashion-MNIST as IDX files (.gz) in the folder named first; then the numbers of images for training and for the
test.
An image is a collage of up to three items in random quarters; its labels are the set of their classes, or none. Each
round draws other collages. Printed are macro average precision on the test collages, and the seconds of the fit.
"""

import gzip
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import PIL.Image
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.metrics import average_precision_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from imgcls.training.transfer.links import Sigmoids
from imgcls.training.transfer.logistic_regression import PENALTIES, Examples, fit_head
from imgcls.workflow.predictor import pretrained_predictor

ROUNDS, FOLDS, CLASSES, SIDE = 3, 3, 10, 28
ITEMS = (0.05, 0.15, 0.4, 0.4)  # probabilities of 0 to 3 items in a collage


def read_idx(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 28, 28) and classes (N,) of "train" or "t10k"."""
    pixels, labels = (
        np.frombuffer(gzip.decompress((folder / f"{part}-{what}-ubyte.gz").read_bytes()), np.uint8, offset=offset)
        for what, offset in (("images-idx3", 16), ("labels-idx1", 8))
    )
    return pixels.reshape(-1, SIDE, SIDE), labels


def collages(items: np.ndarray, classes: np.ndarray, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images (count, 56, 56) of up to three items, and which classes each has, (count, 10)."""
    random = np.random.default_rng(seed)
    images, targets = np.zeros((count, 2 * SIDE, 2 * SIDE), np.uint8), np.zeros((count, CLASSES), bool)
    for image, target in zip(images, targets, strict=True):
        chosen = random.choice(len(items), random.choice(len(ITEMS), p=ITEMS))
        for quarter, item in zip(random.permutation(4), chosen, strict=False):
            top, left = SIDE * (quarter // 2), SIDE * (quarter % 2)
            image[top : top + SIDE, left : left + SIDE] = items[item]
        target[classes[chosen]] = True
    return images, targets


def features_of(images: np.ndarray, folder: Path) -> np.ndarray:
    """(N, F), of EfficientNet-Lite0 with its published weights."""
    paths = [folder / f"{number}.png" for number in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        PIL.Image.fromarray(image).save(path)
    return PREDICTOR.embed(paths)[0]


def our_scores(x: np.ndarray, y: np.ndarray, unseen: np.ndarray) -> np.ndarray:
    """Each class with a penalty of its own, chosen by cross-validation."""
    count = len(x)
    found = fit_head(
        Examples(
            x,
            y,
            weights=np.ones(count),
            plain=np.ones(count, bool),
            folds=np.arange(count) % FOLDS,
            offsets=np.zeros(CLASSES),
            link=Sigmoids(),
        )
    )
    return unseen @ found.kernel + found.bias


def one_vs_rest(estimator: object, x: np.ndarray, y: np.ndarray, unseen: np.ndarray) -> np.ndarray:
    fitted = make_pipeline(StandardScaler(), OneVsRestClassifier(estimator)).fit(x, y.astype(int))
    return fitted.decision_function(unseen)


def peers(count: int) -> dict[str, object]:
    strengths = [1 / (penalty * count) for penalty in PENALTIES]
    return {
        "OneVsRest, LogisticRegression()": LogisticRegression(max_iter=2000),
        "OneVsRest, LogisticRegressionCV": LogisticRegressionCV(
            Cs=strengths, cv=FOLDS, scoring="neg_log_loss", max_iter=2000, use_legacy_attributes=False, l1_ratios=(0,)
        ),
    }


def main(folder: Path, training: int, test: int) -> None:
    precision: dict[str, list[float]] = {}
    seconds: dict[str, list[float]] = {}
    for seed in range(ROUNDS):
        with tempfile.TemporaryDirectory() as place:
            images, y = collages(*read_idx(folder, "train"), training, seed)
            others, truth = collages(*read_idx(folder, "t10k"), test, 100 + seed)
            x, unseen = features_of(images, Path(place)), features_of(others, Path(place))
        ways = {"imgcls": lambda x=x, y=y, unseen=unseen: our_scores(x, y, unseen)}
        for name, peer in peers(training).items():
            ways[name] = lambda peer=peer, x=x, y=y, unseen=unseen: one_vs_rest(peer, x, y, unseen)
        for name, way in ways.items():
            began = time.perf_counter()
            scores = way()
            seconds.setdefault(name, []).append(time.perf_counter() - began)
            precision.setdefault(name, []).append(average_precision_score(truth, scores, average="macro"))
            print(f"round {seed + 1}  {name:34}{precision[name][-1]:.4f}  {seconds[name][-1]:7.1f} s", flush=True)
    for name, values in precision.items():
        print(f"{name:34}{median(values):.4f} ({min(values):.4f} to {max(values):.4f})  {median(seconds[name]):.1f} s")


if __name__ == "__main__":
    PREDICTOR = pretrained_predictor("efficientnet_lite0")
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
