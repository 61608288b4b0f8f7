"""Wrong labels: how many of those made wrong on purpose stand at the head of the queue, and how long it takes.

    python benchmarks/label_errors.py

1. 5 % of the labels of the sample are changed at random, three times. Each image gets probabilities from a head that
   has not seen it. Printed: the share of the changed labels among the first 10 % of the queue; the same for each
   ranking of cleanlab (`pip install cleanlab`, in an environment of its own) on the same probabilities.
2. Accuracy on the test split of heads that were trained on the right labels, on those with 5 % wrong ones, and on what
   a review left of these: with the surest suggestions accepted unseen, and with the first 10 % of the queue decided by
   somebody who is right.
3. The time of the queue of 10,000 images with features of 1,280 numbers, 10 classes and 5 folds.
"""

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from imgcls.config import InputConfig, NetworkConfig, TrainConfig, TrainingConfig
from imgcls.data.inspection.inspect import inspect
from imgcls.data.manifest.table import Manifest
from imgcls.data.sources.load import load_manifest
from imgcls.data.splits.assign import assign_splits, fold_numbers
from imgcls.data.splits.units import units_of
from imgcls.evaluation.label_errors import LabelErrors, find_label_errors
from imgcls.training.auto_settings import resolve
from imgcls.training.network import build_network, run_statistics
from imgcls.training.transfer.logistic_regression import Examples, fit_head, predict_left_out
from imgcls.training.transfer.plan import feature_cache, images
from imgcls.training.transfer.probe import drawn

WRONG, HEAD, FOLDS, SEEDS = 0.05, 0.10, 5, (0, 1, 2)
SURE = 0.9


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        manifest = assign_splits(inspect(load_manifest("fashion_mini")), 0.15, 0.15, seed=0)
        features = features_of(manifest, manifest.usable, Path(folder))
    rank(manifest, features)
    train_again(manifest, features)
    time_of_queue()


