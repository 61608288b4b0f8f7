"""The predictions of a classifier for labelled images, as the table that everything else is judged by."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from imgcls.checksums import sha256_of
from imgcls.counted import counted
from imgcls.data.manifest.table import Manifest
from imgcls.data.splits.assign import split_hash
from imgcls.engines.engine import EMBEDDING, LOGITS
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.progress import Progress, ProgressFunction, no_progress
from imgcls.run_folder import RunFolder
from imgcls.serving.predictor import Predictor
from imgcls.workflow.predictor import predictor_of_run

LEFT_OUT = ["thumbnail", "perceptual_hash", "problems"]  # columns of a manifest that no judgement reads


def predictions_of(
    run: RunFolder,
    split: str,
    progress: Progress | None = None,
    most: int | None = None,
    load: Callable[[], Predictor] | None = None,
) -> PredictionTable:
    """The predictions of a run's model for one of its splits: those in its folder, or made anew.

    Args:
        run: A run that has a model.
        split: "train", "validation" or "test".
        progress: Receives how many images are predicted.
        most: Images; of a larger split so many are drawn, always the same. None for all.
        load: Gives the run's predictor, for those who ask more than once; None to load it where it is needed.

    Raises:
        ValueError: If the run has no model, or the split no images.
    """
    manifest = Manifest.load(run.manifest_file)
    rows = manifest.split(split)
    if rows.empty:
        raise ValueError(f"The run {run.path} has no images for {split}. Choose another --split.")
    facts = {**run_facts(run, manifest), "split": split, "drawn_of": len(rows)}
    saved = saved_predictions(run.predictions_file(split), facts, rows)
    if saved is None and most is not None and len(rows) > most:
        rows = rows.sample(most, random_state=run.config.training.seed).sort_index()
        saved = saved_predictions(run.predictions_file(split), facts, rows)
    if saved is not None:
        return saved
    on_progress = (progress or Progress()).of(f"Predicting {split}", len(rows))
    predictor = predictor_of_run(run) if load is None else load()
    return predict_table(predictor, manifest, rows, facts, on_progress).saved(run.predictions_file(split))


def run_facts(run: RunFolder, manifest: Manifest) -> dict[str, Any]:
    """What each table of predictions says of the run that made it."""
    return {
        "run": run.path.name,
        "data": run.config.input.data,
        "split_hash": split_hash(manifest),
        "model": sha256_of(run.require_model()),
        "multi_label": run.config.is_multi_label,
    }


def saved_predictions(file: Path, facts: Mapping[str, Any], rows: pd.DataFrame) -> PredictionTable | None:
    """The table in a file, if it is of this model and these images; else None.

    A table that lacks images which could not be read is none: they may be back.

    Args:
        file: Of the table.
        facts: What the table should say of itself; "model", the checksum of the model, is compared.
        rows: Rows of a manifest.
    """
    try:
        saved = PredictionTable.load(file)
    except (FileNotFoundError, ValueError):  # none, or one that is damaged or of another version
        return None
    same = not saved.problems and (saved.facts.get("model"), saved.facts.get("images")) == (
        facts["model"],
        images_hash(rows),
    )
    return saved if same else None


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
        facts: What the table says of itself; where the paths start from, and which images they are, are added.
        on_progress: Receives the number of images that are predicted.

    Returns:
        A row for each image that could be read.

    Raises:
        ValueError: If none can be read.
    """
    outputs = [name for name in (LOGITS, EMBEDDING) if name in predictor.engine.outputs]
    found = predictor.predict_files(manifest.paths(rows), on_progress, manifest.boxes(rows), outputs)
    read = found.readable
    problems = [(str(path), why) for path, why in zip(found.paths, found.problems, strict=True) if why]
    if problems and not read.any():
        raise ValueError(
            f"None of the {counted(len(rows), 'image')} can be read; the first, {problems[0][0]}: {problems[0][1]}. "
            f"Bring the folder {manifest.root} back."
        )
    return PredictionTable(
        rows[read].drop(columns=LEFT_OUT, errors="ignore").reset_index(drop=True),
        predictor.class_names,
        found.probabilities[read],
        logits=_readable(found.outputs, LOGITS, read),
        embeddings=_readable(found.outputs, EMBEDDING, read),
        facts={"root": str(manifest.root), "images": images_hash(rows), **facts},
        problems=problems,
    )


def images_hash(rows: pd.DataFrame) -> str:
    """The SHA-256 of which examples these are, with their labels and the content of their files."""
    columns = ["image", "labels", "x_min", "y_min", "x_max", "y_max", "sha256"]
    lines = ("\t".join(map(str, row)) for row in rows[columns].itertuples(index=False, name=None))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _readable(outputs: Mapping[str, np.ndarray], name: str, read: np.ndarray) -> np.ndarray | None:
    return outputs[name][read] if name in outputs else None
