"""A search for the options of a run that is best on validation, with Optuna. Each trial is a process of its own."""

import logging
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import CategoricalDistribution
from optuna.pruners import BasePruner, MedianPruner, NopPruner
from optuna.trial import FrozenTrial, Trial, TrialState

from imgcls.config import TrainConfig
from imgcls.config_file import load_toml
from imgcls.file_lock import one_at_a_time
from imgcls.metrics import METRICS, Metric
from imgcls.progress import Progress
from imgcls.workflow.search_settings import check_same, search_settings
from imgcls.workflow.search_space import Range, as_text, with_values
from imgcls.workflow.trials import BAD_INPUT, INTERRUPTED, SUCCEEDED, TrialRun, ending_with_us

PRUNED_FROM = 4  # the first so-manieth part of the epochs says too little to end a trial by
ShowSteps = Callable[[int, int, int | None], None]
SETTINGS = "settings"  # attribute of the study: what it is of
log = logging.getLogger(__name__)


class Search:
    """A study of Optuna whose trials are runs.

    Several processes can share one: its state is an SQLite file in its folder.

    Args:
        base: The config that the values are put into. Its `runs` is the folder that the search's own folder lies in.
        space: What is tried.
        name: Of the search and its folder.
        prune: End a trial whose metric is below the median of the others' at the same epoch.

    Raises:
        ValueError: If the search of this name was begun with other settings or other ranges.
    """

    def __init__(self, base: TrainConfig, space: Sequence[Range], name: str, prune: bool = True) -> None:
        self.base, self.space, self.folder = base, list(space), Path(base.runs) / name
        self.folder.mkdir(parents=True, exist_ok=True)
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        storage = f"sqlite:///{self.folder / 'study.sqlite'}"
        with self._alone() as seed:  # also because SQLite's tables are made by one at a time
            make = partial(
                optuna.create_study,
                study_name=name,
                storage=storage,
                direction="maximize",
                load_if_exists=True,
                sampler=optuna.samplers.TPESampler(seed=base.training.seed + seed, constant_liar=True),
                pruner=_pruner(base.training.epochs, prune),
            )
            self.study = make()
            if self.study.get_trials(deepcopy=False) and not self._begun_trials():
                optuna.delete_study(study_name=name, storage=storage)  # it holds to the choices of what was refused
                self.study = make()
            self._check_settings()

    @property
    def metric(self) -> Metric:
        """The metric whose rank the search maximises: the one by which its first run keeps its best epoch."""
        return METRICS[self.study.user_attrs.get("metric", "accuracy")]

    def ended(self) -> list[FrozenTrial]:
        """The trials that count: those that ended by themselves, were ended early, or failed with their values."""
        ended = self.study.get_trials(states=(TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL))
        return [trial for trial in ended if trial.state != TrialState.FAIL or "reason" in trial.user_attrs]

    def run(self, trials: int, progress: Progress | None = None) -> None:
        """Try until so many trials have ended, over all processes and starts together.

        Args:
            trials: Their number.
            progress: Receives the steps of each trial.

        Raises:
            ValueError: If the first trial cannot begin, or if another process began the search with other settings.
            KeyboardInterrupt: If this process or a trial is interrupted; the trial continues at the next start.
        """
        shown = progress or Progress()

        def show(place: int, done: int, total: int | None) -> None:
            shown.doing(f"{'Trial' if total else 'Beginning trial'} {place} of {trials}", done, total)

        while len(self.ended()) < trials:
            self.try_next(show)

    def best(self) -> tuple[FrozenTrial, Path]:
        """The best trial and its run's folder.

        Raises:
            RuntimeError: If no trial came to its end.
        """
        trials = self.ended()
        if not any(trial.state == TrialState.COMPLETE for trial in trials):
            reason = trials[-1].user_attrs.get("reason", "it was ended early") if trials else "there was none"
            raise RuntimeError(f"None of {len(trials)} trials came to its end. The last: {reason}")
        best = self.study.best_trial
        return best, TrialRun(self.folder, best.number).path

    def try_next(self, show: ShowSteps = lambda place, done, total: None) -> None:
        """Train with the next choice of values, or continue a trial whose search was ended, and log how it went.

        Args:
            show: Receives which of the trials it is, counted from 1, the steps that are done, and how many there are;
                None if that is not known yet.
        """
        with self._alone():
            self._check_settings()
            trial, run = self._taken_up() or self._begun()
        show_steps = partial(show, self._place(trial))
        show_steps(0, None)
        try:
            run.wait(lambda: show_steps(*run.steps()))
            values = self._values(trial)
            config = replace(with_values(self.base, values, self.space), name=run.name, runs=str(self.folder))
            pruned, code = self._follow(trial, run, run.start(config), show_steps)
            self._conclude(trial, run, values, pruned, code)
        finally:
            run.let_go()

    def _conclude(self, trial: Trial, run: TrialRun, values: dict[str, Any], pruned: bool, code: int) -> None:
        """Tell the study how a trial ended, and log it."""
        shown = ", ".join(f"{n} {v:.3g}" if isinstance(v, float) else f"{n} {v}" for n, v in values.items())
        title = self._title(trial, run)
        if code in SUCCEEDED:
            metric = self._metric_of(run)
            kept = run.folder.kept_epoch()[metric.on_validation]
            self.study.tell(trial, metric.rank(kept))
            log.info("%s: %s  %s", title, metric.shown(kept), shown)
        elif pruned:
            self.study.tell(trial, state=TrialState.PRUNED)
            log.info("%s: ended early, in the worse half  %s", title, shown)
        elif code == INTERRUPTED:
            raise KeyboardInterrupt  # by somebody who stopped the trial; it is taken up again
        else:
            self._note_failure(trial, run.reason(), code)
            log.info("%s: failed: %s  %s", title, run.reason().partition(". ")[0], shown)

    @contextmanager
    def _alone(self) -> Iterator[int]:
        """Within, this process has the search for itself; yields how many times it or others had it before."""
        with one_at_a_time(self.folder / ".joined") as file:
            file.write(".")
            yield file.tell()

    def _check_settings(self) -> None:
        """Note in the study what it is of. Raises ValueError if it has begun trials of something else."""
        now = search_settings(self.base, {each.name: each.text for each in self.space})
        noted = self.study.user_attrs.get(SETTINGS)
        begun = self._begun_trials()
        for before in ([noted] if noted else self._settings_of(begun)) if begun else []:
            check_same(self.study.study_name, before, now)
        if noted != now:
            self.study.set_user_attr(SETTINGS, now)

    def _begun_trials(self) -> list[FrozenTrial]:
        """Those that the search is bound to: all but the ones that were refused before they began."""
        return [*self.ended(), *self.study.get_trials(states=(TrialState.RUNNING,))]

    def _settings_of(self, trials: Sequence[FrozenTrial]) -> Iterator[dict[str, Any]]:
        """What each trial is of, by the config that it was begun with: imgcls before 0.8 noted nothing in the study."""
        for trial in trials:
            file = TrialRun(self.folder, trial.number).config_file
            if file.is_file():
                searched = {name: _text(each) for name, each in trial.distributions.items()}
                yield search_settings(load_toml(file), searched)

    def _begun(self) -> tuple[Trial, TrialRun]:
        """A new trial."""
        trial = self.study.ask()
        run = TrialRun(self.folder, trial.number)
        run.hold()
        return trial, run

    def _taken_up(self) -> tuple[Trial, TrialRun] | None:
        """A trial that was begun and that no other search is at; None if there is none."""
        for frozen in self.study.get_trials(states=(TrialState.RUNNING,)):
            run = TrialRun(self.folder, frozen.number)
            if run.hold():
                log.info("%s: goes on", self._title(frozen, run))
                return Trial(self.study, frozen._trial_id), run  # noqa: SLF001  (Optuna has no public way to it)
        return None

    def _place(self, trial: FrozenTrial | Trial) -> int:
        """Which of the trials that count it is, from 1; Optuna counts all, and from 0."""
        begun = [*self.ended(), *self.study.get_trials(states=(TrialState.RUNNING,))]
        return sum(each.number <= trial.number for each in begun)

    def _title(self, trial: FrozenTrial | Trial, run: TrialRun) -> str:
        return f"trial {self._place(trial)} ({run.name})"

    def _values(self, trial: Trial) -> dict[str, Any]:
        """What is tried."""
        return {each.name: each.suggest(trial) for each in self.space}

    def _follow(
        self, trial: Trial, run: TrialRun, process: subprocess.Popen[bytes], show: Callable[[int, int | None], None]
    ) -> tuple[bool, int]:
        """Report each epoch until the run ends. Returns whether it was ended as hopeless, and its exit code."""
        known = {each.number: each for each in self.study.get_trials(deepcopy=False)}
        reported = known[trial.number].intermediate_values
        pruned = False
        with ending_with_us(process):
            for row in run.follow(process, lambda: show(*run.steps())):
                if row["epoch"] not in reported:
                    metric = self._metric_of(run)
                    trial.report(metric.rank(row[metric.on_validation]), row["epoch"])
                if not pruned and trial.should_prune():
                    pruned = True
                    process.terminate()
        return pruned, process.returncode

    def _metric_of(self, run: TrialRun) -> Metric:
        if "metric" not in self.study.user_attrs:
            self.study.set_user_attr("metric", run.folder.best_metric.name)
        return self.metric

    def _note_failure(self, trial: Trial, reason: str, code: int) -> None:
        """Tell the study that a trial failed. Raises ValueError if others would too: none could be begun."""
        if code == BAD_INPUT and not self.study.get_trials(states=(TrialState.COMPLETE,)):
            self.study.tell(trial, state=TrialState.FAIL)
            raise ValueError(reason)
        trial.set_user_attr("reason", reason)
        self.study.tell(trial, state=TrialState.FAIL)


def _text(values: Any) -> str:
    """A distribution of Optuna's, which a trial's value is from, as `Range.text` has it."""
    is_choice = isinstance(values, CategoricalDistribution)
    return as_text(values.choices if is_choice else (values.low, values.high), not is_choice)


def _pruner(epochs: int, prune: bool) -> BasePruner:
    return MedianPruner(n_warmup_steps=epochs // PRUNED_FROM) if prune else NopPruner()
