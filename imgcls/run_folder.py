"""The folder of one run: what is where in it, and whether it is one."""

import fcntl
import html
import json
import logging
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import IO, Any

from imgcls.command_line import command_line
from imgcls.config import TrainConfig
from imgcls.config_file import load_toml, save_toml, written_by
from imgcls.files import check_writable, read_json, remove, replacing, write_json
from imgcls.living_process import is_alive
from imgcls.metrics import METRICS, Metric
from imgcls.models.kept_network import KEPT_FILES, KEPT_PRESET, is_changed, kept, original
from imgcls.nearest_name import nearest_name

LIVE = ("preparing", "training", "evaluating")  # states of a run that a process works on
MOMENT = 0.05  # seconds, for which one who looks whether a run is held may hold it

LOGGED = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy")  # numbers that each line of metrics.jsonl has
PROGRESS = ("epoch", "epochs", "step", "steps", "images_per_second")  # that the status has while it trains

WAITING = "waiting_for_data"  # in both, since imgcls 0.8: share of the time in which the steps wait for images

CHANGEABLE = ("epochs", "learning_rate", "early_stopping_patience", "strategy")  # of training, in a run that goes on
Changes = Mapping[str, float | str]  # new values of these, by their names
BEST = "best"  # name of the checkpoint with the weights of the best epoch

log = logging.getLogger(__name__)

OLDEST = (0, 2)  # version of imgcls whose run folders can still be read
LOST = "it could be read before training and no longer during it"


