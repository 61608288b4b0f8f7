"""A run that goes on: what of its config may change, and its stages where it is to end at another epoch."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from imgcls.command_line import command_line
from imgcls.config import AUTO, TrainConfig
from imgcls.data.manifest.table import Manifest
from imgcls.run_folder import Changes, RunFolder
from imgcls.training.checkpoints import load_latest
from imgcls.training.learning_rate_rule import settle_learning_rate
from imgcls.training.measurements import Measurements
from imgcls.training.transfer.stages import Stage


def changed_config(run: RunFolder, changes: Changes) -> TrainConfig:
    """The run's config with other values of `imgcls.run_folder.CHANGEABLE` fields.

    Args:
        run: that is to go on.
        changes: values by field.

    Raises:
        ValueError: the run cannot go on with them: it has done more epochs, or none is left to do.
    """
    config = run.config
    values: dict[str, Any] = {**changes}
    before, training = config.training, replace(config.training, **values)
    if "learning_rate" in changes:
        training = replace(training, find_learning_rate=False)
        if training.learning_rate == AUTO:
            training = settle_learning_rate(training, len(Manifest.load(run.manifest_file).split("train")))
    done = max((row["epoch"] for row in run.metrics()), default=0)
    if training.epochs < done:
        raise ValueError(
            f"The run {run.path} has done {done} epochs, and --epochs is {training.epochs}. Name at least {done}, or "
            "leave it out; the best epoch is kept in any case."
        )
    same_end = (training.epochs, training.early_stopping_patience) == (before.epochs, before.early_stopping_patience)
    if changes and run.status().get("state") == "finished" and (training.epochs == done or same_end):
        raise ValueError(
            f"The run {run.path} is finished, after {done} epochs, so {_flags(changes)} would change nothing. "
            f"Name more epochs as well, such as --epochs {2 * done}."
        )
    saved = load_latest(run.checkpoints)
    if saved:
        known = Measurements.from_state(saved.state).stages
        if "epochs" in changes and known and _has_no_epochs(known[-1]):
            raise ValueError(
                f"The run {run.path} fits its head to the optimum, which no epoch changes. More is trained "
                f"by {command_line('train', '--config', run.config_file, '--plan', 'last_blocks')}"
            )
        lengthened(known, training.epochs)
    return replace(config, training=training)


def _flags(names: Iterable[str]) -> str:
    return " and ".join("--" + name.replace("_", "-") for name in names)


def moved_end(before: Sequence[Stage], now: Sequence[Stage]) -> bool:
    """Whether the run now ends at another epoch than its checkpoint says."""
    return before[-1].last_epoch != now[-1].last_epoch


def lengthened(stages: Sequence[Stage], epochs: int) -> list[Stage]:
    """The same stages, of which the last one ends with the run; a head that is fitted stays as it is.

    Args:
        stages: of the run.
        epochs: at which it is to end.

    Raises:
        ValueError: the run would end before its last stage begins.
    """
    if not stages or _has_no_epochs(stages[-1]):
        return list(stages)
    if epochs <= stages[-1].first_epoch:
        raise ValueError(
            f"--epochs is {epochs}, and the last stage of this run, which trains {stages[-1].blocks} blocks, begins "
            f"after epoch {stages[-1].first_epoch}. Name more."
        )
    return [*stages[:-1], replace(stages[-1], last_epoch=epochs)]


def _has_no_epochs(stage: Stage) -> bool:
    return stage.last_epoch == stage.first_epoch
