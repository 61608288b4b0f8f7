"""A run from its config, or from where it stopped, to a judged model."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from imgcls.config import TrainConfig
from imgcls.data.manifest.table import Manifest
from imgcls.progress import Progress
from imgcls.run_folder import Changes, RunFolder
from imgcls.training.continuation import changed_config
from imgcls.training.run import train_network
from imgcls.workflow.calibrate import calibrate_run
from imgcls.workflow.create import create_run
from imgcls.workflow.evaluate import evaluate_run
from imgcls.workflow.watch import draw_if_watched, drawing

WAIT_FOR_CHIEF = 120  # seconds, after which a shared disk shows what the first worker has written
log = logging.getLogger(__name__)


def train_run(config: TrainConfig, progress: Progress | None = None) -> RunFolder:
    """Train a classifier and judge it on the test split, as `python -m imgcls.train` does.

    Args:
        config: What the run is to do. `config.input.data` names the images.
        progress: Receives each step and epoch.

    Returns:
        The run's folder: its model is `run.model_file`, its judgement `run.evaluation()`. If the run was interrupted
        by a signal, `run.state()` is "interrupted", and `resume_run` continues it.

    Raises:
        ValueError: If an option or the data cannot be used; nothing was written then.

    Example:
        A new head on ImageNet features of your photos, one folder a class::

            from imgcls import TrainConfig, train_run
            from imgcls.config import InputConfig

            run = train_run(TrainConfig(input=InputConfig(data="photos")))
            print(run.evaluation()["accuracy"])
    """
    run, manifest = create_run(config, progress)
    train_and_evaluate(run, manifest, progress)
    return run


def resume_run(
    run: RunFolder | str | Path, changes: Changes | None = None, progress: Progress | None = None
) -> RunFolder:
    """Continue a run from its last checkpoint, to the very weights of an unbroken one, and judge it.

    Args:
        run: Folder of the run.
        changes: New values for `imgcls.run_folder.CHANGEABLE`, such as {"epochs": 60}.
        progress: Receives each step and epoch.

    Returns:
        The same run.

    Example:
        Twenty epochs more for a run of forty::

            from imgcls import resume_run

            resume_run("runs/photos-1", {"epochs": 60})

    Raises:
        ValueError: If another process trains the run, or if it cannot continue with the changes.
    """
    run = RunFolder.of(run)
    run.check_not_alive()
    change_run(run, changes or {})
    if changed := run.changed_network():
        log.warning("%s", changed)
    train_and_evaluate(run, Manifest.load(run.manifest_file), progress)
    return run


def train_and_evaluate(run: RunFolder, manifest: Manifest, progress: Progress | None = None) -> bool:
    """Train a run that `create_run` made, fit its judgement on validation, and judge it on the test split.

    Returns:
        Whether it came to its end; False if a signal interrupted it, with a checkpoint written.
    """
    with _failure_noted(run):
        finished = train_only(run, manifest, progress)
        draw_if_watched(run)
        if not finished:
            run.write_status("interrupted")
            return False
        run.write_status("evaluating")
        if run.config.judgement.calibrate:
            calibrate_run(run, progress=progress)
        evaluation = evaluate_run(run, progress=progress)
        run.write_status("finished", accuracy=evaluation.accuracy)
    return True


def train_only(run: RunFolder, manifest: Manifest, progress: Progress | None = None, writes: bool = True) -> bool:
    """Train a run without judging it. writes: False for a worker that is not the first; it leaves the folder alone."""
    progress = progress or Progress()
    with run.held() if writes else nullcontext():
        on_epoch = drawing(run, progress.epoch) if writes else progress.epoch
        return train_network(run, manifest, on_step=progress.step, on_epoch=on_epoch)


def change_run(run: RunFolder, changes: Changes) -> TrainConfig:
    """The config of a run that continues, with what changes written into its folder."""
    config = changed_config(run, changes)
    save_changed(run, config)
    return config


def save_changed(run: RunFolder, config: TrainConfig) -> None:
    """Write the config that a run continues with into its folder; a run that is to do more is not finished any more."""
    if config == run.config:
        return
    if run.status().get("state") == "finished":  # before the config, so that a kill between the two loses nothing
        run.write_status("interrupted")
    run.save_config(config)


def run_of_chief(path: Path) -> RunFolder:
    """The run folder that the first worker has made, once this worker sees it.

    Raises:
        FileNotFoundError: If it is not there after two minutes.
    """
    until = time.monotonic() + WAIT_FOR_CHIEF
    while not (path / "manifest.parquet").is_file():
        if time.monotonic() > until:
            raise FileNotFoundError(
                f"Worker 0 has made the run, and {path} is not there after {WAIT_FOR_CHIEF} s. All workers need the "
                "same --runs folder, on a disk that they share."
            )
        time.sleep(0.5)
    return RunFolder(path)


@contextmanager
def _failure_noted(run: RunFolder) -> Iterator[None]:
    """Write into the run's status why it ended, for those who follow it from elsewhere."""
    try:
        yield
    except BaseException as error:
        with suppress(OSError):  # a full disk may be what ended it
            run.write_status("failed", message=str(error) or type(error).__name__)
        raise
