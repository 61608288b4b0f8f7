"""When each epoch of a training had ended, on a clock that runs through all the starts that it took."""

import json
import time
from pathlib import Path
from typing import Any

from imgcls.files import replacing

FILE = "benchmark_times.json"


class EpochTimes:
    """The seconds of training at the end of each epoch, kept in the run's folder; the starts count too.

    Args:
        folder: Of the run; what an earlier start has kept there is gone on with.
        ended: Epochs that had ended before this start.
    """

    def __init__(self, folder: Path, ended: int) -> None:
        self._folder, self._ended = folder, ended
        file = folder / FILE
        kept: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.is_file() else {"seconds": 0.0, "epochs": []}
        self._before: float = kept["seconds"]
        self._epochs: list[float] = kept["epochs"]
        self._began = time.monotonic()

    def of(self, number: int, seconds: float) -> float:
        """When an epoch had ended.

        Args:
            number: Of the epoch, from 0.
            seconds: That it took by itself; they are what is known of one that ended while nobody looked on.
        """
        if number < len(self._epochs):
            return self._epochs[number]
        if number < self._ended:
            last = self._epochs[-1] if self._epochs else 0.0
            self._before = max(self._before, last + seconds)
        self._epochs.append(self._before if number < self._ended else self._now())
        self.keep()
        return self._epochs[-1]

    def keep(self) -> None:
        """Write what is known, for the next start."""
        if self._folder.is_dir():
            with replacing(self._folder / FILE) as partial:
                partial.write_text(json.dumps({"seconds": self._now(), "epochs": self._epochs}), "utf-8")

    def _now(self) -> float:
        return self._before + time.monotonic() - self._began
