"""Search for the settings of a run with the best validation accuracy, with Optuna.

Every trial is a run of its own, in a process of its own, and is judged on validation only. What was tried stands in an
SQLite file: the same command goes on where it stopped, and several of them at once share the work. Needs
`pip install imgcls[tune]`.

Examples:
  python -m imgcls.tune --data photos --trials 20
  python -m imgcls.tune --data photos --trials 20 --search learning_rate=1e-4:1e-2 dropout=0:0.5 optimizer=adamw,sgd
  python -m imgcls.tune --config runs/photos-efficientnet_lite0-1/config.toml --study photos
"""

import dataclasses
import difflib
import fcntl
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import tyro

from imgcls import command
from imgcls.config import TrainConfig, applies, load_toml, save_toml
from imgcls.counted import counted

DEFAULT_SEARCH = ("learning_rate=1e-4:1e-2", "weight_decay=1e-4:1e-1", "label_smoothing=0:0.2")
SECTIONS = ("input", "augmentation", "balance", "network", "training")
LOG_RANGE = 10.0  # ends of a range with a larger factor between them are searched on a logarithmic scale


@dataclass(frozen=True)
class Options:
    train: Annotated[TrainConfig, tyro.conf.arg(name="")] = field(default_factory=TrainConfig)
    config: Path | None = None  # TOML file to start from, as every run folder holds; flags change its values
    study: str = "study"  # name of the search; its runs and its SQLite file are in <runs>/<study>
    trials: int = 20  # runs, over all processes and starts together
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
    from imgcls.terminal import next_step, say

    if options.train.input.folds and not options.train.input.fold:
        raise ValueError("A search looks at one validation split; name the fold that it is with --fold.")
    ranges = [parse_range(text) for text in options.search]
    for end in (0, -1):
        with_values(options.train, {r.name: r.values[end] for r in ranges}, ranges)  # refused now, not after an hour
    folder = Path(options.train.runs) / options.study
    folder.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with (folder / ".joined").open("a") as file:  # a byte a process; SQLite's tables are made by one at a time
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(".")
        seed = options.train.training.seed + file.tell()  # with the same one, all would try the same values
        study = optuna.create_study(
            study_name=options.study,
            storage=f"sqlite:///{folder / 'study.sqlite'}",
            direction="maximize",
            load_if_exists=True,
            sampler=optuna.samplers.TPESampler(seed=seed, constant_liar=True),
        )
    enough = optuna.study.MaxTrialsCallback(options.trials, states=(optuna.trial.TrialState.COMPLETE,))
    if len(study.get_trials(states=(optuna.trial.TrialState.COMPLETE,))) < options.trials:
        study.optimize(lambda trial: _run(trial, options.train, ranges, folder), callbacks=[enough])
    best = study.best_trial
    say(f"\nBest of {counted(len(study.trials), 'trial')}: {100 * best.value:.2f} % on validation, with")
    for name, value in best.params.items():
        say(f"  --{name.replace('_', '-')} {value:.4g}" if isinstance(value, float) else f"  --{name} {value}")
    next_step(f"python -m imgcls.evaluate {folder / _name(best)}")
    return command.OK


def _run(trial, base: TrainConfig, ranges: list[Range], folder: Path) -> float:
    """Train with one choice of values; the best validation accuracy."""
    from imgcls.terminal import say
    from imgcls.training.run_folder import RunFolder

    values = {r.name: r.suggest(trial) for r in ranges}
    config = replace(with_values(base, values, ranges), name=_name(trial), runs=str(folder))
    file = folder / f"{_name(trial)}.toml"
    save_toml(config, file)
    done = subprocess.run(
        [sys.executable, "-m", "imgcls.train", "--config", str(file)], capture_output=True, text=True, check=False
    )
    if done.returncode not in (command.OK, command.WITH_PROBLEMS):
        raise RuntimeError(f"Trial {trial.number} failed: {done.stderr.strip().splitlines()[-1:] or 'no message'}.")
    accuracy = max(row["val_accuracy"] for row in RunFolder(folder / _name(trial)).metrics())
    shown = ", ".join(f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
                      for name, value in values.items())  # fmt: skip
    say(f"trial {trial.number}: {100 * accuracy:.2f} %  {shown}")
    return accuracy


def _name(trial) -> str:
    return f"trial-{trial.number:04d}"


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
    file = command.value_of("--config")
    return Options(train=load_toml(file), config=Path(file)) if file else None


if __name__ == "__main__":
    command.run(main, Options, __doc__, default=_from_config_file)
