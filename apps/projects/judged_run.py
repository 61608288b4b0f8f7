"""A finished run with all that was found about it. Every figure is read from the files of the run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from imgcls.evaluation.metrics import ClassMetrics, Evaluation
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.evaluation.report.answers import Answers
from imgcls.labels.records import BOX
from imgcls.run_folder import RunFolder
from projects.project import Project
from projects.versions import current_number, manifest_of

OPEN = 4  # runs kept in memory, over all users
FINDINGS = "looked_into"  # folder in that of the run, of what the worker has computed
WEAKEST = 3  # classes that are named
Box = tuple[float, float, float, float]  # left, top, right and bottom in pixels
Key = tuple[str, str]  # file, and box as text


@dataclass(frozen=True, eq=False)
class JudgedRun:
    """A run that was judged.

    Attributes:
        project: Whose run it is.
        folder: Of the run.
        figures: All of evaluation.json.
        table: What it says of the test images, without their embeddings.
    """

    project: Project
    folder: RunFolder
    figures: Mapping[str, Any]
    table: PredictionTable

    @property
    def name(self) -> str:
        """Of the run."""
        return self.folder.path.name

    @cached_property
    def evaluation(self) -> Evaluation:
        """The figures of all images and of each class."""
        return Evaluation.from_dict(self.figures)

    @cached_property
    def answers(self) -> Answers:
        """What it answers, and how often that is right."""
        return Answers(self.table, self.evaluation)

    @property
    def analyses(self) -> Mapping[str, Any]:
        """What else was found, by name."""
        return self.figures.get("analyses", {})

    @property
    def findings(self) -> Path:
        """Where the worker keeps what it found out; another model makes it another folder."""
        model = self.folder.model_file
        return self.folder.path / FINDINGS / f"{model.stat().st_mtime_ns if model.is_file() else 0:x}"

    @property
    def mistakes(self) -> np.ndarray:
        """Places of the wrong answers, the surest first."""
        wrong = np.flatnonzero(~self.answers.right)
        return self._surest_first(wrong)

    @property
    def weakest(self) -> list[ClassMetrics]:
        """The classes of which the least is found, of those that have test images."""
        known = [each for each in self.evaluation.classes if each.recall is not None]
        return sorted(known, key=lambda each: each.recall or 0.0)[:WEAKEST]

    def cell(self, true: str, answer: str) -> np.ndarray:
        """Places of the images of one class that got this answer, the surest first.

        Where an image may have several classes, `true` without an answer is a class that is missed, and an answer
        without `true` one that is seen where it is not. Nothing is at any other names that are no classes.
        """
        names, own, given = list(self.table.class_names), self.table.targets, self.answers.given
        if self.table.is_multi_label and (true in names) != (answer in names):
            place = names.index(true or answer)
            found = own[:, place] & ~given[:, place] if true else ~own[:, place] & given[:, place]
        elif true in names and answer in names:
            found = own[:, names.index(true)] & given[:, names.index(answer)]
        else:
            return np.zeros(0, int)
        return self._surest_first(np.flatnonzero(found))

    def _surest_first(self, places: np.ndarray) -> np.ndarray:
        return places[np.argsort(-self.answers.confidence[places], kind="stable")]

    def true(self, place: int) -> str:
        """The class of an image as it was judged; of several, all of them."""
        own = zip(self.table.class_names, self.table.targets[place], strict=True)
        return ", ".join(name for name, is_own in own if is_own)

    def answer(self, place: int) -> str:
        """The likeliest class of an image; of several, all that are answered."""
        given = zip(self.table.class_names, self.answers.given[place], strict=True)
        return ", ".join(str(name) for name, is_given in given if is_given)

    def path(self, place: int) -> Path:
        """The file of an image."""
        return Path(self.table.facts.get("root", ".")) / self.table.rows["image"].iloc[place]

    def box(self, place: int) -> Box | None:
        """The part of the image that is the example; None for all of it."""
        box = self.table.rows[BOX].to_numpy(float)[place] if BOX[0] in self.table.rows else np.full(4, np.nan)
        return None if np.isnan(box).any() else tuple(box.tolist())

    @property
    def rows_now(self) -> np.ndarray:
        """The row of each image in the data as the pages show it; -1 for one that is not in it any more."""
        return _rows_in(self, current_number(self.project))


def judged_runs(project: Project) -> list[str]:
    """The names of the runs that were judged, the latest first."""
    files = [file for file in project.runs.glob("[!.]*/evaluation.json") if _predictions(file.parent).is_file()]
    return [file.parent.name for file in sorted(files, key=lambda file: -file.stat().st_mtime)]


def judged_run(project: Project, name: str) -> JudgedRun:
    """What was found about a run.

    Raises:
        ValueError: There is no such run, it was not judged yet, or its files are damaged.
    """
    if name not in judged_runs(project):
        raise ValueError(f"The project {project.title!r} has no run {name!r} that is finished. Choose one of the list.")
    folder = project.runs / name
    times = [file.stat().st_mtime_ns for file in (folder / "evaluation.json", _predictions(folder))]
    return _opened(project, folder, tuple(times))


@lru_cache(maxsize=OPEN)
def _opened(project: Project, folder: Path, modified: tuple[int, ...]) -> JudgedRun:
    """`modified` makes files that were written again another entry."""
    run = RunFolder(folder)
    figures = run.evaluation()
    try:
        Evaluation.from_dict(figures)
        table = PredictionTable.load(_predictions(folder))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"The files of the run {folder.name!r} are damaged. Choose another run, or train it again."
        ) from error
    return JudgedRun(project, run, figures, replace(table, embeddings=None))


def _predictions(folder: Path) -> Path:
    return folder / "predictions" / "test.parquet"


@lru_cache(maxsize=OPEN)
def _rows_in(judged: JudgedRun, number: int) -> np.ndarray:
    """The place in a version's table of each judged example: the row of its file with its box.

    Where there is none because somebody drew a box since, or another one, it is the only row of its file.
    """
    wanted = _keys(judged.table.rows, Path(judged.table.facts.get("root", ".")))
    if not number:
        return np.full(len(wanted), -1)
    manifest, found, asked = manifest_of(judged.project, number), {}, set(wanted)
    keys = _keys(manifest.table, manifest.root)
    for place, key in enumerate(keys):
        if key in asked:
            found.setdefault(key, place)
    rows = np.array([found.get(key, -1) for key in wanted], int)
    if (rows < 0).any():
        only = _only_rows([file for file, _ in keys])
        alone = pd.read_parquet(judged.folder.manifest_file, columns=["image"])["image"].drop_duplicates(keep=False)
        for place in np.flatnonzero((rows < 0) & judged.table.rows["image"].isin(alone).to_numpy()):
            rows[place] = only.get(wanted[place][0], -1)
    return rows


def _only_rows(files: Sequence[str]) -> dict[str, int]:
    """The places of the files that stand in one row only."""
    one = pd.Series(files, dtype=object).drop_duplicates(keep=False)
    return {file: int(place) for place, file in one.items()}


def _keys(rows: pd.DataFrame, root: Path) -> list[Key]:
    """What an example is known by: its file, and its box where it has one."""
    told = [""] * len(rows)
    if BOX[0] in rows:
        boxes = rows[BOX].to_numpy(float).round(2)
        for place in np.flatnonzero(~np.isnan(boxes).any(axis=1)):
            told[place] = str(boxes[place].tolist())
    return [(f"{root}/{image}", box) for image, box in zip(rows["image"], told, strict=True)]
