"""How far a command is, in a file, for a program that started it and watches it, such as the app."""

import os
import time
from pathlib import Path

from imgcls.files import write_json

PROGRESS_FILE = "IMGCLS_PROGRESS"  # environment variable with the path of the file
EVERY = 0.25  # seconds between two writings


class ProgressFile:
    """Writes what is done into the file that the environment names, or nothing if it names none.

    The file is JSON: {"doing": "Reading every image", "done": 40, "total": 200, "time": 1790000000.0}; total is null
    where it is not known.
    """

    def __init__(self) -> None:
        named = os.environ.get(PROGRESS_FILE)
        self._file = Path(named) if named else None
        self._written, self._what = 0.0, ""

    def write(self, doing: str, done: int, total: int | None) -> None:
        """Write it, a few times a second at most; the beginning and the end of some work always.

        Args:
            doing: The work in a few words.
            done: How much of it is done.
            total: How much there is.
        """
        now = time.monotonic()
        if self._file is None or (doing == self._what and done != total and now < self._written + EVERY):
            return
        self._written, self._what = now, doing
        write_json(self._file, {"doing": doing, "done": done, "total": total, "time": time.time()})
