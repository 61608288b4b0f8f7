"""Probabilities of all images of a run, each from a classifier that has not seen the image with its label.

The quick way fits a head for each fold on the features of a network that was not trained on these labels. The thorough
way (`retrained`) trains a whole run for each fold. Either way the test split takes part in nothing: its images are
predicted by classifiers of the others.
"""

import logging
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from imgcls.config import BalanceConfig, InputConfig, NetworkConfig, TrainConfig
from imgcls.counted import counted
from imgcls.data.manifest.table import Manifest
from imgcls.data.splits.assign import fold_numbers
from imgcls.data.splits.units import contents_of, units_a_class
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.labels.records import BOX
from imgcls.progress import Progress
from imgcls.run_folder import RunFolder
from imgcls.training.auto_settings import PHOTO_MODEL, resolve
from imgcls.training.network import build_network, run_statistics
from imgcls.training.transfer.logistic_regression import Examples, predict_left_out
from imgcls.training.transfer.plan import ON_FEATURES, feature_cache, images
from imgcls.training.transfer.probe import drawn
from imgcls.workflow.cross_validation import cross_validate
from imgcls.workflow.predictions import predictions_of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class OutOfSample:
    """Probabilities of the images that could be read.

    Attributes:
        rows: (N) rows of the manifest, of all splits.
        probabilities: (N, K), in the order of the manifest's classes.
        features: (N, D), by which images are alike.
        folds: How many there were.
        how: What the probabilities are from, in a sentence.
    """

    rows: pd.DataFrame
    probabilities: np.ndarray
    features: np.ndarray
    folds: int
    how: str


def features_of(
    run: RunFolder, manifest: Manifest, rows: pd.DataFrame, progress: Progress
) -> tuple[np.ndarray, slice, str]:
    """The features of images by a network that has not seen their labels.

    Args:
        run: Whose frozen features they are, where it has some; else those that come along.
        manifest: Of the run.
        rows: Rows of it.
        progress: Receives how many images are done.

    Returns:
        (rows, F), with rows of NaN for images that could not be read; the part of them that is the embedding; and a
        sentence that says which they are.
    """
    config, how = _without_labels(run, manifest)
    statistics = run_statistics(config, manifest)
    network = build_network(config, manifest.class_names, statistics)
    cache, places = feature_cache(config, network, statistics)
    found = cache.features(images(manifest, rows), on_progress=progress.of("Computing features", len(rows)))
    if config.network.plan in ("head", "patches"):
        return found[:, places["embedding"]], slice(None), how
    return found, places["embedding"], how


def _without_labels(run: RunFolder, manifest: Manifest) -> tuple[TrainConfig, str]:
    """The config of the network whose features are taken, and why it is that one."""
    own = replace(run.config, runs=str(run.path.parent))
    own = replace(own, training=replace(own.training, precision="float32"))
    network = own.network
    if network.weights == "imagenet" and not network.init_from:
        if network.plan in ON_FEATURES:
            return own, f"a head for each fold on the run's own features, of {network.model}, which saw no label"
        return (
            replace(own, network=replace(network, plan="features")),
            f"a head for each fold on the features that {network.model} had before the run, which saw no label; those "
            "of the run itself have seen the labels (--retrain trains a run for each fold instead)",
        )
    packaged = TrainConfig(
        input=InputConfig(augmentation="none"),
        balance=BalanceConfig(balance="none"),
        network=NetworkConfig(model=PHOTO_MODEL, weights="imagenet", plan="features"),
        training=replace(own.training, loss="cross_entropy"),
        runs=own.runs,
    )
    return (
        resolve(packaged, manifest),
        f"a head for each fold on the ImageNet features of {PHOTO_MODEL}, because the run's own features have seen the "
        "labels (--retrain trains a run for each fold instead)",
    )


