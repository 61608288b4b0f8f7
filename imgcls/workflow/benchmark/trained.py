"""The accuracy of a network that is trained for the benchmark, in a run and a process of its own."""

import hashlib
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from imgcls.checksums import sha256_of
from imgcls.config import TrainConfig
from imgcls.data.splits.units import units_of
from imgcls.evaluation.intervals import wilson_interval
from imgcls.metrics import metric_for
from imgcls.progress import Progress
from imgcls.run_folder import name_stem
from imgcls.workflow.benchmark.accuracy import Accuracy, Judged, judge
from imgcls.workflow.benchmark.deadline import Deadline
from imgcls.workflow.benchmark.epoch_times import EpochTimes
from imgcls.workflow.benchmark.images import BenchmarkImages
from imgcls.workflow.benchmark.network import RANDOM, BuiltNetwork, network_config, short_name
from imgcls.workflow.benchmark.request import FULL_EPOCHS, SHORT_EPOCHS, BenchmarkRequest
from imgcls.workflow.flat_options import flat
from imgcls.workflow.predictions import predictions_of
from imgcls.workflow.trials import INTERRUPTED, SUCCEEDED, TrialRun, ending_with_us


class TimeIsUpError(Exception):
    """The benchmark may take no longer; what was begun is gone on with at the next start."""


def run_name(request: BenchmarkRequest, images: BenchmarkImages, network: BuiltNetwork) -> str:
    """The name of the run that a network is trained in, in the folder of the benchmark: another one for other images,
    other settings, or another content of the network's own file.
    """
    model = network.config.network.model
    settings = flat(run_config(request, network, ""))
    content = sha256_of(Path(model)) if Path(model).is_file() else ""
    said = f"{images.fingerprint} {content} {[(name, settings[name]) for name in sorted(settings) if name != 'runs']}"
    return f"{name_stem(images.name, model)}-{request.train}-{hashlib.sha256(said.encode()).hexdigest()[:8]}"


def trained_accuracy(
    request: BenchmarkRequest, images: BenchmarkImages, network: BuiltNetwork, deadline: Deadline, progress: Progress
) -> Accuracy:
    """Train a network on the training images, and judge it on the validation images by the epoch that it keeps.

    A run that was interrupted continues.

    Raises:
        RuntimeError: If the training failed.
        TimeIsUpError: If the time of the benchmark is over.
        KeyboardInterrupt: If it was interrupted.
    """
    request.folder.mkdir(parents=True, exist_ok=True)
    run = TrialRun(request.folder, run_name(request, images, network))
    if not run.hold():
        raise RuntimeError(f"Another process trains {run.path}.")
    metric = metric_for("auto", images.task).on_validation
    try:
        run.wait(_raising_in_time(deadline))
        reached = _followed(run, run_config(request, network, run.name), metric, deadline, progress)
        judged = _judged(images, run, metric, progress)
    finally:
        run.let_go()
    start = "random weights" if network.weights == RANDOM else f"{network.weights} weights"
    how = f"{run.folder.config.training.epochs} epochs from {start}, plan {run.folder.config.network.plan}"
    return Accuracy(judged, len(images.manifest.split("validation")), how, reached[-1][0] if reached else None, reached)


def run_config(request: BenchmarkRequest, network: BuiltNetwork, name: str) -> TrainConfig:
    """What the run of a network is to do: what training does by itself, in few epochs or in all of them."""
    plain = TrainConfig()
    config = network_config(request, network.config.network.model, network.weights)
    epochs = SHORT_EPOCHS if request.train == "short" else FULL_EPOCHS
    training = replace(plain.training, epochs=epochs, seed=request.seed)
    return replace(config, balance=plain.balance, training=training, name=name, runs=str(request.folder))


def _judged(images: BenchmarkImages, run: TrialRun, metric: str, progress: Progress) -> Judged:
    """The validation images, by the epoch that the run keeps. The interval of accuracy needs no predictions."""
    if images.task == "multi_label":
        table = predictions_of(run.folder, "validation", progress)
        return judge(table.predictions, pd.Series(range(len(table)) if table.groups is None else table.groups))
    value = float(run.folder.kept_epoch()[metric])
    count = units_of(images.manifest)[images.manifest.split("validation").index].nunique()
    return Judged("accuracy", value, *wilson_interval(value * count, count))


def _followed(
    run: TrialRun, config: TrainConfig, metric: str, deadline: Deadline, progress: Progress
) -> tuple[tuple[float, float], ...]:
    """Train until the end. Returns the seconds after which each epoch had ended, and its metric on validation."""
    reached: list[tuple[float, float]] = []
    times = EpochTimes(run.path, run.epochs())
    process = run.start(config)
    ending = _EndingInTime(process, deadline)
    try:
        with _gone_at_the_end(process), ending_with_us(process):
            for number, row in enumerate(run.follow(process, ending)):
                reached.append((times.of(number, row["seconds"]), float(row[metric])))
                progress.doing(f"Training {short_name(config.network.model)}", row["epoch"], config.training.epochs)
    finally:
        times.keep()
    if process.returncode in SUCCEEDED:
        return tuple(reached)
    if ending.is_asked:  # whatever the code: a process that still starts up ends by the signal itself
        raise TimeIsUpError
    if process.returncode == INTERRUPTED:
        raise KeyboardInterrupt
    raise RuntimeError(f"The training failed: {run.reason()}")


@contextmanager
def _gone_at_the_end(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Within, the process may train; after it, whatever happened, there is none."""
    try:
        yield
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def _raising_in_time(deadline: Deadline) -> Callable[[], None]:
    def look() -> None:
        if deadline.is_over:
            raise TimeIsUpError

    return look


@dataclass
class _EndingInTime:
    """Has a training write its checkpoint and end when the time is over; a second signal would end it without one.

    Attributes:
        is_asked: Whether it was asked to end.
    """

    process: "subprocess.Popen[bytes]"
    deadline: Deadline
    is_asked: bool = False

    def __call__(self) -> None:
        if self.deadline.is_over and not self.is_asked:
            self.is_asked = True
            self.process.terminate()
