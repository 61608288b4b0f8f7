"""The runs of a cross-validation: where each fold's run lies, and which of them are there already."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from imgcls.config import TrainConfig
from imgcls.config_file import load_toml, save_toml
from imgcls.files import remove
from imgcls.run_folder import RunFolder


@dataclass(frozen=True)
class Folds:
    """All folds together.

    asked: the config that they were asked for with; it names no fold, and the names of the runs begin with its own.
    """

    asked: TrainConfig

    @classmethod
    def from_config(cls, config: TrainConfig) -> "Folds":
        """Where the config has no name: those of the same config that are not all finished, else under a free name."""
        config = replace(config, runs=str(Path(config.runs)))
        if config.name:
            return cls(config)
        stem, number = re.sub(r"[^\w.-]+", "_", Path(config.input.data).stem), 1
        while not (found := cls(replace(config, name=f"{stem}-{config.input.folds}folds-{number}"))).is_open():
            number += 1
        return found

    @classmethod
    def of(cls, run: RunFolder) -> "Folds | None":
        """Those that the run is one of; None if it stands alone."""
        if not run.folds_file.is_file():
            return None
        return cls(replace(load_toml(run.folds_file), runs=str(run.path.parent)))

    @property
    def count(self) -> int:
        """How many folds there are."""
        return self.asked.input.folds

    def config(self, fold: int) -> TrainConfig:
        """That of one fold, from 1."""
        inputs = replace(self.asked.input, fold=fold)
        return replace(self.asked, input=inputs, name=f"{self.asked.name}-fold{fold}")

    def run(self, fold: int) -> RunFolder | None:
        """The run of a fold; None if it is not there, or ended before it was prepared, of which nothing is left then.

        Raises ValueError if a run of something else has its place, or another process is at it.
        """
        path = self._path(fold)
        if not (path / "config.toml").is_file():
            return None
        run = RunFolder(path)
        run.check_not_alive()
        if not run.manifest_file.is_file():
            remove(path)
            return None
        if Folds.of(run) != self:
            raise ValueError(f"The run at {path} is of other folds or settings than these. Choose another --name.")
        return run

    def note_in(self, run: RunFolder) -> None:
        """Write into the folder of a fold's run which folds it is one of."""
        save_toml(self.asked, run.folds_file)

    def is_open(self) -> bool:
        """Whether these folds are what is there under their name, and some are left to do; or nothing is there."""
        there = [RunFolder(path) for path in map(self._path, range(1, self.count + 1)) if path.is_dir()]
        prepared = [run for run in there if run.manifest_file.is_file()]
        finished = [run for run in prepared if run.status().get("state") == "finished"]
        return all(Folds.of(run) == self for run in prepared) and len(finished) < self.count

    def latest(self) -> RunFolder | None:
        """The run of the last fold that has begun; None if none has."""
        there = [path for path in map(self._path, range(1, self.count + 1)) if (path / "manifest.parquet").is_file()]
        return RunFolder(there[-1]) if there else None

    def _path(self, fold: int) -> Path:
        return Path(self.asked.runs) / self.config(fold).name
