"""What a classifier says of images that are spoilt on purpose."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from imgcls.data.images.reading import read_images
from imgcls.data.manifest.table import Manifest
from imgcls.engines.engine import EMBEDDING, LOGITS, PROBABILITIES, Engine
from imgcls.evaluation.judgement.corruptions import CORRUPTIONS
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.serving.predictor import Predictor

MOST_IMAGES = 100  # that are spoilt, in each way
BATCH = 32  # images


def predict_corrupted(predictor: Predictor, manifest: Manifest, rows: pd.DataFrame) -> dict[str, PredictionTable]:
    """Predict some images of each corruption, as `fit_unknown_score` takes them.

    Args:
        predictor: The classifier.
        manifest: The images.
        rows: Rows of it, for validation; of more than 100, as many are drawn, always the same.

    Returns:
        By the name of the corruption; nothing where no image can be read.
    """
    rows = rows.sample(min(len(rows), MOST_IMAGES), random_state=0).sort_index()
    outcomes = list(read_images(manifest.paths(rows), predictor.preprocessing, manifest.boxes(rows)))
    readable = np.array([not outcome.problem for outcome in outcomes], bool)
    pixels = [np.asarray(outcome.result) for outcome in outcomes if not outcome.problem]
    if not pixels:
        return {}
    rows = rows[readable].reset_index(drop=True)
    return {name: _predicted(predictor, rows, np.stack(pixels), corruption) for name, corruption in CORRUPTIONS.items()}


def _predicted(
    predictor: Predictor,
    rows: pd.DataFrame,
    pixels: np.ndarray,
    corruption: Callable[[np.ndarray, np.random.Generator], np.ndarray],
) -> PredictionTable:
    spoilt = corruption(pixels.astype(np.float32), np.random.default_rng(0))
    found = _outputs(predictor.engine, spoilt)
    return PredictionTable(
        rows,
        predictor.class_names,
        found[PROBABILITIES],
        logits=found.get(LOGITS),
        embeddings=found.get(EMBEDDING),
        facts={"split": "validation, corrupted"},
    )


def _outputs(engine: Engine, pixels: np.ndarray) -> dict[str, np.ndarray]:
    names = [name for name in (PROBABILITIES, LOGITS, EMBEDDING) if name in engine.outputs]
    batches = [engine.predict(pixels[start : start + BATCH]) for start in range(0, len(pixels), BATCH)]
    return {name: np.concatenate([batch[name] for batch in batches]) for name in names}
