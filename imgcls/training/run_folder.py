"""The folder of one run: what is where in it, and whether it is one."""

import fcntl
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imgcls.config import TrainConfig, load_toml, save_toml
from imgcls.files import replacing, write_json

ALIVE_FOR = 120  # seconds without a sign of life after which a run counts as dead, whatever its process number says
CHANGEABLE = ("epochs", "learning_rate", "patience")  # of the training config, by a run that goes on
BEST = "best"  # name of the checkpoint with the weights of the best epoch

LOST = "it could be read before training and no longer during it"


class RunFolder:
    """Paths of a run folder, its state, and its metrics.

    `create` makes one; the constructor opens one that exists and raises ValueError if the folder is no run.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.config_file = self.path / "config.toml"
        self.manifest_file = self.path / "manifest.parquet"
        self.metrics_file = self.path / "metrics.jsonl"
        self.lost_file = self.path / "problems.jsonl"
        self.status_file = self.path / "status.json"
        self.checkpoints = self.path / "checkpoints"
        self.folds_file = self.path / "folds.toml"  # the config of all folds, where the run is one of them
        self.plan_file = self.path / "plan.json"  # why the plan was chosen, where it was
        self.learning_rate_picture = self.path / "learning_rate.svg"  # of the trial, where one was asked for
        self.model_file = self.path / "model.keras"
        self.evaluation_file = self.path / "evaluation.json"
        self.report_file = self.path / "report.html"
        self.tensorboard = self.path / "tensorboard"
        if not self.config_file.is_file():
            what = "is no run folder: it has no config.toml" if self.path.is_dir() else "is no folder"
            raise ValueError(
                f"{self.path} {what}. Expected the folder of a run, such as runs/{self.path.name or 'my-run'}, "
                "that `python -m imgcls.train` wrote."
            )

    @classmethod
    def create(cls, config: TrainConfig) -> "RunFolder":
        """Make the folder and write the config. Raises FileExistsError if a run of that name exists."""
        name = config.name or _free_name(config)
        path = Path(config.runs) / name
        try:
            path.mkdir(parents=True)
        except FileExistsError as error:
            raise FileExistsError(
                f"There is a run at {path} already. Choose another --name, or go on with it: "
                f"python -m imgcls.train --resume {path}"
            ) from error
        save_toml(config, path / "config.toml")
        return cls(path)

    @property
    def config(self) -> TrainConfig:
        return load_toml(self.config_file)

    def plan(self) -> dict:
        """Why the plan was chosen, as `imgcls.training.transfer.Choice` has it; empty if the user named it."""
        return json.loads(self.plan_file.read_text("utf-8")) if self.plan_file.is_file() else {}

    def require_model(self) -> Path:
        """The model file. Raises ValueError if the run has none yet."""
        if not self.model_file.is_file():
            state = self.status().get("state", "unknown")
            raise ValueError(
                f"The run {self.path} has no model yet (its state is {state!r}). Wait for it to finish, or go on "
                f"with it: python -m imgcls.train --resume {self.path}"
            )
        return self.model_file

    def write_status(self, state: str, **facts: object) -> None:
        """Say what the run is doing. state: preparing, training, evaluating, finished, interrupted or failed."""
        write_json(self.status_file, {"state": state, "pid": os.getpid(), "heartbeat": time.time(), **facts})

    def status(self) -> dict:
        """What `write_status` wrote last; empty if nothing yet."""
        try:
            return json.loads(self.status_file.read_text("utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return {}

    def is_alive(self) -> bool:
        """Whether a living process is working on this run."""
        status = self.status()
        if status.get("state") not in ("preparing", "training", "evaluating"):
            return False
        if time.time() - status.get("heartbeat", 0) > ALIVE_FOR:
            return False
        try:
            os.kill(status["pid"], 0)
        except (ProcessLookupError, KeyError):
            return False
        except PermissionError:
            return True
        return status["pid"] != os.getpid()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Within, no other process can hold this run; the system lets go of it however this process ends.

        Raises ValueError if another one holds it.
        """
        with (self.path / ".held").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                pid = self.status().get("pid", "unknown")
                raise ValueError(f"The run {self.path} is being trained by process {pid}; wait for it.") from error
            yield

    def note_lost(self, path: str) -> None:
        """Note a file that could be read before training and no longer can."""
        with self.lost_file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"file": path, "reason": LOST}) + "\n")

    def lost(self) -> dict[str, str]:
        """The files that became unreadable during training, with the reason."""
        if not self.lost_file.is_file():
            return {}
        rows = [json.loads(line) for line in self.lost_file.read_text("utf-8").splitlines()]
        return {row["file"]: row["reason"] for row in rows}

    def append_metrics(self, row: dict) -> None:
        with self.metrics_file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def metrics(self) -> list[dict]:
        """One dictionary an epoch; a last line that is still being written is left out."""
        if not self.metrics_file.is_file():
            return []
        rows = []
        for line in self.metrics_file.read_text("utf-8").splitlines():
            try:
                rows.append(json.loads(line))
            except json.JSONDecodeError:
                break
        return rows

    @property
    def best_by(self) -> str:
        """The figure whose best value on validation decides which epoch is kept; "val_" before it is its metric."""
        chosen = self.config.balance.best_epoch
        return "accuracy" if chosen == "auto" else chosen

    def kept_epoch(self) -> dict:
        """The metrics of the epoch whose weights are kept, with its number as "epoch"; empty before the first one."""
        rows = {row["epoch"]: row for row in self.metrics()}
        try:
            kept = json.loads((self.checkpoints / BEST / "state.json").read_text("utf-8"))
            return {**kept, **rows.get(kept["epoch"], {})}
        except (OSError, ValueError, KeyError):  # checkpoints may be removed to make room
            return max(rows.values(), key=lambda row: (row[f"val_{self.best_by}"], -row["val_loss"]), default={})

    def keep_metrics_up_to(self, epoch: int) -> None:
        """Forget the epochs after `epoch`, which a resumed run will write again."""
        rows = [row for row in self.metrics() if row["epoch"] <= epoch]
        with replacing(self.metrics_file) as partial:
            partial.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def _free_name(config: TrainConfig) -> str:
    """<data>-<model>-<number>, with the first number that is free."""
    stem = re.sub(r"[^\w.-]+", "_", f"{Path(config.input.data).stem}-{Path(config.network.model).stem}")
    number = 1
    while (Path(config.runs) / f"{stem}-{number}").exists():
        number += 1
    return f"{stem}-{number}"
