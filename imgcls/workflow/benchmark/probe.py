"""The accuracy of a linear classifier on a network's features: a linear probe, in seconds, from the feature cache."""

import time

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from imgcls.counted import counted
from imgcls.data.manifest.table import indices_of, targets_of
from imgcls.data.splits.assign import fold_numbers
from imgcls.data.splits.units import classes_of, contents_of, units_a_class
from imgcls.metrics import Predictions
from imgcls.training.transfer.backend import images_at_once
from imgcls.training.transfer.links import Sigmoids, Softmax
from imgcls.training.transfer.logistic_regression import Examples, predict_left_out
from imgcls.training.transfer.plan import feature_cache
from imgcls.training.transfer.plan import images as image_set
from imgcls.training.transfer.probe import MOST_IMAGES, drawn
from imgcls.workflow.benchmark.accuracy import Accuracy, judge
from imgcls.workflow.benchmark.images import BenchmarkImages
from imgcls.workflow.benchmark.network import RANDOM, BuiltNetwork, quietly

FOLDS = 5
MANY_NUMBERS = 10**7  # in the features, from which a second thread is of use


def linear_probe(images: BenchmarkImages, network: BuiltNetwork) -> Accuracy:
    """Judge each image by a logistic regression on the features of others. The test split takes no part.

    Args:
        images: With at least two images of each class outside the test. Groups and copies are not divided.
        network: Whose frozen features, under its last layer, are taken.

    Raises:
        ValueError: If no image can be read, or if the images of a class cannot be divided.
    """
    asked = drawn_rows(images.rows, network.config.training.seed)
    features, seconds = _features(images, network, asked)
    readable = np.isfinite(features).all(axis=1)
    rows, features = asked[readable], features[readable]
    count, several = len(rows), images.task == "multi_label"
    if not count:
        raise ValueError("None of the images can be read any more.")
    began = time.perf_counter()
    folds, labels = _folds(images, rows), (targets_of if several else indices_of)(rows, images.class_names)
    link, offsets = Sigmoids() if several else Softmax(), np.zeros(len(images.class_names))
    examples = Examples(features, labels, np.ones(count), np.ones(count, bool), folds, offsets, link=link)
    with threadpool_limits(1 if features.size < MANY_NUMBERS else None):  # threads of few numbers wait for each other
        found = predict_left_out(examples, features[:0], np.arange(count)).probabilities
    fitted = time.perf_counter() - began
    judged = judge(Predictions.from_probabilities(labels, found), images.units[rows.index])
    how = "a linear classifier on random features" if network.weights == RANDOM else "a linear classifier"
    train_seconds = None if seconds is None else seconds + fitted
    reached = () if train_seconds is None else ((train_seconds, judged.value),)
    return Accuracy(judged, count, how, train_seconds, reached)


def drawn_rows(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The rows that a probe looks at: all, or 2,000 of more of them, and a few of each class at least."""
    if len(rows) <= MOST_IMAGES:
        return rows
    some = rows.index[drawn(len(rows), seed)]
    few = classes_of(rows).groupby(classes_of(rows)).head(FOLDS).index
    return rows[rows.index.isin(some.union(few))]


def _features(images: BenchmarkImages, network: BuiltNetwork, rows: pd.DataFrame) -> tuple[np.ndarray, float | None]:
    """The embeddings of rows, and the seconds that those of all rows take; None if all of these lay in the cache."""
    cache, places = feature_cache(network.config, network.model, network.statistics)
    asked = image_set(images.manifest, rows)
    done: list[int] = []
    began = time.perf_counter()
    with quietly():
        found = cache.features(asked, on_progress=lambda number, total=None: done.append(number))
    seconds = time.perf_counter() - began
    if not done:
        return found[:, places["embedding"]], None
    computed = min(len(asked.paths), len(asked.paths) - done[0] + images_at_once())  # the others lay in the cache
    return found[:, places["embedding"]], seconds * len(images.rows) / computed


def _folds(images: BenchmarkImages, rows: pd.DataFrame) -> np.ndarray:
    """(rows,) the fold in which each image is judged. Raises ValueError if a class cannot be divided."""
    units = images.units[rows.index]
    numbers_a_class = units_a_class(contents_of(units, rows))
    rarest = min(numbers_a_class, key=numbers_a_class.__getitem__)
    least = numbers_a_class[rarest]
    if least < 2:
        raise ValueError(
            f"Class {rarest!r} has {counted(least, 'image')} outside the test that may be divided; expected at least "
            "two."
        )
    numbers: np.ndarray = fold_numbers(rows, units, min(FOLDS, least), 0).to_numpy()
    return numbers
