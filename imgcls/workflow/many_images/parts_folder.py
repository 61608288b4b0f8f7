"""A folder of tables that a second start adds to.

predictions/
  _command.json        what was asked for; _command-2of4.json for the second of four shares; readers of tables skip "_"
  part-00000.parquet   each whole, however the process ended; part-2of4-00000.parquet likewise
"""

import fcntl
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from imgcls.file_lock import one_at_a_time
from imgcls.files import read_json, replacing, write_json
from imgcls.workflow.many_images.other_command import differences
from imgcls.workflow.many_images.row_files import Write, names_and_problems, row_file
from imgcls.workflow.many_images.share import Share

ROWS = 100_000  # of a part
SECONDS = 300.0  # of work in a part; no more is lost if the process is killed
FIRST_SECONDS = 5.0  # of work in the first part, so that there is something to look at; the next lasts twice as long
PART = re.compile(r"part(-\d+of\d+)?-\d{5,}\.\w+")  # the share, if there are several


class PartsFolder:
    """Rows of predictions in parts; as a context manager it ends the last part.

    Args:
        folder: Is made.
        asked: What was asked for, as JSON holds it. A folder goes on with the same alone; "shards", such as "2of4", may
            be another share of as many.
        columns: Of the tables.
        suffix: Of the parts: ".parquet", ".csv" or ".jsonl".
        share: Which share of the images this process predicts. Several shares may share a folder.

    Raises:
        ValueError: The folder holds predictions of something else, or another process is at work in it.
        FileNotFoundError: The folder, or a part in it, was removed before the end.
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
        folder.mkdir(parents=True, exist_ok=True)
        with self._alone():
            self._check()
            self._lock = self._locked()
            self._kept = self.parts
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
                if not self.parts:  # a command that wrote nothing, such as one with a misspelt input, binds to nothing
                    self._record.unlink(missing_ok=True)
        finally:
            self._lock.close()

    @property
    def parts(self) -> list[Path]:
        """The parts that are there, in their order."""
        digits = "[0-9]" * 5
        return sorted(self.folder.glob(f"part{self._infix}-{digits}*{self._suffix}"))

    def known(self) -> Iterator[tuple[str, str]]:
        """The names of the images whose rows are there, each with its problem, which is empty if there is none."""
        for part in self.parts:
            yield from names_and_problems(part)

    def write(self, rows: pd.DataFrame) -> None:
        """Write some rows, into the part at hand or a new one."""
        if self._write is None:
            self._write = self._begin_part()
        self._write(rows)
        self._rows += len(rows)
        if self._rows >= ROWS or time.monotonic() - self._began >= self._lasts:
            self._end_part()

    def _begin_part(self) -> Write:
        self._check_kept()  # otherwise the folder would be made again, without what was in it
        parts = self.parts
        number = int(parts[-1].stem.rpartition("-")[2]) + 1 if parts else 0
        path = self.folder / f"part{self._infix}-{number:05}{self._suffix}"
        self._rows, self._began = 0, time.monotonic()
        partial = self._part.enter_context(replacing(path, durable=True))
        return self._part.enter_context(row_file(partial, self._columns))

    def _end_part(self) -> None:
        try:
            self._part.close()
        finally:
            self._check_kept()
        self._kept = self.parts
        self._write, self._lasts = None, min(SECONDS, 2 * self._lasts)

    def _check_kept(self) -> None:
        """Raise FileNotFoundError if the folder, or a part of this share in it, was removed."""
        gone = next((path for path in (self.folder, self._record, *self._kept) if not path.exists()), None)
        if gone is not None:
            place = "it" if gone == self.folder else "its folder"
            raise FileNotFoundError(f"{gone} was removed while predictions were written to {place}. Start again.")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Within, no other share begins in this folder: of two that do not fit together, the second one is refused."""
        with one_at_a_time(self.folder / ".begin"):
            yield

    def _locked(self) -> TextIO:
        """A file that no other process can lock until it is closed."""
        lock = (self.folder / f".lock{self._infix}").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            raise ValueError(
                f"Another process writes its predictions to {self.folder} now. Wait for it, or end it."
            ) from error
        return lock

    def _check(self) -> None:
        """Raise ValueError unless all that is in the folder is of this command, in this share or another one."""
        found = [match for path in self.folder.glob("part-*") if (match := PART.fullmatch(path.name))]
        of_parts = {self.folder / f"_command{match[1] or ''}.json" for match in found}
        for record in sorted({*of_parts, *self.folder.glob("_command*.json")}):
            before = read_json(record)
            if not before and record in of_parts:
                raise ValueError(
                    f"{self.folder} holds parts, and no {record.name} that says of what. Name another folder."
                )
            self._check_same(before)

    def _check_same(self, before: dict[str, Any]) -> None:
        """Raise ValueError if a record, which is empty if it is damaged, is of another command."""
        if changed := differences(before, self._asked):
            raise ValueError(
                f"{self.folder} holds predictions of another command ({'; '.join(changed)}). "
                "Repeat that command to go on, or name another folder."
            )