class RunFolder:
    """Paths of a run folder, its state, and its metrics.

    `create` makes one; the constructor opens one that exists.

    Args:
        path: Of the folder.

    Raises:
        ValueError: If the folder is no run, or a run of before version 0.2.

    Example:
        ::

            from imgcls import RunFolder

            run = RunFolder("runs/photos-1")
            run.state(), run.config.network.model, run.evaluation()["accuracy"]
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.config_file = self.path / "config.toml"
        self.manifest_file = self.path / "manifest.parquet"
        self.metrics_file = self.path / "metrics.jsonl"
        self.held_file = self.path / ".held"
        self.lost_file = self.path / "problems.jsonl"
        self.status_file = self.path / "status.json"
        self.checkpoints = self.path / "checkpoints"
        self.folds_file = self.path / "folds.toml"  # the config of all folds, where the run is one of them
        self.plan_file = self.path / "plan.json"  # why the plan was chosen, where it was
        self.xla_file = self.path / "xla.json"  # what a step took with and without XLA, where it was measured
        self.learning_rate_image = self.path / "learning_rate.svg"  # of the trial, where one was asked for
        self.model_file = self.path / "model.keras"
        self.predictions = self.path / "predictions"  # <split>.parquet and <split>.npy
        self.evaluation_file = self.path / "evaluation.json"
        self.report_file = self.path / "report.html"
        self.review_file = self.path / "review.json"  # what a review of the labels found, where there was one
        self.learning_curve_file = self.path / "learning_curve.json"  # where one was asked for
        self.model_card_file = self.path / "model_card.md"
        self.tensorboard = self.path / "tensorboard"
        self.watch = self.path / "watch"  # epoch_<number>.npz and .png, strip.png; where it was asked for
        if not self.config_file.is_file():
            what = "is no run folder: it has no config.toml" if self.path.is_dir() else "is no folder"
            raise ValueError(
                f"{self.path} {what}.{_near_run(self.path)} Expected the folder of a run, such as runs/my-run, that "
                "`python -m imgcls.train` wrote."
            )
        if written_by(self.config_file) < OLDEST:
            raise ValueError(
                f"The run {self.path} was written by imgcls before version {OLDEST[0]}.{OLDEST[1]}, which this version "
                f"does not read; train it again with {command_line('train', '--config', self.config_file)}, which "
                "says how its options are called now, or with python -m imgcls.train --data and the name of its images."
            )

    @classmethod
    def check_free(cls, config: TrainConfig) -> None:
        """Raise FileExistsError or OSError if `create` could not make the folder: known before an image is read."""
        path = Path(config.runs) / (config.name or free_name(config.runs, config.input.data, config.network.model))
        if config.name and path.is_dir():
            raise FileExistsError(_taken(path))
        check_writable(path, folder=True)

    @classmethod
    def create(cls, config: TrainConfig) -> "RunFolder":
        """Make the folder and write the config. Raises FileExistsError if a run of that name exists."""
        path = Path(config.runs) / (config.name or free_name(config.runs, config.input.data, config.network.model))
        try:
            path.mkdir(parents=True)
        except FileExistsError as error:
            if not path.is_dir():
                raise
            if not config.name:  # another run took the number in this moment
                return cls.create(config)
            raise FileExistsError(_taken(path)) from error
        with _gone_if_it_fails(path):
            save_toml(config, path / "config.toml")
            _keep_network(config.network.model, path)
            return cls(path)

    def being_prepared(self) -> AbstractContextManager[None]:
        """Within, the run gets what it needs to begin; if anything is raised, its folder is gone again."""
        return _gone_if_it_fails(self.path)

    @classmethod
    def of(cls, run: "RunFolder | str | Path") -> "RunFolder":
        """The folder of a run that is named by its path, or given as it is."""
        return run if isinstance(run, RunFolder) else cls(run)

    def check_not_alive(self) -> None:
        """Raise ValueError if another process is training this run."""
        if self.is_alive():
            raise ValueError(f"The run {self.path} is being trained by process {self.status()['pid']}; wait for it.")

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"

    def _repr_html_(self) -> str:
        """The report, for a notebook; before there is one, the run's state and its last epoch."""
        if not self.report_file.is_file():
            last = self.metrics()[-1:]
            return f"<p><code>{html.escape(str(self.path))}</code>: {self.state()}</p>" + "".join(
                f"<p>{html.escape(json.dumps(row))}</p>" for row in last
            )
        report = html.escape(self.report_file.read_text("utf-8"), quote=True)
        return f'<iframe srcdoc="{report}" style="width: 100%; height: 40em; border: 0"></iframe>'

    @property
    def config(self) -> TrainConfig:
        """What the run was made with; a network of the user's own is the copy that the run keeps."""
        config = load_toml(self.config_file)
        copy = kept(self.path)
        return replace(config, network=replace(config.network, model=copy)) if copy else config

    def save_config(self, config: TrainConfig) -> None:
        """Write a changed config; a network of the user's own keeps the name that the user gave it."""
        named = load_toml(self.config_file).network.model
        save_toml(replace(config, network=replace(config.network, model=named)), self.config_file)

    def changed_network(self) -> str:
        """A sentence if the file of the user's own network is another one than the run began with; else empty."""
        named, copy = load_toml(self.config_file).network.model, kept(self.path)
        if not is_changed(named, copy):
            return ""
        return (
            f"{named} has changed since the run began. The run goes on with the network that it began with, "
            f"{copy}; for the changed one, train anew."
        )

    def plan(self) -> dict[str, Any]:
        """Why the plan was chosen, as `imgcls.training.transfer.plan.Choice` has it.

        Empty if the user named the plan, or if the file is damaged.
        """
        plan = read_json(self.plan_file)
        reasons = plan.get("reasons")
        return plan if isinstance(reasons, list) and all(isinstance(why, str) for why in reasons) else {}

    def predictions_file(self, split: str) -> Path:
        """The predictions for a split, as `imgcls.evaluation.prediction_table.PredictionTable` reads them."""
        return self.predictions / f"{split}.parquet"

    def evaluation(self) -> dict[str, Any]:
        """The judgement on the test split, as evaluation.json has it; empty if there is none, or if it is damaged."""
        return read_json(self.evaluation_file)

    def require_model(self) -> Path:
        """The model file. Raises ValueError if the run has none yet.

        If the process of the run died although there is a model, of its first part for example, a warning is logged.
        """
        if not self.model_file.is_file():
            state = self.state()
            if state == "died":
                raise ValueError(f"The run {self.path} has no model: its process died. Go on with it: {self._resume()}")
            raise ValueError(
                f"The run {self.path} has no model yet (its state is {state!r}). Wait for it to finish, or go on "
                f"with it: {self._resume()}"
            )
        if self.state() == "died":
            _warn_of_death(self.path, self.status()["state"], self._resume())
        return self.model_file

    def _resume(self) -> str:
        return command_line("train", "--resume", self.path)

    @property
    def bundle_name(self) -> str:
        """What a bundle of this run is called if nobody names it."""
        return cleaned_name(self.path.resolve().name)

    def write_status(self, state: str, **facts: object) -> None:
        """Say what the run is doing. state: preparing, training, evaluating, finished, interrupted or failed."""
        write_json(self.status_file, {"state": state, "pid": os.getpid(), "heartbeat": time.time(), **facts})

    def status(self) -> dict[str, Any]:
        """What `write_status` wrote last; empty if nothing yet, or if the file is damaged."""
        status = read_json(self.status_file)
        return status if _is_status(status) else {}

    def state(self) -> str:
        """What `write_status` said, or "died" where it says that a process is at work and none is; else "unknown"."""
        status = self.status()
        state = status.get("state", "unknown")
        return "died" if state in LIVE and status["pid"] != os.getpid() and not self.is_alive() else state

    def is_alive(self) -> bool:
        """Whether a living process, other than this one, is working on this run."""
        status = self.status()
        if status.get("state") not in LIVE:
            return False
        if status["pid"] == os.getpid():
            return False
        return self._is_held() or is_alive(status["pid"], status["heartbeat"])

    @contextmanager
    def held(self) -> Iterator[None]:
        """Within, no other process can hold this run; the system lets go of it however this process ends.

        Raises ValueError if another one holds it.
        """
        with self.held_file.open("a") as file:
            if not _lock_in_time(file):
                pid = self.status().get("pid", "unknown")
                raise ValueError(f"The run {self.path} is being trained by process {pid}; wait for it.")
            yield

    def _is_held(self) -> bool:
        """Whether a process is within `held`, which no stale number of a process can pretend."""
        try:
            with self.held_file.open() as file:
                return not _lock(file, fcntl.LOCK_SH)
        except OSError:  # no process was ever within
            return False

    def note_lost(self, path: str) -> None:
        """Note a file that could be read before training and no longer can."""
        with self.lost_file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"file": path, "reason": LOST}) + "\n")

    def lost(self) -> dict[str, str]:
        """The files that became unreadable during training, with the reason; without the lines that are damaged."""
        rows = _read_lines(self.lost_file)
        return {row["file"]: row["reason"] for row in rows if isinstance(row.get("file"), str) and "reason" in row}

    def append_metrics(self, row: dict[str, Any]) -> None:
        """Write the metrics of an epoch."""
        with self.metrics_file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def metrics(self) -> list[dict[str, Any]]:
        """One dictionary an epoch; without lines that are damaged, such as a last one that is still being written."""
        rows = _read_lines(self.metrics_file)
        return [row for row in rows if _are_numbers(row, LOGGED, needed=True) and _are_numbers(row, (WAITING,))]

    def epochs_done(self) -> int:
        """The number of epochs that were trained to their end."""
        rows = self.metrics()
        return int(rows[-1]["epoch"]) if rows else 0

    @property
    def best_metric(self) -> Metric:
        """The metric whose best value on validation decides which epoch is kept."""
        chosen = self.config.balance.best_epoch
        return METRICS["accuracy" if chosen == "auto" else chosen]

    def kept_epoch(self) -> dict[str, Any]:
        """The metrics of the epoch whose weights are kept, with its number as "epoch"; empty before the first one."""
        rows = {row["epoch"]: row for row in self.metrics()}
        kept = read_json(self.checkpoints / BEST / "state.json")  # checkpoints may be removed to make room
        if "epoch" in kept:
            return {**kept, **rows.get(kept["epoch"], {})}
        metric = self.best_metric
        able = [row for row in rows.values() if metric.on_validation in row]
        return max(able, key=lambda row: (metric.rank(row[metric.on_validation]), -row["val_loss"]), default={})

    def keep_metrics_up_to(self, epoch: int) -> None:
        """Forget the epochs after `epoch`, which a resumed run will write again."""
        rows = [row for row in self.metrics() if row["epoch"] <= epoch]
        with replacing(self.metrics_file) as partial:
            partial.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def _keep_network(named: str, run: Path) -> None:
    """Copy the file or folder of a network of the user's own, so that the run does not depend on what becomes of it."""
    source = original(named)
    if source is None:
        return
    if source.is_dir():
        shutil.copytree(source, run / KEPT_PRESET)
        return
    with replacing(run / KEPT_FILES[source.suffix], durable=True) as partial:
        shutil.copyfile(source, partial)


