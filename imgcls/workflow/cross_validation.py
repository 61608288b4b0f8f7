"""A run for each fold of a cross-validation, and what they give together."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from statistics import mean, stdev

import keras

from imgcls.config import TrainConfig
from imgcls.data.manifest.table import Manifest
from imgcls.metrics import METRICS, Metric
from imgcls.progress import Progress
from imgcls.run_folder import RunFolder
from imgcls.workflow.create import create_run
from imgcls.workflow.folds import Folds
from imgcls.workflow.train import train_and_evaluate

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CrossValidation:
    """The runs of all folds.

    Attributes:
        runs: One a fold, in order; fewer than there are folds if training was interrupted.
        with_problems: Whether a run left images out.
        interrupted: Whether the last of `runs` has not come to its end.
    """

    runs: tuple[RunFolder, ...]
    with_problems: bool = False
    interrupted: bool = False

    @property
    def metric(self) -> Metric:
        """The metric by which each run kept its best epoch."""
        return self.runs[0].best_metric

    def validation(self) -> list[float]:
        """That metric of each run's kept epoch, on its own validation split."""
        return [run.kept_epoch()[self.metric.on_validation] for run in self.runs]

    def test(self) -> list[float]:
        """Accuracy of each run on the test split, which is the same for all."""
        return [run.status()["accuracy"] for run in self.runs]

    def summary(self) -> str:
        """Both in sentences, with their mean and spread."""
        validation = _mean_and_spread(self.validation(), self.metric)
        test = _mean_and_spread(self.test(), METRICS["accuracy"])
        return (
            f"{len(self.runs)} folds, {self.metric.title} on each one's validation split: {validation}\n"
            f"Accuracy on the test split, which is the same for all: {test}"
        )


def cross_validate(
    config: TrainConfig | Folds,
    progress: Progress | None = None,
    on_finished: Callable[[RunFolder], None] = lambda run: None,
) -> CrossValidation:
    """Train a run for each fold, one after the other. Runs that are there already continue.

    Args:
        config: With `input.folds` of at least 2, and no `input.fold`.
        progress: Receives each step and epoch.
        on_finished: Receives each run once it is judged.

    Raises:
        ValueError: If the data or an option cannot be used, or another process trains one of the runs.
    """
    folds = config if isinstance(config, Folds) else Folds.from_config(config)
    runs: list[RunFolder] = []
    with_problems = False
    for fold in range(1, folds.count + 1):
        log.info("\nFold %d of %d", fold, folds.count)
        run, manifest = _fold_run(folds, fold, progress)
        runs.append(run)
        with_problems |= bool(len(manifest.problems))
        if run.status().get("state") == "finished":
            log.info("%s is finished.", run.path)
        elif not train_and_evaluate(run, manifest, progress):
            return CrossValidation(tuple(runs), with_problems, interrupted=True)
        else:
            on_finished(run)
        keras.backend.clear_session()
    return CrossValidation(tuple(runs), with_problems)


def _fold_run(folds: Folds, fold: int, progress: Progress | None) -> tuple[RunFolder, Manifest]:
    """The run of a fold, which is made if it is not there."""
    run = folds.run(fold)
    if run is not None:
        return run, Manifest.load(run.manifest_file)
    run, manifest = create_run(folds.config(fold), progress)
    folds.note_in(run)
    return run, manifest


def _mean_and_spread(values: list[float], metric: Metric) -> str:
    worst = min(values, key=metric.rank)
    return (
        f"{metric.shown(mean(values))} (standard deviation {metric.shown(stdev(values))}, worst {metric.shown(worst)})"
    )
