"""A predictor from what a user names: a run, a bundle, or an architecture with published weights."""

from pathlib import Path

import keras

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.engines.engine import EMBEDDING, LOGITS, PROBABILITIES
from imgcls.engines.tensorflow import TensorFlowEngine
from imgcls.models import build_model, load_model
from imgcls.models.classifier import (
    class_names,
    embedding_model,
    is_multi_label,
    judgement_models,
    logits_model,
    preprocessing,
)
from imgcls.run_folder import RunFolder
from imgcls.serving.bundle import load_bundle
from imgcls.serving.predictor import Predictor
from imgcls.workflow.sources import is_bundle


def load_predictor(source: str | Path) -> Predictor:
    """The predictor of a run folder, of an exported bundle, or of an architecture with its ImageNet weights.

    Args:
        source: Folder of a run or bundle, or a name such as "efficientnet_lite0".

    Returns:
        A predictor with `class_names`, `predict` and `predict_files`.

    Raises:
        ValueError: If the run has no model yet, or if there is neither a folder nor an architecture of that name.

    Example:
        ::

            from imgcls import load_predictor

            predictions = load_predictor("runs/photos-1").predict_files(["a.jpg", "b.jpg"])
            print(predictions.table(top=3))
    """
    path = Path(source)
    if path.is_dir():
        return load_bundle(path) if is_bundle(path) else predictor_of_run(RunFolder(path))
    return pretrained_predictor(str(source))


def predictor_of_run(run: RunFolder) -> Predictor:
    """The predictor of a run's model. Raises ValueError if the run has none yet."""
    return predictor_of_model(load_model(run.require_model()))


def pretrained_predictor(name: str) -> Predictor:
    """The predictor of an architecture with its published ImageNet weights and classes."""
    return predictor_of_model(build_model(name, weights="imagenet"))


def predictor_of_model(model: keras.Model) -> Predictor:
    """The predictor of a classifier that `build_model` or `load_model` gave."""
    parts = {PROBABILITIES: model, EMBEDDING: embedding_model(model), LOGITS: logits_model(model)}
    engine = TensorFlowEngine({**parts, **judgement_models(model)})
    return Predictor(engine, class_names(model), Preprocessing(**preprocessing(model)), is_multi_label(model))