def _lock_in_time(file: IO[Any]) -> bool:
    """Whether the file could be locked, at once or a few moments later."""
    for _ in range(5):
        if _lock(file, fcntl.LOCK_EX):
            return True
        time.sleep(MOMENT)
    return False


def _lock(file: IO[Any], kind: int) -> bool:
    """Lock a file until it is closed; False if another process has it."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read_lines(path: Path) -> list[dict[str, Any]]:
    """The dictionaries of a file with one a line; what is damaged is left out."""
    rows = []
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return []
    for line in lines:
        with suppress(ValueError, RecursionError):
            rows.append(json.loads(line))
    return [row for row in rows if isinstance(row, dict)]


def _is_status(values: dict[str, Any]) -> bool:
    """Whether it is what `write_status` writes."""
    return (
        isinstance(values.get("state"), str)
        and type(values.get("pid")) is int
        and _are_numbers(values, ("heartbeat",), needed=True)
        and _are_numbers(values, PROGRESS, needed="steps" in values)
        and _are_numbers(values, ("accuracy", WAITING))
        and isinstance(values.get("metrics", {}), dict)
        and _are_numbers(values.get("metrics", {}), LOGGED)
    )


def _are_numbers(values: dict[str, Any], names: tuple[str, ...], needed: bool = False) -> bool:
    """Whether those of these values that are there are numbers. needed: whether all of them must be."""
    return all(type(values[name]) in (int, float) if name in values else not needed for name in names)


@contextmanager
def _gone_if_it_fails(path: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(OSError):
            remove(path)
        raise


def _near_run(path: Path) -> str:
    """The sentence that proposes a run with a similar name, beside the path or among the usual runs; else empty."""
    runs = [config.parent for folder in (path.parent, Path("runs")) for config in folder.glob("*/config.toml")]
    nearest = nearest_name(path.name, [run.name for run in runs])
    return next((f" Did you mean {run}?" for run in runs if run.name == nearest), "")


def _taken(path: Path) -> str:
    is_run = (path / "config.toml").is_file()
    go_on = f", or go on with it: {command_line('train', '--resume', path)}" if is_run else ""
    what = "a run" if is_run else "a folder"
    return f"There is {what} at {path} already. Choose another --name{go_on}."


def free_name(runs: str | Path, data: str, model: str) -> str:
    """<data>-<model>-<number>, with the first number that is free in the folder of the runs."""
    stem = name_stem(data, model)
    number = 1
    while (Path(runs) / f"{stem}-{number}").exists():
        number += 1
    return f"{stem}-{number}"


def name_stem(data: str, model: str) -> str:
    """What a run is called by its data and its network, without the number.

    Example:
        >>> name_stem("photos/flowers.parquet", "keras_applications:MobileNetV2")
        'flowers-keras_applications_MobileNetV2'
    """
    return cleaned_name(f"{Path(data).stem}-{Path(model).stem}")


def cleaned_name(name: str) -> str:
    """A name that a folder, an address and a shell take as it is.

    Example:
        >>> cleaned_name("my photos (2)")
        'my_photos_2_'
    """
    return re.sub(r"[^\w.-]+", "_", name).lstrip(".-") or "unnamed"


@cache
def _warn_of_death(run: Path, was: str, resume: str) -> None:
    """Once in a process: a command asks for the model several times."""
    log.warning("The process of the run %s died while it was %s; go on with it: %s", run, was, resume)
