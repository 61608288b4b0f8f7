"""One process, or thread, at a time: whoever holds a file has the others wait."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def one_at_a_time(path: Path) -> Iterator[TextIO]:
    """Within, nobody else is within for the same file; the system lets go of it however a process ends.

    Not to be entered again from within, which would wait for ever.

    Args:
        path: The file, in a folder that is there; it is made where it is not there, and stays.

    Yields:
        The file, at its end.

    Raises:
        OSError: It cannot be opened.
    """
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
