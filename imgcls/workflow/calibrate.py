"""What is fitted to validation images after training, and how it gets into the run's model."""

import dataclasses
import logging
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from imgcls.checksums import sha256_of
from imgcls.config import JudgementConfig
from imgcls.data.manifest.table import Manifest
from imgcls.evaluation.judgement.calibration import temperature_of, with_temperature
from imgcls.evaluation.judgement.conformal import ConformalSets, fit_sets
from imgcls.evaluation.judgement.judgement import Judgement, fitted_in_words
from imgcls.evaluation.judgement.selective import fit_thresholds
from imgcls.evaluation.judgement.unknown_fit import FEWEST_IMAGES, fit_unknown_score
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.files import replacing
from imgcls.models import keras_file, load_model
from imgcls.models.classifier import with_judgement
from imgcls.progress import Progress
from imgcls.run_folder import RunFolder
from imgcls.serving.predictor import Predictor
from imgcls.workflow.corrupted import predict_corrupted
from imgcls.workflow.judgement_layer import layer_of
from imgcls.workflow.predictions import predictions_of
from imgcls.workflow.predictor import predictor_of_run

MOST_TRAINING_IMAGES = 5_000  # that strangeness is fitted to
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fitted:
    """What was fitted.

    Attributes:
        judgement: All of it.
        validation: The images that it was fitted to, with the probabilities that it gives.
        training: The images that strangeness was fitted to.
    """

    judgement: Judgement
    validation: PredictionTable
    training: PredictionTable


def calibrate_run(
    run: RunFolder | str | Path, options: JudgementConfig | None = None, progress: Progress | None = None
) -> Judgement:
    """Fit temperature, thresholds, prediction sets and strangeness, and keep them in the run's model.

    Only the images for training and validation are read. A second call begins from the logits again, so it gives the
    same as the first. The model's file is whole at any moment; its weights stay as they are.

    Args:
        run: Folder of a run that has a model.
        options: What is wished; None for what the run's config says. What is wished anew is written into the config.
        progress: Receives how many images are predicted.

    Raises:
        ValueError: If the run has no model, or no images for validation.

    Example:
        ::

            from imgcls.config import JudgementConfig
            from imgcls import calibrate_run

            calibrate_run("runs/photos-1", JudgementConfig(answer_precision=0.98))
    """
    run = RunFolder.of(run)
    options = options or run.config.judgement
    fitted = fit_judgement(run, options, progress)
    keep_judgement(run, fitted)
    if options != run.config.judgement:
        run.save_config(dataclasses.replace(run.config, judgement=options))
    for sentence in fitted_in_words(fitted.judgement, fitted.validation):
        log.info("%s", sentence)
    return fitted.judgement


def fit_judgement(run: RunFolder, options: JudgementConfig, progress: Progress | None = None) -> Fitted:
    """Fit what `calibrate_run` does, and leave the model as it is."""
    load = cache(lambda: predictor_of_run(run))
    validation = predictions_of(run, "validation", progress, load=load)
    training = predictions_of(run, "train", progress, MOST_TRAINING_IMAGES, load)
    temperature, note = temperature_of(validation)
    validation, training = (with_temperature(table, temperature) for table in (validation, training))
    thresholds = fit_thresholds(validation, options.answer_precision, options.answer_coverage, options.answer_by_class)
    if validation.is_multi_label:
        sets = ConformalSets.of_thresholds(thresholds.values)
    else:
        sets = fit_sets(validation, options.set_coverage, options.set_method)
    corrupted = _corrupted(run, load()) if len(validation) >= FEWEST_IMAGES else {}
    unknown = fit_unknown_score(training, validation, corrupted, options.known_share)
    notes = tuple(filter(None, (note, missing_in_words(validation))))
    return Fitted(Judgement(temperature, thresholds, sets, unknown, notes), validation, training)


def _corrupted(run: RunFolder, predictor: Predictor) -> dict[str, PredictionTable]:
    """Validation images that are spoilt on purpose."""
    manifest = Manifest.load(run.manifest_file)
    return predict_corrupted(predictor, manifest, manifest.split("validation"))


def missing_in_words(validation: PredictionTable) -> str:
    """A sentence about classes of which there is no image; empty if there is none."""
    missing = np.flatnonzero(~validation.targets.any(axis=0))
    names = [repr(validation.class_names[int(place)]) for place in missing]
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return f"Validation has no image of {shown}, so nothing that is said here holds for it." if names else ""


def keep_judgement(run: RunFolder, fitted: Fitted) -> None:
    """Write the run's model anew, with what was fitted, and the tables of predictions as those of this model."""
    model = load_model(run.require_model())
    layer = layer_of(fitted.judgement)
    with replacing(run.model_file, durable=True) as partial:
        keras_file.save(with_judgement(model, fitted.judgement.temperature, layer), partial)
    checksum = sha256_of(run.model_file)
    for split, table in {"validation": fitted.validation, "train": fitted.training}.items():
        of_this_model = dataclasses.replace(table, facts={**table.facts, "model": checksum})
        of_this_model.save(run.predictions_file(split))
