"""A folder of tables that a second start adds to.

predictions/
  _command.json        what was asked for; _command-2of4.json for the second of four shares; readers of tables skip "_"
  part-00000.parquet   each whole, however the process ended; part-2of4-00000.parquet likewise
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd

from imgcls.files import read_json, replacing, write_json
from imgcls.workflow.many_images.row_files import Write, names_in_rows, row_file
from imgcls.workflow.many_images.share import Share

ROWS = 100_000  # of a part
SECONDS = 300.0  # of work in a part; no more is lost if the process is killed
FIRST_SECONDS = 5.0  # of work in the first part, so that there is something to look at; the next lasts twice as long


class PartsFolder:
    """Rows of predictions in parts; as a context manager it ends the last part.

    Args:
        folder: Is made.
        asked: What was asked for, as JSON holds it. A folder goes on with the same alone.
        columns: Of the tables.
        suffix: Of the parts: ".parquet", ".csv" or ".jsonl".
        share: Which share of the images this process predicts. Several shares may share a folder.

    Raises:
        ValueError: The folder holds predictions of something else, or another process is at work in it.
    """

    def __init__(
        self, folder: Path, asked: dict[str, Any], columns: list[str], suffix: str, share: Share | None = None
    ) -> None:
        self.folder, self._columns, self._suffix = folder, columns, suffix
        self._infix = f"-{share}" if share and share.count > 1 else ""
        self._record = folder / f"_command{self._infix}.json"
        self._part = ExitStack()
        self._write: Write | None = None
        self._rows, self._began, self._lasts = 0, 0.0, FIRST_SECONDS
        self._asked = {**asked, "columns": columns, "suffix": suffix}
        self._check(read_json(self._record))
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = (folder / f".lock{self._infix}").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise ValueError(
                f"Another process writes its predictions to {folder} now. Wait for it, or end it."
            ) from error
        write_json(self._record, {**self._asked, "is_whole": False})

    def __enter__(self) -> "PartsFolder":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        try:
            if kind is None or issubclass(kind, KeyboardInterrupt):  # what was written until then are whole rows
                self._end_part()
                write_json(self._record, {**self._asked, "is_whole": kind is None})
            else:
                self._part.__exit__(kind, error, trace)
        finally:
            self._lock.close()

    @property
    def parts(self) -> list[Path]:
        """The parts that are there, in their order."""
        digits = "[0-9]" * 5
        return sorted(self.folder.glob(f"part{self._infix}-{digits}*{self._suffix}"))

    def names(self) -> Iterator[str]:
        """The names of the images whose rows are there."""
        for part in self.parts:
            yield from names_in_rows(part)

    def write(self, rows: pd.DataFrame) -> None:
        """Write some rows, into the part at hand or a new one."""
        if self._write is None:
            self._write = self._begin_part()
        self._write(rows)
        self._rows += len(rows)
        if self._rows >= ROWS or time.monotonic() - self._began >= self._lasts:
            self._end_part()

    def _begin_part(self) -> Write:
        parts = self.parts
        number = int(parts[-1].stem.rpartition("-")[2]) + 1 if parts else 0
        path = self.folder / f"part{self._infix}-{number:05}{self._suffix}"
        self._rows, self._began = 0, time.monotonic()
        partial = self._part.enter_context(replacing(path, durable=True))
        return self._part.enter_context(row_file(partial, self._columns))

    def _end_part(self) -> None:
        self._part.close()
        self._write, self._lasts = None, min(SECONDS, 2 * self._lasts)

    def _check(self, before: dict[str, Any]) -> None:
        if not before and self.parts:
            raise ValueError(
                f"{self.folder} holds parts, and no {self._record.name} that says of what. Name another folder."
            )
        other = [name for name, value in self._asked.items() if before and before.get(name) != value]
        if other:
            changed = "; ".join(f"{name} was {before.get(name)!r}, now {self._asked[name]!r}" for name in other)
            raise ValueError(
                f"{self.folder} holds predictions of another command ({changed}). "
                "Repeat that command to go on, or name another folder."
            )
