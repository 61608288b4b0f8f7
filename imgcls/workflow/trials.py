"""One trial of a search: a run in a process of its own, which is followed, ended early, or taken up again."""

import fcntl
import logging
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from imgcls.config import TrainConfig
from imgcls.config_file import save_toml
from imgcls.files import remove
from imgcls.run_folder import RunFolder

PAUSE = 0.5  # seconds between two looks at a run
SUCCEEDED, BAD_INPUT, INTERRUPTED = (0, 3), 2, 130  # exit codes of `python -m imgcls.train`; see its command.py
log = logging.getLogger(__name__)


class TrialRun:
    """The run of a trial in the folder of its search.

    Args:
        folder: Of the search.
        trial: Its number, from 0, or the name that its run gets.
    """

    def __init__(self, folder: Path, trial: int | str) -> None:
        self.name = trial if isinstance(trial, str) else f"trial-{trial:04d}"
        self.path = folder / self.name
        self.config_file = folder / f"{self.name}.toml"
        self.log_file = folder / f"{self.name}.log"
        self._held_file = folder / f".{self.name}.held"
        self._hold = ExitStack()

    def hold(self) -> bool:
        """Keep other processes off this trial, until `let_go` or this process's end; False if one is at it."""
        file = self._hold.enter_context(self._held_file.open("a"))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.let_go()
            return False
        return True

    def let_go(self) -> None:
        """Let other processes have this trial."""
        self._hold.close()

    def wait(self, at_each_look: Callable[[], None] = lambda: None) -> None:
        """Wait for a process that trains this run still, though the search that began it was killed.

        Args:
            at_each_look: Is called a few times a second while it lives.
        """
        if self._is_alive():
            log.info("%s: the process that was begun before still trains it, and is waited for", self.name)
        while self._is_alive():
            at_each_look()
            time.sleep(PAUSE)

    @property
    def folder(self) -> RunFolder:
        """The run's folder. Raises ValueError before there is one."""
        return RunFolder(self.path)

    def start(self, config: TrainConfig) -> subprocess.Popen[bytes]:
        """Train in a process of its own, from the last checkpoint if there is one."""
        if self._is_prepared():
            arguments = ["--resume", str(self.path)]
        else:
            remove(self.path)
            save_toml(config, self.config_file)
            arguments = ["--config", str(self.config_file)]
        with self.log_file.open("w", encoding="utf-8") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "imgcls.train", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def follow(
        self, process: subprocess.Popen[bytes], at_each_look: Callable[[], None] = lambda: None
    ) -> Iterator[dict[str, Any]]:
        """The metrics of each epoch, as soon as they are there, until the process has ended.

        Args:
            process: As `start` gave it.
            at_each_look: Is called a few times a second while it lives.
        """
        seen, ended = 0, False
        while not ended:
            ended = process.poll() is not None  # before the look: what was written last is seen too
            rows = self.folder.metrics() if self._is_prepared() else []
            yield from rows[seen:]
            seen = max(seen, len(rows))
            if not ended:
                at_each_look()
                time.sleep(PAUSE)

    def epochs(self) -> int:
        """The epochs of training that have ended."""
        return len(self.folder.metrics()) if self._is_prepared() else 0

    def steps(self) -> tuple[int, int | None]:
        """The steps of training that are done, and how many there are; None before it has begun."""
        status = self.folder.status() if self._is_prepared() else {}
        if not (steps := status.get("steps")):
            return 0, None
        return (status["epoch"] - 1) * steps + status["step"], status["epochs"] * steps

    def reason(self) -> str:
        """What the process said last of why it failed."""
        said = self.log_file.read_text("utf-8", errors="replace")
        errors = re.findall(r"^error: (.*)$", said, re.MULTILINE)
        return (errors or said.strip().splitlines() or ["it said nothing"])[-1]

    def _is_alive(self) -> bool:
        return (self.path / "config.toml").is_file() and self.folder.is_alive()

    def _is_prepared(self) -> bool:
        return (self.path / "config.toml").is_file() and (self.path / "manifest.parquet").is_file()


@contextmanager
def ending_with_us(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Within, Ctrl-C and SIGTERM end the process too, once it has its checkpoint; a second one ends it at once."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        try:
            process.terminate()
            process.wait()
        except KeyboardInterrupt:
            process.kill()
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
