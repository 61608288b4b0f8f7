"""What a run reports: its status and its metrics in the run folder, and progress for callbacks."""

import logging
import shutil
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from imgcls.run_folder import RunFolder

SIGN_OF_LIFE = 1.0  # seconds between two
MOST_BESIDE = 2  # of what is written beside the training, whose values are held in memory
log = logging.getLogger(__name__)


class Interrupted(Exception):
    """Raised to end a run while it does something that is not an epoch."""


class RunOutput:
    """Writes into the run folder, and passes on what it writes.

    Args:
        run: the folder.
        writes: False for a worker that is not the first, which leaves the folder alone.
        on_step: receives what status.json says, each step.
        on_epoch: receives what metrics.jsonl says, each epoch.

    Attributes:
        is_over: asked by `progress`; if it says so, `Interrupted` is raised.
    """

    def __init__(
        self,
        run: RunFolder,
        writes: bool = True,
        on_step: Callable[[dict[str, Any]], None] = lambda facts: None,
        on_epoch: Callable[[dict[str, Any]], None] = lambda row: None,
    ) -> None:
        self.run, self.writes, self.on_step, self.on_epoch = run, writes, on_step, on_epoch
        self.is_over: Callable[[], bool] = lambda: False
        self._written = 0.0
        self._thread = ThreadPoolExecutor(1, "imgcls-checkpoints")
        self._beside: list[Future[None]] = []

    def write(self, work: Callable[[], None]) -> None:
        """Call `work`, which writes into the folder; log a warning if the disk refuses, and go on."""
        if not self.writes:
            return
        try:
            work()
        except OSError as error:
            free = shutil.disk_usage(self.run.path).free
            log.warning(
                "%s could not be written to: %s (%.0f MB are free). The run goes on and keeps its last whole "
                "checkpoint; make room before it ends.",
                self.run.path,
                reason(error),
                free / 1e6,
            )

    def write_beside(self, work: Callable[[], None]) -> None:
        """As `write`, in a thread, while the training goes on; in the order of the calls, one at a time.

        Args:
            work: writes values that nobody changes any more.
        """
        if not self.writes:
            return
        if len(self._beside) >= MOST_BESIDE:
            self.settle()
        self._beside.append(self._thread.submit(self.write, work))

    def settle(self) -> None:
        """Wait until everything is written that is written beside the training."""
        while self._beside:
            self._beside.pop(0).result()

    def status(self, facts: dict[str, Any]) -> None:
        """Report what the run does now; status.json has it about once a second."""
        self.on_step(facts)
        if time.monotonic() - self._written >= SIGN_OF_LIFE:
            self._written = time.monotonic()
            self.write(lambda: self.run.write_status("training", **facts))

    def epoch(self, row: dict[str, Any], epochs: int) -> None:
        """Report the metrics of an epoch. epochs: of the whole run."""
        self.write(lambda: self.run.append_metrics(row))
        self.on_epoch({**row, "epochs": epochs})

    def progress(self, what: str, done: int, total: int | None) -> None:
        """Report what the run does between epochs, how much of it is done, and of how much.

        Raises Interrupted if the run is to end.
        """
        if self.is_over():
            raise Interrupted
        self.status({"doing": what, "done": done, "total": total})


def reason(error: OSError) -> str:
    """Why the system refused, as the middle of a sentence."""
    return (error.strerror or str(error)).lower()
