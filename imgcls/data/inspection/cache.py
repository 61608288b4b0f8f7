"""A cache of facts about files, by path, size and time of the last change, so that a file is opened once only.

One SQLite file for each user. A cache that cannot be read or written is no error: the files are opened again.
"""

import math
import os
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from imgcls.data.cache import cache_home
from imgcls.data.images.encoded import file_of
from imgcls.data.manifest.table import MEASURED

VERSION = 2  # raise it when the inspection finds other things in the same file
FACTS = ("width", "height", "grayscale", "format", "sha256", "perceptual_hash", "thumbnail", *MEASURED, "traits")
PATIENCE = 30.0  # seconds until another process has written
PATHS_AT_ONCE = 500  # in one question


class InspectionCache:
    """The facts of files that were whole when they were opened. Use it from one thread, as a context manager."""

    def __init__(self) -> None:
        self._path = cache_home() / f"inspection-{VERSION}.sqlite"
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> "InspectionCache":
        try:
            self._connection = self._connect()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):  # locked, or a folder that cannot be written
                return self
            with suppress(OSError, sqlite3.Error):  # no database, or a broken one
                self._path.unlink()
                self._connection = self._connect()
        except OSError:
            pass
        return self

    def __exit__(self, *exception: object) -> None:
        if self._connection:
            self._connection.close()

    def find(self, paths: list[str]) -> dict[str, dict[str, Any]]:
        """The facts, by path, of the files that are known and have not changed since."""
        if not self._connection:
            return {}
        found = {}
        with suppress(sqlite3.Error):
            for begin in range(0, len(paths), PATHS_AT_ONCE):
                part = paths[begin : begin + PATHS_AT_ONCE]
                marks = ", ".join("?" * len(part))
                question = f"SELECT path, size, time, {', '.join(FACTS)} FROM files WHERE path IN ({marks})"
                for name, size, time, *facts in self._connection.execute(question, part):
                    if stamp(name) == (size, time):
                        found[name] = _typed(dict(zip(FACTS, facts, strict=True)))
        return found

    def keep(self, looked: Iterable[tuple[str, tuple[int, int], dict[str, Any]]]) -> None:
        """Keep the facts of files.

        Args:
            looked: For each file its path, its `stamp` from before it was read, and its facts by name.
        """
        if not self._connection:
            return
        rows = [(path, *stamped, *(facts[name] for name in FACTS)) for path, stamped, facts in looked]
        with suppress(sqlite3.Error), self._connection:
            marks = ", ".join("?" * (3 + len(FACTS)))
            self._connection.executemany(f"INSERT OR REPLACE INTO files VALUES ({marks})", rows)

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=PATIENCE)
        columns = ", ".join(("path PRIMARY KEY", "size", "time", *FACTS))
        with connection:
            connection.execute(f"CREATE TABLE IF NOT EXISTS files ({columns}) WITHOUT ROWID")
        return connection


def _typed(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts of a row with the types that SQLite lacks; it keeps NaN as NULL."""
    numbers = {name: math.nan if facts[name] is None else facts[name] for name in MEASURED}
    return facts | numbers | {"grayscale": bool(facts["grayscale"])}


def stamp(path: str) -> tuple[int, int] | None:
    """Size in bytes, and time of the last change in nanoseconds, of the file of an image; None if there is none."""
    try:
        status = os.stat(file_of(path))
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
