"""Search for the settings of a run that is best on validation, with Optuna.

Every trial is a run of its own, in a process of its own, and is judged on validation only, by the epoch that it keeps.
A hopeless one is ended early, one that fails counts as failed, and the search goes on. What was tried stands in an
SQLite file: the same command goes on where it stopped, also in the middle of a trial, and several of them at once
share the work. Needs `pip install imgcls[tune]`.

Examples:
  python -m imgcls.tune --data photos --trials 20
  python -m imgcls.tune --data photos --trials 20 --search learning_rate=1e-4:1e-2 dropout=0:0.5 optimizer=adamw,sgd
  python -m imgcls.tune --config runs/photos-efficientnet_lite0-1/config.toml --study photos
"""

import dataclasses
import difflib
import fcntl
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import tyro

from imgcls.cli import command, flags
from imgcls.config import TrainConfig, applies, load_toml
from imgcls.counted import counted
from imgcls.files import check_writable
from imgcls.metrics import METRICS, Metric

if TYPE_CHECKING:
    from imgcls.training.trials import TrialRun

PRUNED_FROM = 4  # the first so-manieth part of the epochs says too little to end a trial by
DEFAULT_SEARCH = ("learning_rate=1e-4:1e-2", "weight_decay=1e-4:1e-1", "label_smoothing=0:0.2")
SECTIONS = ("input", "augmentation", "balance", "network", "training")
LOG_RANGE = 10.0  # ends of a range with a larger factor between them are searched on a logarithmic scale


@dataclass(frozen=True)
class Options:
    first_flags: ClassVar = (
        "data", "model", "weights", "epochs", "study", "trials", "search", "prune", "runs", "config",
    )  # fmt: skip
    train: Annotated[TrainConfig, tyro.conf.arg(name="")] = field(default_factory=TrainConfig)
    config: Path | None = None  # TOML file to start from, as every run folder holds; flags change its values
    study: str = "study"  # name of the search; its runs and its SQLite file are in <runs>/<study>
    trials: int = 20  # runs, over all processes and starts together
    prune: bool = True  # end a trial whose figure is below the median of the others' at the same epoch
    search: tuple[str, ...] = DEFAULT_SEARCH  # field=least:most, or field=value,value, for each field that is searched


@dataclass(frozen=True)
class Range:
    """What is searched of one field. values: given ones, or the two ends where `continuous`."""

    section: str
    name: str
    values: tuple[Any, ...]
    continuous: bool

    def suggest(self, trial) -> Any:
        if not self.continuous:
            return trial.suggest_categorical(self.name, self.values)
        least, most = self.values
        logarithmic = least > 0 and most / least > LOG_RANGE
        if isinstance(least, int):
            return trial.suggest_int(self.name, least, most, log=logarithmic)
        return trial.suggest_float(self.name, least, most, log=logarithmic)


def main(options: Options) -> int:
    try:
        import optuna
    except ImportError as error:
        raise ValueError("The search needs Optuna: pip install imgcls[tune]") from error
    from imgcls.cli.terminal import next_step

    if options.train.input.folds and not options.train.input.fold:
        raise ValueError("A search looks at one validation split; name the fold that it is with --fold.")
    ranges = [parse_range(text) for text in options.search]
    if not ranges:
        raise ValueError("--search names nothing that is searched; for example: --search learning_rate=1e-4:1e-2")
    for end in (0, -1):
        with_values(options.train, {r.name: r.values[end] for r in ranges}, ranges)  # refused now, not after an hour
    folder = Path(options.train.runs) / options.study
    check_writable(folder, folder=True)
    folder.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with _one_at_a_time(folder) as seed:  # also because SQLite's tables are made by one at a time
        study = optuna.create_study(
            study_name=options.study,
            storage=f"sqlite:///{folder / 'study.sqlite'}",
            direction="maximize",
            load_if_exists=True,
            sampler=optuna.samplers.TPESampler(seed=options.train.training.seed + seed, constant_liar=True),
            pruner=_pruner(options),
        )
    try:
        while len(_ended(study)) < options.trials:
            _try_next(study, options.train, ranges, folder)
    except KeyboardInterrupt:
        next_step(shlex.join(["python", "-m", "imgcls.tune", *sys.argv[1:]]))
        raise
    return _show(study, folder)


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[int]:
    """Within, this process has the search for itself; yields how many times it or others had it before."""
    with (folder / ".joined").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(".")
        yield file.tell()


