"""The learning curve of a run: its images' features from the cache, and what more images would bring."""

from dataclasses import replace

import numpy as np
import pandas as pd

from imgcls.data.manifest.table import Manifest
from imgcls.evaluation.learning_curve import Features, LearningCurve, learning_curve
from imgcls.files import write_json
from imgcls.progress import Progress
from imgcls.run_folder import RunFolder
from imgcls.training.auto_settings import PHOTO_MODEL
from imgcls.training.transfer.plan import ON_FEATURES
from imgcls.workflow.out_of_sample import features_of

SEVERAL_LABELS = "It is measured only where each image has one class."


def measure_learning_curve(run: RunFolder, progress: Progress | None = None) -> LearningCurve:
    """Compute the learning curve of a run, and keep it in its folder, where the report finds it."""
    found = learning_curve_of(run, progress)
    write_json(run.learning_curve_file, found.to_dict())
    return found


def learning_curve_of(run: RunFolder, progress: Progress | None = None) -> LearningCurve:
    """How the accuracy of a run would grow with more training images. The test split is not read.

    The features are those of a network that has not seen the labels: the run's own where its plan trains nothing but
    the head. Those of a trained network would make the images that it was trained on look easier than new ones.

    Args:
        run: A run with its manifest and its images; it needs no model.
        progress: Receives how many features are computed, and how many heads are fitted.

    Returns:
        The learning curve; its `reason` says why, where there is none.
    """
    progress = progress or Progress()
    manifest = Manifest.load(run.manifest_file)
    rows = pd.concat([manifest.split("train"), manifest.split("validation")])
    if run.config.is_multi_label:
        return LearningCurve(len(manifest.split("train")), (), reason=SEVERAL_LABELS)
    if not (rows["split"] == "validation").any():
        return LearningCurve(len(rows), (), reason="The run has no validation images.")
    values, _, _ = features_of(run, manifest, rows, progress)
    readable = np.isfinite(values).all(axis=1)
    training, validation = (
        _features(manifest, rows[readable & (rows["split"] == split)], values[readable & (rows["split"] == split)])
        for split in ("train", "validation")
    )
    seed, on_progress = run.config.training.seed, progress.of("Fitting heads for the learning curve")
    found = learning_curve(training, validation, manifest.class_names, seed, on_progress)
    return replace(found, features=whose_features(run))


def whose_features(run: RunFolder) -> str:
    """Which features `imgcls.workflow.out_of_sample.features_of` takes, as a part of a sentence."""
    network = run.config.network
    if network.weights != "imagenet" or network.init_from:
        return f"the ImageNet features of {PHOTO_MODEL}, because the run's own have seen the labels"
    if network.plan in ON_FEATURES:
        return f"the run's own frozen features, of {network.model}"
    return f"the features that {network.model} had before the run, because the run's own have seen the labels"


def _features(manifest: Manifest, rows: pd.DataFrame, values: np.ndarray) -> Features:
    index = {name: place for place, name in enumerate(manifest.class_names)}
    labels = rows["label"].map(index).to_numpy(int)
    groups = rows["group"].where(rows["group"] != "", [f"\0{place}" for place in range(len(rows))])
    return Features(values, labels, pd.factorize(groups)[0])