def with_wrong_labels(labels: np.ndarray, classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels of which 5 % are another class, and which these are, (N,) bool."""
    rng = np.random.default_rng(seed)
    wrong = np.zeros(len(labels), bool)
    wrong[rng.choice(len(labels), round(WRONG * len(labels)), replace=False)] = True
    return np.where(wrong, (labels + rng.integers(1, classes, len(labels))) % classes, labels), wrong


def rank(manifest: Manifest, features: np.ndarray) -> None:
    names, rows = manifest.class_names, manifest.usable
    right = rows["label"].map({name: place for place, name in enumerate(names)}).to_numpy()
    found: dict[str, list[float]] = {}
    for seed in SEEDS:
        labels, wrong = with_wrong_labels(right, len(names), seed)
        changed = rows.assign(label=[names[label] for label in labels])
        folds = fold_numbers(changed, units_of(Manifest(changed, manifest.root)), FOLDS, seed).to_numpy()
        errors = find_label_errors(labels, left_out(features, labels, folds, len(names)), names)
        first = round(HEAD * len(labels))
        for name, order in {"imgcls": errors.order, **orders_of_cleanlab(errors)}.items():
            found.setdefault(name, []).append(wrong[order[:first]].sum() / wrong.sum())
        other = errors.suggested != labels
        for sure in (0.8, 0.9, 0.95):
            taken = other & (errors.probabilities.max(axis=1) >= sure)
            mended = errors.suggested[taken] == right[taken]
            print(
                f"seed {seed}: {taken.sum()} suggestions of at least {sure}, {100 * mended.mean():.0f} % of them right"
            )
        print(f"seed {seed}: {errors.looks_wrong.sum()} labels look wrong, {wrong.sum()} are")
    print(f"\nShare of the changed labels among the first {100 * HEAD:.0f} % of the queue, seeds {SEEDS}:")
    for name, shares in found.items():
        print(f"  {name:45} {'  '.join(f'{100 * share:.1f} %' for share in shares)}")


def features_of(manifest: Manifest, rows: pd.DataFrame, runs: Path) -> np.ndarray:
    network = NetworkConfig(model="efficientnet_lite0", weights="imagenet", plan="head")
    inputs, training = InputConfig(data="fashion_mini"), TrainingConfig(precision="float32")
    config = resolve(TrainConfig(input=inputs, network=network, training=training, runs=str(runs)), manifest)
    statistics_ = run_statistics(config, manifest)
    cache, places = feature_cache(config, build_network(config, manifest.class_names, statistics_), statistics_)
    return cache.features(images(manifest, rows))[:, places["embedding"]]


def left_out(features: np.ndarray, labels: np.ndarray, folds: np.ndarray, classes: int) -> np.ndarray:
    count = len(labels)
    every = np.ones(count)
    examples = Examples(features, labels, every, every.astype(bool), folds, np.zeros(classes))
    return predict_left_out(examples, features[:0], drawn(count, 0)).probabilities


def orders_of_cleanlab(errors: LabelErrors) -> dict[str, np.ndarray]:
    try:
        from cleanlab.filter import find_label_issues
        from cleanlab.rank import get_label_quality_scores
    except ImportError:
        return {}
    given = errors.labels, errors.probabilities
    orders = {}
    for method, adjusted in (
        ("self_confidence", False),
        ("self_confidence", True),
        ("normalized_margin", False),
        ("normalized_margin", True),
        ("confidence_weighted_entropy", False),
    ):
        quality = get_label_quality_scores(*given, method=method, adjust_pred_probs=adjusted)
        name = f"cleanlab {method}{', adjusted' if adjusted else ''}"
        orders[name] = np.argsort(quality, kind="stable")
    issues = find_label_issues(*given, return_indices_ranked_by="self_confidence")
    orders["cleanlab find_label_issues"] = issues
    same = find_label_issues(*given, filter_by="confident_learning") == errors.looks_wrong
    print(f"look wrong to cleanlab's confident learning and to ours alike: {100 * same.mean():.2f} % of the images")
    return orders


def time_of_queue(count: int = 10_000, size: int = 1280, classes: int = 10, rounds: int = 3) -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes, count)
    centres = rng.normal(size=(classes, size)) * 0.05
    spread = np.linspace(0.1, 1.5, size)
    features = np.maximum(rng.normal(size=(count, size)) * spread + centres[labels], 0).astype(np.float32)
    labels, _ = with_wrong_labels(labels, classes, 0)
    seconds, busy = [], []
    for _ in range(rounds):
        began, worked = time.perf_counter(), time.process_time()
        probabilities = left_out(features, labels, rng.permutation(count) % FOLDS, classes)
        _ = find_label_errors(labels, probabilities, list(map(str, range(classes)))).order
        seconds.append(time.perf_counter() - began)
        busy.append(time.process_time() - worked)
    print(
        f"\nQueue of {count:,} images with {size:,} features, {classes} classes, {FOLDS} folds: median "
        f"{statistics.median(seconds):.1f} s of {rounds} ({min(seconds):.1f} to {max(seconds):.1f} s); "
        f"{statistics.median(busy):.1f} s of the processors' time"
    )


def train_again(manifest: Manifest, features: np.ndarray) -> None:
    names, rows = manifest.class_names, manifest.usable
    test = (rows["split"] == "test").to_numpy()
    right = rows["label"].map({name: place for place, name in enumerate(names)}).to_numpy()
    learned, truth = features[~test], right[~test]
    print("\nAccuracy of a head on the test split, whose labels are right:")
    for seed in SEEDS:
        labels, _ = with_wrong_labels(truth, len(names), seed)
        fit = rows[~test].assign(label=[names[label] for label in labels])
        folds = fold_numbers(fit, units_of(Manifest(fit, manifest.root)), FOLDS, seed).to_numpy()
        errors = find_label_errors(labels, left_out(learned, labels, folds, len(names)), names)
        sure = (errors.suggested != labels) & (errors.probabilities.max(axis=1) >= SURE)
        first = np.isin(np.arange(len(labels)), errors.order[: round(HEAD * len(labels))])
        shares = {
            "right labels": truth,
            "5 % wrong": labels,
            f"suggestions of at least {SURE} accepted unseen": np.where(sure, errors.suggested, labels),
            "first 10 % of the queue decided": np.where(first, truth, labels),
        }
        said = []
        for name, used in shares.items():
            every = np.ones(len(used))
            head = fit_head(Examples(learned, used, every, every > 0, folds, np.zeros(len(names))))
            scores = features[test] @ head.kernel + head.bias
            said.append(f"{name} {100 * (scores.argmax(1) == right[test]).mean():.1f} %")
        print(f"  seed {seed}: {', '.join(said)}", flush=True)


if __name__ == "__main__":
    main()
