"""Train a classifier on a folder with one folder of images a class.

Without flags it trains on the sample that comes along. Everything about the run is kept in its folder under runs/.

Examples:
  python -m imgcls.train
  python -m imgcls.train --data photos --model efficientnet_lite0 --weights imagenet --epochs 10
  python -m imgcls.train --config runs/fashion_mini-resnet20-1/config.toml --seed 1
  python -m imgcls.train --folds 5
  python -m imgcls.train --resume runs/fashion_mini-resnet20-1
  python -m imgcls.train --resume runs/fashion_mini-resnet20-1 --epochs 60

What was interrupted or killed goes on from its last checkpoint with --resume, and so does a finished run that is to be
trained longer; --epochs, --learning-rate and --early-stopping-patience may be given anew. Folds go on by the same
command again.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, stdev
from typing import TYPE_CHECKING, Annotated, ClassVar

import tyro

from imgcls.cli import command, flags
from imgcls.config import TrainConfig, flag, load_toml
from imgcls.metrics import METRICS, Metric

if TYPE_CHECKING:
    from imgcls.data.manifest.table import Manifest
    from imgcls.run_folder import RunFolder
    from imgcls.training.folds import Folds

WAIT_FOR_CHIEF = 3600  # seconds, in which it looks at every image


@dataclass(frozen=True)
class Options:
    first_flags: ClassVar = (
        "data", "model", "weights", "plan", "augmentation", "epochs", "batch_size", "learning_rate", "seed", "folds",
        "name", "config", "resume",
    )  # fmt: skip
    train: Annotated[TrainConfig, tyro.conf.arg(name="")] = field(default_factory=TrainConfig)
    config: Path | None = None  # TOML file to start from, as every run folder holds; flags change its values
    resume: Path | None = None  # run folder to go on with, from its last checkpoint


def main(options: Options) -> int:
    from imgcls.cli.terminal import go_on_unread, warn
    from imgcls.run_folder import RunFolder
    from imgcls.training.devices.cluster import find_cluster

    go_on_unread()
    train = options.train
    if options.resume:
        changes = _changes(options)
        run = RunFolder(options.resume)
        others = find_cluster()
        if (others is None or others.is_chief) and run.is_alive():  # another worker's life is that of the first one
            raise ValueError(f"The run {run.path} is being trained by process {run.status()['pid']}; wait for it.")
    command.import_tensorflow()
    if options.resume:
        train = _resumed(run, changes)
    from imgcls.data.manifest.table import Manifest
    from imgcls.training.devices.strategy import join_workers
    from imgcls.training.folds import Folds

    cluster = join_workers(train.training.strategy)
    if cluster is not None and not options.resume and not train.name:
        raise ValueError("Several workers need the same --name, so that they find the run folder of the first one.")
    if cluster is not None and not cluster.is_chief:
        run = run if options.resume else _run_of_chief(Path(train.runs) / train.name)
        return command.OK if _train(run, Manifest.load(run.manifest_file), writes=False) else command.INTERRUPTED
    if options.resume:
        if changed := run.changed_network():
            warn(changed)
        folds = Folds.of(run)
        if folds and not changes and cluster is None:
            return _train_every_fold(folds)
        manifest = Manifest.load(run.manifest_file)
    elif train.input.folds and not train.input.fold:
        if cluster is not None:
            raise ValueError("Several workers train one fold at a time; name it with --fold.")
        return _train_every_fold(Folds.from_config(train))
    else:
        from imgcls.workflow.create import create_run

        run, manifest = create_run(train)
    return _train_and_judge(run, manifest)


def _train_every_fold(folds: "Folds") -> int:
    """A run for each fold, one after the other, and what they give together. Those that are there go on."""
    import keras

    from imgcls.cli.terminal import next_step, say

    runs, codes = [], []
    try:
        for fold in range(1, folds.count + 1):
            say(f"\nFold {fold} of {folds.count}")
            run, manifest = _prepared_fold(folds, fold)
            runs.append(run)
            finished = run.status().get("state") == "finished"
            if finished:
                say(f"{run.path} is finished.")
            codes.append(_code(manifest) if finished else _train_and_judge(run, manifest))
            if codes[-1] == command.INTERRUPTED:
                say("The folds after it follow then." if fold < folds.count else "")
                return command.INTERRUPTED
            keras.backend.clear_session()
    except KeyboardInterrupt:  # not in training, which ends by itself
        if runs:
            next_step(f"python -m imgcls.train --resume {runs[-1].path}")
        raise
    metric = runs[0].best_metric
    validation = _mean_and_spread([run.kept_epoch()[metric.on_validation] for run in runs], metric)
    test = _mean_and_spread([run.status()["accuracy"] for run in runs], METRICS["accuracy"])
    say(f"\n{folds.count} folds, {metric.title} on each one's validation split: {validation}")
    say(f"Accuracy on the test split, which is the same for all: {test}")
    return max(codes)


def _prepared_fold(folds: "Folds", fold: int) -> tuple["RunFolder", "Manifest"]:
    from imgcls.data.manifest.table import Manifest
    from imgcls.workflow.create import create_run

    run = folds.run(fold)
    if run is not None:
        return run, Manifest.load(run.manifest_file)
    run, manifest = create_run(folds.config(fold))
    folds.note_in(run)
    return run, manifest


def _mean_and_spread(values: list[float], metric: Metric) -> str:
    worst = min(values, key=metric.rank)
    return (
        f"{metric.shown(mean(values))} (standard deviation {metric.shown(stdev(values))}, worst {metric.shown(worst)})"
    )


def _changes(options: Options) -> dict[str, float]:
    """What of the run's config is to change where it goes on: what was typed beside --resume."""
    from imgcls.run_folder import CHANGEABLE

    may = {flag(name): getattr(options.train.training, name) for name in CHANGEABLE}
    typed = [name for name in flags.typed() if name != "--resume"]
    others = [name for name in typed if name not in may]
    if others:
        raise ValueError(
            f"--resume goes on with the run's own config, which {', '.join(others)} would change. What can be given "
            f"with it: {', '.join(may)}. Other settings make a new run: python -m imgcls.train --config "
            f"{options.resume / 'config.toml'} {' '.join(others)} ..."
        )
    return {name.removeprefix("--").replace("-", "_"): may[name] for name in typed}


