"""Whether today's images are like those that a bundle's model was made for."""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from imgcls.counted import counted
from imgcls.data.duplicates.perceptual_hash import thumbnails_of
from imgcls.data.inspection.inspect import inspect
from imgcls.data.manifest.table import Manifest
from imgcls.evaluation.drift.drift import Drift, compare_with_reference
from imgcls.evaluation.drift.observations import Observations
from imgcls.evaluation.drift.page import drift_page
from imgcls.evaluation.drift.reference import DriftReference
from imgcls.evaluation.pages.sections_page import SectionsPage
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.progress import Progress
from imgcls.run_folder import RunFolder
from imgcls.serving.bundle import load_bundle
from imgcls.serving.details import read_details
from imgcls.serving.drift_reference import read_drift_reference
from imgcls.serving.predictor import Predictor
from imgcls.serving.versions import find_version
from imgcls.workflow.predictions import predict_table, predictions_of
from imgcls.workflow.sources import is_bundle, list_images

LOGS = (".csv", ".jsonl", ".parquet")
MOST_IMAGES = 2000  # of validation in the reference

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Drifted:
    """What a comparison with the reference found.

    Attributes:
        reference: What the bundle holds.
        observed: Of today's images.
        drift: The figures and the verdict.
        source: The images or the log, as the user named them.
        problems: (file, reason) of the images that could not be read.
    """

    reference: DriftReference
    observed: Observations
    drift: Drift
    source: str
    problems: Sequence[tuple[str, str]] = ()

    def page(self) -> SectionsPage:
        """The page, with today's distributions over those of the reference."""
        return drift_page(self.reference, self.observed, self.drift, self.source)


def find_drift(
    bundle: str | Path, source: str | Path, most: int = MOST_IMAGES, progress: Progress | None = None
) -> Drifted:
    """Compare images, or a log of predictions, with the reference that a bundle holds.

    Args:
        bundle: A version, or the folder above it, of which the newest version is taken.
        source: A folder of images, a glob or a card; or a table that `python -m imgcls.predict --output` wrote.
        most: Images; of more, so many are drawn. 0 for all.
        progress: Receives how many images are predicted.

    Raises:
        FileNotFoundError: If there is nothing at `source`.
        ValueError: If the bundle holds no reference, no image can be read, or the log is none.

    Example:
        ::

            from imgcls import find_drift

            found = find_drift("saved_models/photos", "photos_of_today")
            print(found.drift.found, found.drift.verdict())
    """
    version = _version(Path(bundle))
    reference = DriftReference.from_dict(read_drift_reference(version))
    if Path(source).is_file() and Path(source).suffix in LOGS:
        class_names = read_details(version)["class_names"]
        observed = Observations.of_log(read_log(Path(source)), class_names)
        return Drifted(reference, observed, compare_with_reference(reference, observed, of_log=True), str(source))
    table = _observed_table(load_bundle(version), _drawn(list_images([source]), most), progress or Progress(), source)
    observed = Observations.of_table(table, reference.summary)
    return Drifted(reference, observed, compare_with_reference(reference, observed), str(source), table.problems)


def drift_reference_of(run: RunFolder, progress: Progress | None = None) -> dict[str, Any] | None:
    """The reference that a bundle of this run holds, as JSON has it; None if no validation image can be read."""
    try:
        table = predictions_of(run, "validation", progress, MOST_IMAGES)
    except ValueError as error:
        log.info("The bundle holds no reference of drift: %s", error)
        return None
    if not len(table):
        log.info("The bundle holds no reference of drift: no validation image can be read.")
        return None
    rows = Manifest.load(run.manifest_file).split("validation")
    return DriftReference.from_table(with_brightness(table, rows)).to_dict()


def with_brightness(table: PredictionTable, rows: pd.DataFrame) -> PredictionTable:
    """The table with the column "brightness": the mean of each image's thumbnail, in [0, 1]; NaN where there is none.

    Args:
        table: The predictions.
        rows: The manifest's rows of the same images, inspected.
    """
    known = rows[rows["thumbnail"] != ""].drop_duplicates("image")
    brightness = pd.Series(dtype=float)
    if len(known):
        means = thumbnails_of(list(known["thumbnail"])).mean(axis=(1, 2)) / 255
        brightness = pd.Series(means, known["image"].to_numpy())
    return replace(table, rows=table.rows.assign(brightness=table.rows["image"].map(brightness).astype(float)))


def read_log(path: Path) -> pd.DataFrame:
    """A table of predictions by name.

    Raises:
        ValueError: If the file cannot be read as what its ending says.
    """
    try:
        if path.suffix == ".csv":
            return pd.read_csv(path, dtype={"class": str, "problem": str}, keep_default_na=False)
        if path.suffix == ".jsonl":
            return pd.read_json(path, lines=True, dtype={"class": str, "problem": str})
        return pd.read_parquet(path)
    except (ValueError, OSError) as error:
        reason = (str(error).splitlines() or ["no reason given"])[0][:200]
        raise ValueError(f"{path} cannot be read as a log of predictions: {reason}") from error


def _version(bundle: Path) -> Path:
    if not is_bundle(bundle):
        what = "There is nothing at" if not bundle.exists() else "There is no bundle at"
        raise FileNotFoundError(f"{what} {bundle}. Expected a bundle that `python -m imgcls.export` wrote.")
    return find_version(bundle)


def _drawn(paths: list[Path], most: int) -> list[Path]:
    """At most so many of the files, drawn at random, always the same."""
    if not most or len(paths) <= most:
        return paths
    log.info("%s of %s are looked at; --images 0 looks at all.", counted(most, "image"), f"{len(paths):,}")
    places = np.sort(np.random.default_rng(0).choice(len(paths), most, replace=False))
    return [paths[place] for place in places]


def _observed_table(bundle: Predictor, paths: list[Path], progress: Progress, source: str | Path) -> PredictionTable:
    """The predictions for images without labels, with their embeddings."""
    if not paths[0].exists() and len(paths) == 1:
        raise FileNotFoundError(f"There is nothing at {source}. Expected a folder of images, or a log of predictions.")
    root = Path(os.path.commonpath([path.resolve().parent for path in paths]))
    names = [path.resolve().relative_to(root).as_posix() for path in paths]
    manifest = Manifest.from_records(pd.DataFrame({"image": names, "label": ""}), root)
    manifest = inspect(manifest, progress.of("Reading every image", len(names)))
    rows = manifest.usable
    if rows.empty:
        first = manifest.problems.iloc[0]
        raise ValueError(f"{source} holds no image that can be read; first {first['image']}: {first['problems']}.")
    table = predict_table(bundle, manifest, rows, {}, progress.of("Predicting", len(rows)))
    problems = [*manifest.problems.itertuples(index=False, name=None), *table.problems]
    return replace(with_brightness(table, rows), problems=problems)