def with_heads(
    run: RunFolder, manifest: Manifest, units: pd.Series, folds: int, progress: Progress | None = None
) -> OutOfSample:
    """Probabilities from a head for each fold, on features that have not seen the labels.

    Args:
        run: Whose images they are.
        manifest: Of the run.
        units: The unit of each row, as `imgcls.data.splits.units.units_of` gives it; none is divided between folds.
        folds: How many; fewer where there are not so many units.
        progress: Receives how much is done.
    """
    progress = progress or Progress()
    found, embedding, how = features_of(run, manifest, manifest.usable, progress)
    read = np.isfinite(found).all(axis=1)
    rows, found = manifest.usable[read], found[read]
    if not len(rows):
        raise ValueError(
            f"None of the images of the run {run.path} can be read any more; expected them under {manifest.root}."
        )
    fit = (rows["split"] != "test").to_numpy()
    numbers = _folds(rows[fit], units, folds, run.config.training.seed)
    index = {name: place for place, name in enumerate(manifest.class_names)}
    labels = rows.loc[fit, "label"].map(index).to_numpy()
    count = len(labels)
    examples = Examples(
        found[fit], labels, np.ones(count), np.ones(count, bool), numbers, np.zeros(len(manifest.class_names))
    )
    left_out = predict_left_out(
        examples, found[~fit], drawn(count, run.config.training.seed), partial(_report, progress)
    )
    probabilities = np.empty((len(rows), len(manifest.class_names)))
    probabilities[fit], probabilities[~fit] = left_out.probabilities, left_out.others
    return OutOfSample(rows, probabilities, found[:, embedding], int(numbers.max()) + 1, how)


def _folds(rows: pd.DataFrame, units: pd.Series, folds: int, seed: int) -> np.ndarray:
    """The fold of each row. Raises ValueError if there is nothing to divide."""
    own = units[rows.index]
    count = min(folds, own.nunique())
    if count < 2 or rows["label"].nunique() < 2:
        raise ValueError(
            f"Outside the test the run has {counted(rows['label'].nunique(), 'class')} and "
            f"{counted(own.nunique(), 'image')} that may be divided; expected at least two of both, to judge one by "
            "the others."
        )
    if count < folds:
        log.info("%d folds, because no more of the images may be divided.", count)
    numbers: np.ndarray = fold_numbers(rows, own, count, seed).to_numpy()
    return numbers


def _report(progress: Progress, what: str) -> None:
    progress.doing(f"Fitting heads {what}", 0)


def units_apart(rows: pd.DataFrame, units: pd.Series) -> dict[str, int]:
    """How many units outside the test have each class; a class with one cannot be judged by others of it."""
    fit = rows[rows["split"] != "test"]
    return units_a_class(contents_of(units[fit.index], fit))


def retrained(run: RunFolder, manifest: Manifest, folds: int, progress: Progress | None = None) -> OutOfSample:
    """Probabilities from a run that is trained for each fold, as the run itself was.

    The runs lie beside it and are called after it; those that are there already continue. Each fold's images are those
    by which its run kept its best epoch; those of the test get the mean of all runs' probabilities.

    Raises:
        ValueError: If a class cannot be divided into so many folds.
        KeyboardInterrupt: If training was interrupted; the same command continues.
    """
    config = run.config
    inputs = replace(config.input, data=str(run.manifest_file), overlay=None, folds=folds, fold=0)
    name = f"{run.path.resolve().name}-review{folds}"
    trained = cross_validate(replace(config, input=inputs, runs=str(run.path.parent), name=name), progress)
    if trained.interrupted:
        raise KeyboardInterrupt
    tables = [predictions_of(each, "validation", progress) for each in trained.runs]
    tests = [predictions_of(each, "test", progress) for each in trained.runs]
    every = [*tables, _mean(tests)]
    places = {key: place for place, key in enumerate(_keys(manifest.usable))}
    found = np.full((len(places), len(manifest.class_names)), np.nan)
    for table in every:
        found[[places[key] for key in _keys(table.rows)]] = table.probabilities
    read = np.isfinite(found).all(axis=1)
    return OutOfSample(
        manifest.usable[read],
        found[read],
        _features_by_run(run, manifest, manifest.usable[read], progress),
        folds,
        f"a run of {config.network.model} that was trained for each fold",
    )


def _mean(tables: list[PredictionTable]) -> PredictionTable:
    return replace(tables[0], probabilities=np.mean([table.probabilities for table in tables], axis=0))


def _keys(rows: pd.DataFrame) -> list[tuple[object, ...]]:
    """What tells examples apart: image and box."""
    boxes = rows[BOX].fillna(-1.0)
    return [(image, *box) for image, box in zip(rows["image"], boxes.itertuples(index=False, name=None), strict=True)]


def _features_by_run(run: RunFolder, manifest: Manifest, rows: pd.DataFrame, progress: Progress | None) -> np.ndarray:
    """The embeddings of the run's own model, which only show which images are alike."""
    from imgcls.engines.engine import EMBEDDING
    from imgcls.workflow.predictor import predictor_of_run

    on_progress = (progress or Progress()).of("Comparing images", len(rows))
    found = predictor_of_run(run).predict_files(manifest.paths(rows), on_progress, manifest.boxes(rows), [EMBEDDING])
    embeddings: np.ndarray = np.nan_to_num(found.outputs[EMBEDDING])
    return embeddings
