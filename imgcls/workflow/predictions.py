"""The predictions of a classifier for labelled images, as the table that everything else is judged by."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from imgcls.data.manifest.table import Manifest
from imgcls.engines.engine import EMBEDDING, LOGITS
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.progress import ProgressFunction, no_progress
from imgcls.serving.predictor import Predictor


def predict_table(
    predictor: Predictor,
    manifest: Manifest,
    rows: pd.DataFrame,
    facts: Mapping[str, Any],
    on_progress: ProgressFunction = no_progress,
) -> PredictionTable:
    """Predict labelled images.

    Args:
        predictor: The classifier.
        manifest: The images.
        rows: Rows of it.
        facts: What the table is to say of itself; the folder that the paths start from is added.
        on_progress: Receives the number of images that are predicted.

    Returns:
        A row for each image that could be read.
    """
    outputs = [name for name in (LOGITS, EMBEDDING) if name in predictor.engine.outputs]
    found = predictor.predict_files(manifest.paths(rows), on_progress, manifest.boxes(rows), outputs)
    read = found.readable
    problems = [(str(path), why) for path, why in zip(found.paths, found.problems, strict=True) if why]
    return PredictionTable(
        rows[read].reset_index(drop=True),
        predictor.class_names,
        found.probabilities[read],
        logits=_of(found.outputs, LOGITS, read),
        embeddings=_of(found.outputs, EMBEDDING, read),
        facts={"root": str(manifest.root), **facts},
        problems=problems,
    )


def _of(outputs: Mapping[str, np.ndarray], name: str, read: np.ndarray) -> np.ndarray | None:
    return outputs[name][read] if name in outputs else None
