"""What a run says against the labels of a project: those that look wrong, and the images that it is unsure of."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from imgcls.data.manifest.table import Manifest
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.files import read_json
from imgcls.labels.records import BOX
from projects.moved_rows import found_rows
from projects.project import Project
from projects.versions import manifest_of

RUNS = 3  # the latest ones, whose doubts are offered
MOST = 500  # images that a run is said to be unsure of
SURE = 0.8  # probability of the likeliest class from which on it is not called unsure
EVEN = 0.5  # probability from which on an image that may have several classes is said to have one
DOUBTFUL = "doubtful"  # what a review says of a label that it does not call wrong
Doubts = dict[int, tuple[str, float]]  # by row: the class that it may be, and its probability


def reviewed_runs(project: Project) -> list[str]:
    """The names of the latest runs that have judged images.

    A folder whose name begins with a dot is none of them: it is being taken in.
    """
    folders = {file.parent for file in project.runs.glob("[!.]*/review.json")}
    folders |= {folder.parent for folder in project.runs.glob("[!.]*/predictions")}
    runs = [folder for folder in folders if (folder / "config.toml").is_file()]
    return [folder.name for folder in sorted(runs, key=lambda folder: -folder.stat().st_mtime)[:RUNS]]


def doubts_of(project: Project, run: str, version: int) -> dict[str, Doubts]:
    """All that a run says against the data, by what the page calls it; without what it does not say of any image."""
    found = {"unsure": unsure, "named wrongly": named_wrongly, "label looks wrong": looks_wrong}
    return {kind: doubts for kind, look in found.items() if (doubts := look(project, run, version))}


def looks_wrong(project: Project, run: str, version: int) -> Doubts:
    """The images whose labels a review of the run calls wrong, the most doubtful first."""
    file = project.runs / Path(run).name / "review.json"
    if not file.is_file():
        return {}
    return _wrong(project, file, file.stat().st_mtime_ns, version)


def agreement(project: Project, run: str) -> float | None:
    """The share of the labels that a review of the run agrees with, in [0, 1]; None where it does not say so."""
    file = project.runs / Path(run).name / "review.json"
    share = read_json(file).get("accuracy") if file.is_file() else None
    return None if share is None else float(share)


def unsure(project: Project, run: str, version: int) -> Doubts:
    """The images outside of training that the run is least sure of, the least sure first.

    Where an image may have several classes, it is as sure as it is of the class that it is least sure of, and no class
    is named.
    """
    return _unsure(project, *_predictions(project, run), version)


def named_wrongly(project: Project, run: str, version: int) -> Doubts:
    """The images outside of training that the run named otherwise than their label, the surest first."""
    return _named_wrongly(project, *_predictions(project, run), version)


def _predictions(project: Project, run: str) -> tuple[tuple[Path, ...], tuple[int, ...]]:
    """The tables of what a run says, and when they were written."""
    folder = project.runs / Path(run).name / "predictions"
    files = tuple(file for file in (folder / "validation.parquet", folder / "test.parquet") if file.is_file())
    return files, tuple(file.stat().st_mtime_ns for file in files)


def _tables(files: tuple[Path, ...]) -> Iterator[PredictionTable]:
    """What a run says of images, without tables that are damaged."""
    for file in files:
        try:
            table = PredictionTable.load(file)
        except (ValueError, FileNotFoundError):
            continue
        yield table


@lru_cache(maxsize=16)
def _wrong(project: Project, file: Path, modified: int, version: int) -> Doubts:
    queue = [each for each in read_json(file).get("queue", []) if each["why"] != DOUBTFUL]
    if not queue:
        return {}
    now, learned = manifest_of(project, version), file.with_name("manifest.parquet")
    root = Manifest.load(learned).root if learned.is_file() else now.root
    rows = _rows_of(pd.DataFrame(queue), root, now)
    return {row: (each["suggested"], each["probability"]) for row, each in zip(rows, queue, strict=True) if row >= 0}


@lru_cache(maxsize=16)
def _unsure(project: Project, files: tuple[Path, ...], modified: tuple[int, ...], version: int) -> Doubts:
    found: list[tuple[float, int, str]] = []
    for table in _tables(files):
        sure = _certainty(table)
        for place, row in _rows_at(table, sure < SURE, manifest_of(project, version)):
            likeliest = "" if table.is_multi_label else table.class_names[table.predicted[place]]
            found.append((float(sure[place]), row, likeliest))
    return {row: (label, share) for share, row, label in sorted(found)[:MOST]}


@lru_cache(maxsize=16)
def _named_wrongly(project: Project, files: tuple[Path, ...], modified: tuple[int, ...], version: int) -> Doubts:
    found: list[tuple[float, int, str]] = []
    for table in _tables(files):
        sure, said = _certainty(table), _answers(table)
        for place, row in _rows_at(table, (said != table.targets).any(axis=1), manifest_of(project, version)):
            names = [name for name, is_said in zip(table.class_names, said[place], strict=True) if is_said]
            found.append((-float(sure[place]), row, ", ".join(names) or "none of the classes"))
    return {row: (label, -share) for share, row, label in sorted(found)}


def _certainty(table: PredictionTable) -> np.ndarray:
    """How sure the run is of each image: (N,) in [0, 1]."""
    if table.is_multi_label:
        return np.maximum(table.probabilities, 1 - table.probabilities).min(axis=1)
    return table.confidence


def _answers(table: PredictionTable) -> np.ndarray:
    """Which classes the run says that each image has: (N, K) bool."""
    if table.is_multi_label:
        return table.probabilities >= EVEN
    return np.arange(len(table.class_names)) == table.predicted[:, None]


def _rows_at(table: PredictionTable, chosen: np.ndarray, now: Manifest) -> list[tuple[int, int]]:
    """The places in a table that are chosen, each with its row in the data; without images that are gone."""
    places = np.flatnonzero(chosen)
    rows = _rows_of(table.rows.iloc[places], Path(table.facts.get("root", now.root)), now)
    return [(int(place), row) for place, row in zip(places, rows, strict=True) if row >= 0]


def _rows_of(images: pd.DataFrame, root: Path, now: Manifest) -> list[int]:
    """The rows of images whose paths start from a folder; negative for those that are not there."""
    before = Manifest(images.reset_index(drop=True).reindex(columns=["image", *BOX]), root)
    return [int(row) for row in found_rows(before, now)]