def _resumed(run: "RunFolder", changes: dict[str, float]) -> TrainConfig:
    """The config of a run that goes on, with what changes written into its folder."""
    from imgcls.training.continuation import changed_config

    config = changed_config(run, changes)
    if changes:
        run.save_config(config)
    return config


def _run_of_chief(path: Path) -> "RunFolder":
    """The run folder that the first worker makes, once it is ready."""
    from imgcls.run_folder import RunFolder

    until = time.monotonic() + WAIT_FOR_CHIEF
    while not (path / "manifest.parquet").is_file():
        if time.monotonic() > until:
            raise FileNotFoundError(
                f"No run at {path} after {WAIT_FOR_CHIEF} s. All workers need the same --runs folder."
            )
        time.sleep(0.5)
    return RunFolder(path)


def _train_and_judge(run: "RunFolder", manifest: "Manifest") -> int:
    from imgcls.cli.terminal import next_step

    with _failure_noted(run):
        if not _train(run, manifest):
            run.write_status("interrupted")
            next_step(f"python -m imgcls.train --resume {run.path}")
            return command.INTERRUPTED
        accuracy = _judge(run)
        run.write_status("finished", accuracy=accuracy)
    return _code(manifest)


def _code(manifest: "Manifest") -> int:
    return command.WITH_PROBLEMS if len(manifest.problems) else command.OK


def _train(run: "RunFolder", manifest: "Manifest", writes: bool = True) -> bool:
    from imgcls.training.run import train_network

    with run.held() if writes else nullcontext(), live_line() as (on_step, on_epoch):
        return train_network(run, manifest, on_step=on_step, on_epoch=on_epoch)


def _judge(run: "RunFolder") -> float:
    """Judge on the test split, and say what came out, where it is, and what to do next."""
    from imgcls.cli.terminal import next_step, say
    from imgcls.evaluate import evaluate_run, show

    run.write_status("evaluating")
    evaluation = evaluate_run(run)
    say()
    show(evaluation, "test")
    say(f"\nReport: {run.report_file}\nModel:  {run.model_file}")
    next_step(f"python -m imgcls.export {run.path}")
    return evaluation.accuracy


@contextmanager
def live_line() -> Iterator[tuple[Callable[[dict], None], Callable[[dict], None]]]:
    """A line that follows the run, and one that stays for each epoch: yields (on_step, on_epoch)."""
    from rich.progress import BarColumn, Progress, TextColumn

    from imgcls.cli.terminal import console

    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), TextColumn("{task.fields[facts]}"))
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    began, first = time.monotonic(), []

    def on_step(status: dict) -> None:
        if "doing" in status:
            total = status["total"] if status["done"] else None
            bar.update(task, description=status["doing"], completed=status["done"], total=total, facts="")
            return
        done = (status["epoch"] - 1) * status["steps"] + status["step"]
        first.append(done) if not first else None
        left = (status["epochs"] * status["steps"] - done) / max(1, done - first[0]) * (time.monotonic() - began)
        metrics = status["metrics"]
        facts = (
            f"loss {metrics['loss']:.3f}  accuracy {100 * metrics['accuracy']:.1f} %  "
            f"{status['images_per_second']:.0f} images/s  {_clock(left)} left"
        )
        text = f"epoch {status['epoch']}/{status['epochs']}"
        bar.update(task, description=text, completed=status["step"], total=status["steps"], facts=facts)

    def on_epoch(row: dict) -> None:
        name = f"epoch {row['epoch']:>3}/{row['epochs']}" if row["epoch"] else "the head alone"
        rate = f"{row['images_per_second']:.0f} images/s" if row["epoch"] else f"{row['seconds']:.1f} s"
        console.print(
            f"{name}  "
            f"loss {row['loss']:.3f}  accuracy {100 * row['accuracy']:5.1f} %  "
            f"validation loss {row['val_loss']:.3f}  accuracy {100 * row['val_accuracy']:5.1f} %  {rate}"
        )

    with bar:
        task = bar.add_task("Building the network", total=None, facts="")
        yield on_step, on_epoch


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


@contextmanager
def _failure_noted(run: "RunFolder") -> Iterator[None]:
    """Write into the run's status why it ended, for those who follow it from elsewhere."""
    try:
        yield
    except BaseException as error:
        with suppress(OSError):  # a full disk may be what ended it
            run.write_status("failed", message=str(error) or type(error).__name__)
        raise


def _from_config_file() -> Options | None:
    """The values of the file behind --config, which the other flags then change."""
    file = flags.typed().get("--config")
    return Options(train=load_toml(file), config=Path(file)) if file else None


if __name__ == "__main__":
    command.run(main, Options, __doc__, default=_from_config_file)
