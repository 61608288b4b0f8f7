"""What a run says against the labels of a project: those that look wrong, and the images that it is unsure of."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from imgcls.data.manifest.table import Manifest
from imgcls.files import read_json
from imgcls.labels.records import BOX
from projects.project import Project
from projects.versions import manifest_of

RUNS = 3  # the latest ones, whose doubts are offered
MOST = 500  # images that a run is said to be unsure of
SURE = 0.8  # probability of the likeliest class from which on it is not called unsure
DOUBTFUL = "doubtful"  # what a review says of a label that it does not call wrong
Doubts = dict[int, tuple[str, float]]  # by row: the class that it may be, and its probability


def reviewed_runs(project: Project) -> list[str]:
    """The names of the latest runs that have judged images."""
    folders = {file.parent for file in project.runs.glob("*/review.json")}
    folders |= {folder.parent for folder in project.runs.glob("*/predictions")}
    return [folder.name for folder in sorted(folders, key=lambda folder: -folder.stat().st_mtime)[:RUNS]]


def looks_wrong(project: Project, run: str, version: int) -> Doubts:
    """The images whose labels a review of the run calls wrong, the most doubtful first."""
    file = project.runs / Path(run).name / "review.json"
    if not file.is_file():
        return {}
    return _wrong(project, file, file.stat().st_mtime_ns, version)


def unsure(project: Project, run: str, version: int) -> Doubts:
    """The images outside of training that the run is least sure of, the least sure first."""
    folder = project.runs / Path(run).name / "predictions"
    files = tuple(file for file in (folder / "validation.parquet", folder / "test.parquet") if file.is_file())
    return _unsure(project, files, tuple(file.stat().st_mtime_ns for file in files), version)


@lru_cache(maxsize=16)
def _wrong(project: Project, file: Path, modified: int, version: int) -> Doubts:
    queue = [each for each in read_json(file).get("queue", []) if each["why"] != DOUBTFUL]
    rows = _rows_of(manifest_of(project, version), pd.DataFrame(queue)) if queue else []
    return {row: (each["suggested"], each["probability"]) for row, each in zip(rows, queue, strict=True) if row >= 0}


@lru_cache(maxsize=16)
def _unsure(project: Project, files: tuple[Path, ...], modified: tuple[int, ...], version: int) -> Doubts:
    found: list[tuple[float, int, str]] = []
    for file in files:
        from imgcls.evaluation.prediction_table import PredictionTable

        table = PredictionTable.load(file)
        doubted = np.flatnonzero(table.confidence < SURE)
        rows = _rows_of(manifest_of(project, version), table.rows.iloc[doubted])
        for place, row in zip(doubted, rows, strict=True):
            if row >= 0:
                found.append((float(table.confidence[place]), row, table.class_names[table.predicted[place]]))
    return {row: (label, share) for share, row, label in sorted(found)[:MOST]}


def _rows_of(manifest: Manifest, images: pd.DataFrame) -> list[int]:
    """The rows of images, by path and box; -1 for those that are not there."""
    place = pd.Series(np.arange(len(manifest.table)), index=_keys(manifest.table))
    place = place[~place.index.duplicated()]
    return place.reindex(_keys(images.reset_index(drop=True))).fillna(-1).astype(int).tolist()


def _keys(rows: pd.DataFrame) -> pd.MultiIndex:
    boxes = rows.reindex(columns=BOX).astype(float).round().fillna(-1)
    return pd.MultiIndex.from_arrays([rows["image"].astype(str), *(boxes[edge] for edge in BOX)])