def _pruner(options: Options):
    from optuna.pruners import MedianPruner, NopPruner

    return MedianPruner(n_warmup_steps=options.train.training.epochs // PRUNED_FROM) if options.prune else NopPruner()


def _ended(study) -> list:
    """The trials that count: those that ended by themselves, were ended early, or failed with their values."""
    from optuna.trial import TrialState

    ended = study.get_trials(states=(TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL))
    return [trial for trial in ended if trial.state != TrialState.FAIL or "reason" in trial.user_attrs]


def _try_next(study, base: TrainConfig, ranges: list[Range], folder: Path) -> None:
    """Train with the next choice of values, or go on with a trial whose search was ended, and tell how it went."""
    from optuna.trial import TrialState

    from imgcls.cli.terminal import say

    with _one_at_a_time(folder):
        trial, run = _taken_up(study, folder) or _begun(study, folder)
    try:
        values = _values(study, trial, ranges)
        config = replace(with_values(base, values, ranges), name=run.name, runs=str(folder))
        pruned, code = _follow(study, trial, run, run.start(config))
        shown = ", ".join(f"{n} {v:.3g}" if isinstance(v, float) else f"{n} {v}" for n, v in values.items())
        if code in (command.OK, command.WITH_PROBLEMS):
            metric = _metric(study, run)
            kept = run.folder.kept_epoch()[metric.on_validation]
            study.tell(trial, metric.rank(kept))
            say(f"trial {trial.number}: {metric.shown(kept)}  {shown}")
        elif pruned:
            study.tell(trial, state=TrialState.PRUNED)
            say(f"trial {trial.number}: ended early, in the worse half  {shown}")
        elif code == command.INTERRUPTED:
            raise KeyboardInterrupt  # by somebody who stopped the trial; it is taken up again
        else:
            _note_failure(study, trial, run.reason(), code)
            say(f"trial {trial.number}: failed: {run.reason().partition('. ')[0]}  {shown}")
    finally:
        run.let_go()


def _begun(study, folder: Path) -> tuple[Any, "TrialRun"]:
    """A new trial."""
    from imgcls.training.trials import TrialRun

    trial = study.ask()
    run = TrialRun(folder, trial.number)
    run.hold()
    return trial, run


def _taken_up(study, folder: Path) -> tuple[Any, "TrialRun"] | None:
    """A trial that was begun and that no living process is at; None if there is none."""
    from optuna.trial import Trial, TrialState

    from imgcls.cli.terminal import say
    from imgcls.training.trials import TrialRun

    for frozen in study.get_trials(states=(TrialState.RUNNING,)):
        run = TrialRun(folder, frozen.number)
        if run.hold():
            say(f"trial {frozen.number}: goes on")
            return Trial(study, frozen._trial_id), run
    return None


def _values(study, trial, ranges: list[Range]) -> dict[str, Any]:
    """What is tried. Raises ValueError if the search was begun with other choices."""
    from optuna.trial import TrialState

    try:
        return {r.name: r.suggest(trial) for r in ranges}
    except ValueError as error:
        study.tell(trial, state=TrialState.FAIL)
        raise ValueError(
            f"The search {study.study_name!r} was begun with other values than this --search has ({error}). Choose "
            "another --study."
        ) from error


def _follow(study, trial, run: "TrialRun", process: subprocess.Popen) -> tuple[bool, int]:
    """Report each epoch until the run ends. Returns whether it was ended because it is hopeless, and its exit code."""
    from imgcls.training.trials import ending_with_us

    reported = {each.number: each for each in study.get_trials(deepcopy=False)}[trial.number].intermediate_values
    pruned = False
    with ending_with_us(process):
        for row in run.follow(process):
            if row["epoch"] not in reported:
                metric = _metric(study, run)
                trial.report(metric.rank(row[metric.on_validation]), row["epoch"])
            if not pruned and trial.should_prune():
                pruned = True
                process.terminate()
    return pruned, process.returncode


def _metric(study, run: "TrialRun") -> Metric:
    """The metric whose rank the search maximises: the one by which its first run keeps its best epoch."""
    if "metric" not in study.user_attrs:
        study.set_user_attr("metric", run.folder.best_metric.name)
    return METRICS[study.user_attrs["metric"]]


def _note_failure(study, trial, reason: str, code: int) -> None:
    """Tell that a trial failed. Raises ValueError if there is no sense in others: none could be begun."""
    from optuna.trial import TrialState

    if code == command.BAD_INPUT and not study.get_trials(states=(TrialState.COMPLETE,)):
        study.tell(trial, state=TrialState.FAIL)
        raise ValueError(reason)
    trial.set_user_attr("reason", reason)
    study.tell(trial, state=TrialState.FAIL)


def _show(study, folder: Path) -> int:
    """Print the best trial. Raises RuntimeError if there is none."""
    from optuna.trial import TrialState

    from imgcls.cli.terminal import next_step, say
    from imgcls.training.trials import TrialRun

    trials = _ended(study)
    failed = [trial for trial in trials if trial.state == TrialState.FAIL]
    if not any(trial.state == TrialState.COMPLETE for trial in trials):
        raise RuntimeError(
            f"None of {counted(len(trials), 'trial')} came to its end. The last: {failed[-1].user_attrs['reason']}"
        )
    best, early = study.best_trial, sum(trial.state == TrialState.PRUNED for trial in trials)
    metric = METRICS[study.user_attrs["metric"]]
    say(f"\nBest of {counted(len(trials), 'trial')}, of which {early} were ended early and {len(failed)} failed: "
        f"{metric.shown(metric.rank(best.value))} {metric.title} on validation, with")  # fmt: skip
    for name, value in best.params.items():
        say(f"  --{name.replace('_', '-')} {value:.4g}" if isinstance(value, float) else f"  --{name} {value}")
    next_step(f"python -m imgcls.evaluate {TrialRun(folder, best.number).path}")
    return command.OK


def parse_range(text: str) -> Range:
    """What "learning_rate=1e-4:1e-2" or "optimizer=adamw,sgd" says. Raises ValueError if there is no such field."""
    name, equals, value = text.partition("=")
    name = name.strip().removeprefix("--").replace("-", "_")
    places = {f.name: section for section in SECTIONS for f in dataclasses.fields(_section(section))}
    if name not in places or not equals or not value:
        close = difflib.get_close_matches(name, places, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"--search {text!r} names no field and its values, such as learning_rate=1e-4:1e-2.{hint}")
    continuous = ":" in value
    values = tuple(_number(part) for part in value.split(":" if continuous else ","))
    if continuous and (len(values) != 2 or any(isinstance(v, str) for v in values) or not values[0] < values[1]):
        raise ValueError(f"--search {text!r} is no range; expected least:most, two numbers.")
    if continuous and float in map(type, values):
        values = tuple(map(float, values))
    return Range(places[name], name, values, continuous)


def _section(name: str) -> type:
    return type(getattr(TrainConfig(), name))


def _number(text: str) -> int | float | str | bool:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def with_values(config: TrainConfig, values: dict[str, Any], ranges: list[Range]) -> TrainConfig:
    """The config with these values in their sections, but for those that mean nothing beside the others.

    Raises ValueError, as the config does, if one cannot be.
    """
    for section in sorted({r.section for r in ranges}):
        part = getattr(config, section)
        found = {r.name: values[r.name] for r in ranges if r.section == section}
        settings = {**dataclasses.asdict(part), **found}
        config = replace(config, **{section: replace(part, **{n: v for n, v in found.items() if applies(n, settings)})})
    return config


def _from_config_file() -> Options | None:
    """The values of the file behind --config, which the other flags then change."""
    file = flags.typed().get("--config")
    return Options(train=load_toml(file), config=Path(file)) if file else None


if __name__ == "__main__":
    command.run(main, Options, __doc__, default=_from_config_file)
