"""What `python -m imgcls.train` does once its flags are read."""

import logging
from pathlib import Path

from imgcls.cli import command
from imgcls.cli.evaluation_table import show_evaluation
from imgcls.cli.terminal import next_step, progress_line, say
from imgcls.command_line import command_line
from imgcls.config import TrainConfig
from imgcls.data.manifest.table import Manifest
from imgcls.evaluation.metrics import Evaluation
from imgcls.run_folder import Changes, RunFolder
from imgcls.training.continuation import changed_config
from imgcls.training.devices.agreement import check_same_command
from imgcls.training.devices.strategy import join_workers, make_strategy
from imgcls.training.devices.workers import Workers
from imgcls.workflow.create import create_run
from imgcls.workflow.cross_validation import cross_validate
from imgcls.workflow.flat_options import flat
from imgcls.workflow.folds import Folds
from imgcls.workflow.train import run_of_chief, save_changed, train_and_evaluate, train_only
from imgcls.workflow.watch import strip_file

log = logging.getLogger(__name__)


def start(config: TrainConfig) -> int:
    """Train what the config says: a run, a run for each fold, or this worker's part of a run."""
    workers = _joined(config, begins=True)
    if workers is not None:
        return _start_together(config, workers)
    if config.input.folds and not config.input.fold:
        return _train_folds(Folds.from_config(config))
    return _train(*_created(config))


def resume(run: RunFolder, changes: Changes) -> int:
    """Continue a run, or all folds that it is one of, from its last checkpoint."""
    config = changed_config(run, changes)
    workers = _joined(config, begins=False)
    if workers is not None:  # which have all read the config by now
        workers.first_does(lambda: save_changed(run, config))
        if not workers.is_first:
            return _train_as_worker(run)
    else:
        save_changed(run, config)
    if changed := run.changed_network():
        log.warning("%s", changed)
    folds = Folds.of(run)
    if folds and not changes and workers is None:
        return _train_folds(folds)
    return _train(run, Manifest.load(run.manifest_file))


def _joined(config: TrainConfig, begins: bool) -> Workers | None:
    """The workers, once all are there and were started alike; None if this process is alone."""
    if join_workers(config.training.strategy) is None:
        return None
    workers = Workers(make_strategy("multi_worker"))
    check_same_command(flat(config), begins, workers)
    return workers


def _start_together(config: TrainConfig, workers: Workers) -> int:
    if not config.name:
        raise ValueError("Several workers need the same --name, so that they find the run folder of the first one.")
    if config.input.folds and not config.input.fold:
        raise ValueError("Several workers train one fold at a time; name it with --fold.")
    made = workers.first_does(lambda: _created(config))
    return _train(*made) if made else _train_as_worker(run_of_chief(Path(config.runs) / config.name))


def _created(config: TrainConfig) -> tuple[RunFolder, Manifest]:
    with progress_line() as progress:
        return create_run(config, progress)


def _train(run: RunFolder, manifest: Manifest) -> int:
    with progress_line() as progress:
        finished = train_and_evaluate(run, manifest, progress)
    if not finished:
        go_on, done = command_line("train", "--resume", run.path), run.epochs_done()
        next_step(go_on, *([f"{go_on} --epochs {done}  # judges it as it is"] if done else []))
        return command.INTERRUPTED
    _show(run)
    return command.WITH_PROBLEMS if len(manifest.problems) else command.OK


def _train_as_worker(run: RunFolder) -> int:
    with progress_line() as progress:
        finished = train_only(run, Manifest.load(run.manifest_file), progress, writes=False)
    return command.OK if finished else command.INTERRUPTED


def _train_folds(folds: Folds) -> int:
    try:
        with progress_line() as progress:
            result = cross_validate(folds, progress, on_finished=_show)
    except KeyboardInterrupt:  # not in training, which ends by itself
        if run := folds.latest():
            next_step(command_line("train", "--resume", run.path))
        raise
    if result.interrupted:
        next_step(command_line("train", "--resume", result.runs[-1].path))
        if len(result.runs) < folds.count:
            say("The folds after it follow then.")
        return command.INTERRUPTED
    say(f"\n{result.summary()}")
    return command.WITH_PROBLEMS if result.with_problems else command.OK


def _show(run: RunFolder) -> None:
    """Say what came out on the test split, where it is, and what to do next."""
    say()
    show_evaluation(Evaluation.from_dict(run.evaluation()), "test")
    say(f"\nReport: {run.report_file}\nModel:  {run.model_file}")
    if strip_file(run).is_file():
        say(f"Strip:  {strip_file(run)}, how its filters and activation maps came about")
    next_step(command_line("export", run.path))
